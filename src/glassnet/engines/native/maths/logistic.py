"""The curves of neural networks that come from e^x: sigmoid, tanh, softplus."""

from __future__ import annotations

from typing import Any

from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.coefficients import SOFT
from glassnet.engines.native.maths.exponential import exp_scaled, less_one_scaled


def sigmoid(m: Maths, x: Any) -> Any:
    """1 / (1 + e^-x) as S e^x / (S + S e^x): S = 2^64 or 2^512 keeps e^x off its limits."""
    held = m.at_least(m.at_most(x, m.pick(20.0, 40.0)), m.pick(-104.0, -746.0))
    scale = 512 if m.double else 64
    grown = exp_scaled(m, held, scale)
    return m.div(grown, m.add(grown, m.const(2.0**scale)))


def tanh(m: Maths, x: Any) -> Any:
    """t / (t + 2) with t = e^(2 |x|) - 1, and the sign of x."""
    size = m.at_most(m.fabs(x), m.pick(9.5, 20.0))
    t = less_one_scaled(m, m.add(size, size), 0)
    return m.copysign(m.div(t, m.add(t, m.const(2.0))), x)


def softplus(m: Maths, x: Any) -> Any:
    """ln(1 + e^x) = max(x, 0) + ln(1 + t) with t = e^-|x|; the logarithm is a polynomial in t."""
    size = m.at_most(m.fabs(x), m.pick(104.0, 746.0))
    scale = 512 if m.double else 64
    t = m.mul(exp_scaled(m, m.neg(size), scale), m.const(0.5**scale))
    grown = m.fma(m.mul(t, t), m.polynomial(t, SOFT), t)
    zero = m.const(0.0)
    return m.add(m.select(m.greater(x, zero), x, zero), grown)
