"""ln x and ln(1 + x): x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and ln(1 + f) by formula."""

from __future__ import annotations

import math
from typing import Any

from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.coefficients import LOG, LOG_S
from glassnet.engines.native.maths.constants import LN2


def parted(m: Maths, x: Any, lift: Any = None) -> tuple[Any, Any, Any]:
    """(k, its bits with the bias, f) of a normal number; lift is taken from k.

    With the bits of sqrt(1/2) moved to those of 1 the exponent changes where 1 + f should wrap.
    """
    root = 0x3FE6A09E667F3BCD if m.double else 0x3F3504F3  # the bits of sqrt(1/2)
    moved = m.b.add(m.bits(x), m.whole((m.bias << m.fraction) - root))
    exponent = m.b.lshr(moved, m.whole(m.fraction))
    fraction = m.b.and_(moved, m.whole((1 << m.fraction) - 1))
    f = m.sub(m.real(m.b.add(fraction, m.whole(root))), m.const(1.0))
    # A whole number in the lowest bits of 2^fraction is that sum.
    above = m.whole((m.bias + m.fraction) << m.fraction)
    zero = m.const(2.0**m.fraction + m.bias) if lift is None else lift
    return m.sub(m.real(m.b.or_(exponent, above)), zero), exponent, f


def lifted(m: Maths, x: Any) -> tuple[Any, Any]:
    """(x 2^25 or 2^54 where x is denormal, what parted takes from k)."""
    up = 54 if m.double else 25
    tiny = m.less(x, m.pick(2.0**-126, 2.0**-1022))
    usual = 2.0**m.fraction + m.bias
    return (
        m.select(tiny, m.mul(x, m.const(2.0**up)), x),
        m.select(tiny, m.const(usual + up), m.const(usual)),
    )


def log_of_parts(m: Maths, k: Any, f: Any) -> Any:
    """K ln 2 + ln(1 + f)."""
    high, low = (m.const(c) for c in (LN2.double if m.double else LN2.single))
    square = m.mul(f, f)
    if m.double:  # with s = f / (2 + f): ln(1 + f) = f - f^2/2 + s (f^2/2 + s^2 P(s^2))
        s = m.div(f, m.add(f, m.const(2.0)))
        z = m.mul(s, s)
        half = m.mul(square, m.const(0.5))
        rest = m.fma(z, m.polynomial(z, LOG_S), half)
        tail = m.sub(m.fma(s, rest, m.mul(k, low)), half)
    else:
        tail = m.fma(k, low, m.mul(square, m.polynomial(f, LOG, -0.5)))
    return m.fma(k, high, m.add(f, tail))


def log(m: Maths, x: Any) -> Any:
    """Ln x; -inf at 0, NaN below."""
    normal, lift = lifted(m, x)
    k, _, f = parted(m, normal, lift)
    result = m.usual(x, log_of_parts(m, k, f))
    zero = m.const(0.0)
    result = m.select(m.less(x, zero), m.const(math.nan), result)
    return m.select(m.equal(x, zero), m.const(-math.inf), result)


def log1p(m: Maths, x: Any) -> Any:
    """Ln(1 + x): what rounding takes from 1 + x is given back to f; -inf at -1, NaN below."""
    one = m.const(1.0)
    u = m.add(x, one)
    lost = m.sub(x, m.sub(u, one))
    k, exponent, f = parted(m, u)
    shrink = m.power_of_two(m.b.sub(m.whole(2 * m.bias), exponent))  # 2^-k
    f = m.select(m.less(x, m.const(2.0**60)), m.fma(lost, shrink, f), f)
    result = m.usual(x, log_of_parts(m, k, f))
    result = m.select(m.less(u, m.const(0.0)), m.const(math.nan), result)
    result = m.select(m.equal(u, m.const(0.0)), m.const(-math.inf), result)
    return m.copysign(result, x)
