"""The functions of one argument, under the names of the graph's ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glassnet.engines.native.maths.arcs import arccos, arcsin, arctan
from glassnet.engines.native.maths.arithmetic import Maths
from glassnet.engines.native.maths.circular import cos, sin, tan
from glassnet.engines.native.maths.exponential import exp, expm1
from glassnet.engines.native.maths.hyperbolic import arccosh, arcsinh, arctanh, cosh, sinh
from glassnet.engines.native.maths.logarithm import log, log1p
from glassnet.engines.native.maths.logistic import sigmoid, softplus, tanh
from glassnet.engines.native.maths.normal import erf, normal_cdf

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
