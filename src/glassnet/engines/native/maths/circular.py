"""sin, cos, tan: the angle is taken to within pi/4 of a multiple of pi/2, then polynomials."""

from __future__ import annotations

from typing import Any

from glassnet.engines.native.maths.angle import reduced
from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.coefficients import COS, SIN


def _sin_cos(m: Maths, r: Any) -> tuple[Any, Any]:
    """(sin r, cos r) for |r| <= pi/4."""
    z = m.mul(r, r)
    s = m.fma(m.mul(r, z), m.polynomial(z, SIN), r)
    return m.copysign(s, r), m.polynomial(z, COS, -0.5, 1.0)


def sin(m: Maths, x: Any) -> Any:
    """By quarters of a turn: sin r, cos r, -sin r, -cos r."""
    r, quarter = reduced(m, x)
    s, c = _sin_cos(m, r)
    return m.flipped(m.select(m.odd(quarter), c, s), m.b.lshr(quarter, m.whole(1)))


def cos(m: Maths, x: Any) -> Any:
    """sin, a quarter later."""
    r, quarter = reduced(m, x)
    s, c = _sin_cos(m, r)
    quarter = m.b.add(quarter, m.whole(1))
    return m.flipped(m.select(m.odd(quarter), c, s), m.b.lshr(quarter, m.whole(1)))


def tan(m: Maths, x: Any) -> Any:
    """Sin r / cos r, or -cos r / sin r in odd quarters."""
    r, quarter = reduced(m, x)
    s, c = _sin_cos(m, r)
    odd = m.odd(quarter)
    return m.flipped(m.div(m.select(odd, c, s), m.select(odd, s, c)), quarter)
