"""e^x and e^x - 1: x = k ln 2 + r with |r| <= ln(2)/2, a polynomial in r, and 2^k in the bits.

The formulas end where float32 or float64 ends; the limits are written with them as
m.pick(single, double).
"""

from __future__ import annotations

import math
from typing import Any

from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.coefficients import EXPM1
from glassnet.engines.native.maths.constants import LN2


def reduced(m: Maths, x: Any, shift: int) -> tuple[Any, Any]:
    """(r, bits): x = k ln 2 + r; the lowest bits hold k + shift."""
    return parts(m, x, shift)[:2]


def parts(m: Maths, x: Any, shift: int) -> tuple[Any, Any, Any, Any]:
    """(r, bits, lead, low): as reduced, and r = lead + low but for one rounding."""
    high, low = LN2.double if m.double else LN2.single
    magic = m.const(m.magic + shift)
    t = m.fma(x, m.const(1 / math.log(2)), magic)
    k = m.sub(t, magic)
    lead = m.fma(k, m.const(-high), x)  # exact: the high bits of x and of k ln 2 are the same
    return m.fma(k, m.const(-low), lead), m.bits(t), lead, m.mul(k, m.const(-low))


def exp_scaled(m: Maths, x: Any, scale: int, low: Any = None) -> Any:
    """e^(x + low) * 2^scale, where this is neither too small nor too large for a float."""
    r, bits = reduced(m, x, m.bias + scale)
    if low is not None:
        r = m.add(r, low)
    return m.mul(m.polynomial(r, EXPM1, 1.0, 1.0), m.power_of_two(bits))


def less_one_scaled(m: Maths, x: Any, halvings: int) -> Any:
    """(e^x - 1) / 2^halvings without loss near 0: s (e^r - 1) + (s - 1), with s = 2^k."""
    r, bits = reduced(m, x, m.bias - halvings)
    q = m.fma(m.mul(r, r), m.polynomial(r, EXPM1), r)
    s = m.power_of_two(bits)
    return m.fma(s, q, m.sub(s, m.const(0.5**halvings)))


def exp(m: Maths, x: Any) -> Any:
    """e^x. The factor 2^k is two factors: 2^128 alone is too large, 2^-149 alone too small."""
    held = m.at_least(m.at_most(x, m.pick(89.0, 710.0)), m.pick(-104.0, -746.0))
    r, bits = reduced(m, held, 2 * m.bias)
    half = m.b.lshr(bits, m.whole(1))
    p = m.mul(m.polynomial(r, EXPM1, 1.0, 1.0), m.power_of_two(half))
    return m.mul(p, m.power_of_two(m.b.sub(bits, half)))


def expm1(m: Maths, x: Any) -> Any:
    """e^x - 1. Half of it is computed, so that 2^k is never too large.

    As less_one_scaled, but s r + (s - 1) comes from r before its last rounding.
    """
    held = m.at_least(m.at_most(x, m.pick(89.0, 710.0)), m.pick(-18.0, -40.0))
    r, bits, lead, low = parts(m, held, m.bias - 1)
    s = m.power_of_two(bits)
    base = m.fma(s, lead, m.sub(s, m.const(0.5)))
    half = m.fma(s, m.fma(m.mul(r, r), m.polynomial(r, EXPM1), low), base)
    tiny = m.less(m.fabs(x), m.pick(2.0**-30, 2.0**-60))  # there half of x may lose its last bit
    return m.select(tiny, x, m.add(half, half))
