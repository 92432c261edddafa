"""arcsin, arccos, arctan: polynomials near 0, the rest brought there by an identity."""

from __future__ import annotations

from typing import Any

from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.coefficients import ARCSIN, ARCTAN
from glassnet.engines.native.maths.constants import HALF_PI


def _half_pi(m: Maths) -> tuple[Any, Any]:
    """pi/2 and what it lacks."""
    high, low, _ = HALF_PI.double if m.double else HALF_PI.single
    return m.const(high), m.const(low)


def _arcsin(m: Maths, size: Any) -> tuple[Any, Any]:
    """(p, large): arcsin |x| is p up to 1/2, and where large it is pi/2 - 2 p.

    There p = arcsin sqrt((1 - |x|) / 2); beyond 1 the root is NaN.
    """
    half = m.const(0.5)
    large = m.greater(size, half)
    other = m.mul(m.sub(m.const(1.0), size), half)
    z = m.select(large, other, m.mul(size, size))
    s = m.select(large, m.sqrt(other), size)
    return m.fma(m.mul(s, z), m.polynomial(z, ARCSIN), s), large


def arcsin(m: Maths, x: Any) -> Any:
    """The angle from -pi/2 to pi/2; NaN beyond 1."""
    high, low = _half_pi(m)
    p, large = _arcsin(m, m.fabs(x))
    turned = m.sub(high, m.sub(m.add(p, p), low))
    return m.copysign(m.select(large, turned, p), x)


def arccos(m: Maths, x: Any) -> Any:
    """The angle from 0 to pi; NaN beyond 1."""
    high, low = _half_pi(m)
    p, large = _arcsin(m, m.fabs(x))
    signed = m.copysign(p, x)
    near = m.sub(high, m.sub(signed, low))  # pi/2 - arcsin x
    twice = m.add(p, p)
    two = m.const(2.0)
    behind = m.sub(m.mul(high, two), m.sub(twice, m.mul(low, two)))  # pi - 2 p
    far = m.select(m.less(x, m.const(0.0)), behind, twice)
    return m.select(large, far, near)


def arctan(m: Maths, x: Any) -> Any:
    """The angle from -pi/2 to pi/2: p up to 1, pi/2 - p beyond, where p is that of 1 / |x|."""
    one = m.const(1.0)
    size = m.fabs(x)
    large = m.greater(size, one)
    s = m.div(m.select(large, one, size), m.select(large, size, one))
    z = m.mul(s, s)
    p = m.fma(m.mul(s, z), m.polynomial(z, ARCTAN), s)
    high, low = _half_pi(m)
    return m.copysign(m.select(large, m.sub(high, m.sub(p, low)), p), x)
