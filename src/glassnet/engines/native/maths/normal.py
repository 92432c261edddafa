"""The error function and the normal distribution."""

from __future__ import annotations

from typing import Any

from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.coefficients import CDF, ERF_LARGE, ERF_SMALL
from glassnet.engines.native.maths.exponential import exp_scaled


def erf(m: Maths, x: Any) -> Any:
    """x + x P(x^2) up to 1, beyond it 1 - e^Q(|x|)."""
    size = m.fabs(x)
    small = m.fma(x, m.polynomial(m.mul(x, x), ERF_SMALL), x)
    held = m.at_most(size, m.pick(4.0, 6.0))
    large = m.sub(m.const(1.0), exp_scaled(m, m.polynomial(held, ERF_LARGE), 0))
    return m.select(m.less(size, m.const(1.0)), small, m.copysign(large, x))


def normal_cdf(m: Maths, x: Any) -> Any:
    """(1 + erf(x / sqrt 2)) / 2, below 0 as e^(-a^2/2) P(t) / (a + 4), above as 1 - that.

    a = |x|, t = (a - 4) / (a + 4). The square a^2 is kept in two floats, and both quotients are
    corrected by what they leave: so the left tail is good to its last denormals.
    """
    size = m.at_most(m.fabs(x), m.pick(14.5, 38.7))
    square = m.mul(size, size)
    lost = m.fma(size, size, m.neg(square))
    four, half = m.const(4.0), m.const(-0.5)
    inverse = m.div(m.const(1.0), m.add(size, four))
    t = m.mul(m.sub(size, four), inverse)
    left = m.fma(m.neg(t), size, m.fma(m.add(t, m.const(1.0)), m.neg(four), size))
    t = m.fma(inverse, left, t)
    scale = 512 if m.double else 64
    bell = exp_scaled(m, m.mul(square, half), scale, m.mul(lost, half))
    above = m.polynomial(t, CDF)
    ratio = m.mul(above, inverse)
    left = m.fma(m.neg(ratio), size, m.fma(m.neg(four), ratio, above))
    ratio = m.fma(left, inverse, ratio)
    tail = m.mul(m.mul(bell, ratio), m.const(0.5**scale))
    return m.select(m.less(x, m.const(0.0)), tail, m.sub(m.const(1.0), tail))
