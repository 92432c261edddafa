"""Element-wise functions as LLVM code of our own: only +, -, *, /, fma, roots and bits.

Every CPU rounds these alike, so the results are the same bits everywhere; docs/ulp.md says how
far each is from the truth. Each function takes a Maths, which says where the code goes and on
what kind of number it works, and the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glassnet.engines.native.maths.arcs import arccos, arcsin, arctan
from glassnet.engines.native.maths.arithmetic import F32, F64, I32, I64, Maths
from glassnet.engines.native.maths.circular import cos, sin, tan
from glassnet.engines.native.maths.exponential import exp, expm1
from glassnet.engines.native.maths.hyperbolic import arccosh, arcsinh, arctanh, cosh, sinh
from glassnet.engines.native.maths.logarithm import log, log1p
from glassnet.engines.native.maths.logistic import sigmoid, softplus, tanh
from glassnet.engines.native.maths.normal import erf, normal_cdf
from glassnet.engines.native.maths.power import power

FUNCTIONS: dict[str, Callable[[Maths, Any], Any]] = {
    "arccos": arccos,
    "arccosh": arccosh,
    "arcsin": arcsin,
    "arcsinh": arcsinh,
    "arctan": arctan,
    "arctanh": arctanh,
    "cos": cos,
    "cosh": cosh,
    "erf": erf,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "normal_cdf": normal_cdf,
    "sigmoid": sigmoid,
    "sin": sin,
    "sinh": sinh,
    "softplus": softplus,
    "tan": tan,
    "tanh": tanh,
}

__all__ = ["F32", "F64", "FUNCTIONS", "I32", "I64", "Maths", "power"]
