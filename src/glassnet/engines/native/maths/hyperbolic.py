"""sinh, cosh and the three inverses, from e^x - 1 and ln(1 + x)."""

from __future__ import annotations

import math
from typing import Any

from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.exponential import exp_scaled, less_one_scaled
from glassnet.engines.native.maths.logarithm import log1p


def sinh(m: Maths, x: Any) -> Any:
    """(t + t / (t + 1)) / 2 with t = e^|x| - 1; all in quarters, so that nothing is too large."""
    size = m.fabs(x)
    quarter = less_one_scaled(m, m.at_most(size, m.pick(89.5, 710.6)), 2)
    t1 = m.fma(quarter, m.const(4.0), m.const(1.0))
    half = m.add(quarter, m.div(quarter, t1))
    tiny = m.less(size, m.pick(2.0**-13, 2.0**-28))
    return m.copysign(m.select(tiny, size, m.add(half, half)), x)


def cosh(m: Maths, x: Any) -> Any:
    """(e^x + e^-x) / 2, from a quarter of e^|x|."""
    quarter = exp_scaled(m, m.at_most(m.fabs(x), m.pick(89.5, 710.6)), -2)
    half = m.add(quarter, m.div(m.const(1 / 16), quarter))
    return m.add(half, half)


def _log1p_or_twice(m: Maths, x: Any, inside: Any) -> Any:
    """Ln(1 + inside); ln(2 x) where x is so large that its square might be infinite."""
    large = m.greater(x, m.pick(2.0**30, 2.0**60))
    more = m.select(large, m.const(math.log(2)), m.const(0.0))
    return m.add(log1p(m, m.select(large, x, inside)), more)


def arcsinh(m: Maths, x: Any) -> Any:
    """ln(1 + a + a^2 / (1 + sqrt(1 + a^2))) with a = |x|, and the sign of x."""
    one = m.const(1.0)
    size = m.fabs(x)
    root = m.sqrt(m.fma(size, size, one))
    inside = m.add(size, m.div(m.mul(size, size), m.add(root, one)))
    return m.copysign(_log1p_or_twice(m, size, inside), x)


def arccosh(m: Maths, x: Any) -> Any:
    """ln(1 + t + sqrt(2 t + t^2)) with t = x - 1; NaN below 1."""
    one = m.const(1.0)
    t = m.sub(x, one)
    inside = m.add(t, m.sqrt(m.fma(t, t, m.add(t, t))))
    return m.select(m.less(x, one), m.const(math.nan), _log1p_or_twice(m, x, inside))


def arctanh(m: Maths, x: Any) -> Any:
    """ln(1 + 2 a / (1 - a)) / 2 with a = |x|, and the sign of x; NaN beyond 1."""
    size = m.fabs(x)
    inside = m.div(m.add(size, size), m.sub(m.const(1.0), size))
    return m.copysign(m.mul(log1p(m, inside), m.const(0.5)), x)
