"""Ops that work number by number: arithmetic, comparison, functions of one variable.

Arguments broadcast as in NumPy; the rules need not undo it (`grad.py` does, once).
"""

from __future__ import annotations

import math
from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import ADD, COMPARE, MUL, NEG, POW, Op, constant_value, is_constant
from glassnet.graph.registry import numpy_formula
from glassnet.spec import FLOATS, Spec, broadcast_shapes, promote


def _same(x: Spec) -> Spec:
    return x


def _arithmetic(a: Spec, b: Spec) -> Spec:
    return Spec(broadcast_shapes(a.shape, b.shape), promote(a.dtype, b.dtype))


def _real(x: Spec) -> Spec:
    """The result is never an integer: roots, exponentials, means."""
    return Spec(x.shape, "float64") if x.dtype in {"int64", "bool"} else x


def _ratio(a: Spec, b: Spec) -> Spec:
    return _real(_arithmetic(a, b))


def _truth(x: Spec) -> Spec:
    """Truth of plain numbers is Python's own, a plain number too; of arrays, an array of bool."""
    return Spec(x.shape, "number" if x.dtype == "number" else "bool")


def _compared(a: Spec, b: Spec) -> Spec:
    return _truth(_arithmetic(a, b))


def _chosen(condition: Spec, a: Spec, b: Spec) -> Spec:
    shape = broadcast_shapes(condition.shape, a.shape, b.shape)
    kind = promote(a.dtype, b.dtype)
    if kind == "number" and condition.dtype != "number":
        kind = "float64"  # NumPy makes an array of the two numbers
    return Spec(shape, kind)


def _cast_spec(x: Spec, *, dtype: str) -> Spec:
    if dtype not in {*FLOATS, "int64", "bool"}:
        raise ShapeError(f"no kind of number {dtype!r}; use float32, float64, int64 or bool")
    return Spec(x.shape, dtype)


def _pow_gradient(g: Node, y: Node, x: Node, n: Node) -> tuple[Node | None, ...]:
    exponent = constant_value(n)
    if exponent is not None:
        return g * exponent * x ** (exponent - 1), None
    return g * n * x ** (n - 1), g * y * log(x)


def _to_one(first: Node, g: Node) -> tuple[Node, Node]:
    """The gradient to the argument that was taken: the first, or else the second.

    At a tie it goes to the constant, whatever the order, so that the slope is 0 there, as relu's
    is: maximum(z, 0) and maximum(0, z) are one function. Of two variables it goes to the second.
    """
    return where(first, g, 0), where(first, 0, g)


# Arithmetic.
add = Op("add", "{0} + {1}", _arithmetic, lambda g, y, a, b: (g, g), ADD, latex="{0} + {1}")
sub = Op("sub", "{0} - {1}", _arithmetic, lambda g, y, a, b: (g, -g), ADD, latex="{0} - {1}")
mul = Op("mul", "{0} * {1}", _arithmetic, lambda g, y, a, b: (g * b, g * a), MUL,
         latex=r"{0} \odot {1}")  # fmt: skip
div = Op("div", "{0} / {1}", _ratio, lambda g, y, a, b: (g / b, -g * y / b), MUL,
         latex=r"\frac{{{0}}}{{{1}}}")  # fmt: skip
neg = Op("neg", "-{0}", _same, lambda g, y, x: (-g,), NEG, latex="-{0}")
pow = Op("pow", "{0}**{1}", _arithmetic, _pow_gradient, POW, latex="{0}^{{{1}}}")

# Comparison and choice: piecewise constant, so no gradient flows through a condition.
less = Op("less", "{0} < {1}", _compared, None, COMPARE, latex="{0} < {1}")
less_equal = Op("less_equal", "{0} <= {1}", _compared, None, COMPARE, latex=r"{0} \le {1}")
greater = Op("greater", "{0} > {1}", _compared, None, COMPARE, latex="{0} > {1}")
greater_equal = Op("greater_equal", "{0} >= {1}", _compared, None, COMPARE, latex=r"{0} \ge {1}")
equal = Op("equal", "{0} == {1}", _compared, None, COMPARE, latex="{0} = {1}")
not_equal = Op("not_equal", "{0} != {1}", _compared, None, COMPARE, latex=r"{0} \ne {1}")
logical_and = Op("logical_and", "np.logical_and({0}, {1})", _compared, None, scalar="({0} and {1})")
logical_or = Op("logical_or", "np.logical_or({0}, {1})", _compared, None, scalar="({0} or {1})")
logical_not = Op("logical_not", "np.logical_not({0})", _truth, None, scalar="(not {0})")
isnan = Op("isnan", "np.isnan({0})", _truth, None, scalar="math.isnan({0})")
where: Op = Op("where", "np.where({0}, {1}, {2})", _chosen,
           lambda g, y, c, a, b: (None, where(c, g, 0), where(c, 0, g)),
           scalar="({1} if {0} else {2})")  # fmt: skip
minimum = Op("minimum", "np.minimum({0}, {1})", _arithmetic,
             lambda g, y, a, b: _to_one(a <= b if is_constant(a) else a < b, g),
             scalar="min({0}, {1})")  # fmt: skip
maximum = Op("maximum", "np.maximum({0}, {1})", _arithmetic,
             lambda g, y, a, b: _to_one(a >= b if is_constant(a) else a > b, g),
             scalar="max({0}, {1})")  # fmt: skip

# Size and sign.
abs = Op("abs", "np.abs({0})", _same, lambda g, y, x: (g * sign(x),), scalar="abs({0})")
sign: Op = Op("sign", "np.sign({0})", _same, None, scalar="math.copysign(bool({0}), {0})")
floor = Op("floor", "np.floor({0})", _real, None, scalar="math.floor({0})")

# Roots, exponentials, logarithms.
sqrt = Op("sqrt", "np.sqrt({0})", _real, lambda g, y, x: (g / (2 * y),), scalar="math.sqrt({0})",
          latex=r"\sqrt{{{0}}}")  # fmt: skip
exp = Op("exp", "np.exp({0})", _real, lambda g, y, x: (g * y,), scalar="math.exp({0})", letter="e",
         latex="e^{{{0}}}")  # fmt: skip
expm1 = Op("expm1", "np.expm1({0})", _real, lambda g, y, x: (g * (y + 1),),
           scalar="math.expm1({0})")  # fmt: skip
log = Op("log", "np.log({0})", _real, lambda g, y, x: (g / x,), scalar="math.log({0})",
         latex=r"\ln {0}")  # fmt: skip
log1p = Op("log1p", "np.log1p({0})", _real, lambda g, y, x: (g / (1 + x),),
           scalar="math.log1p({0})")  # fmt: skip

# Trigonometric and hyperbolic functions.
sin = Op("sin", "np.sin({0})", _real, lambda g, y, x: (g * cos(x),), scalar="math.sin({0})")
cos: Op = Op("cos", "np.cos({0})", _real, lambda g, y, x: (-g * sin(x),), scalar="math.cos({0})")
tan = Op("tan", "np.tan({0})", _real, lambda g, y, x: (g * (1 + y * y),), scalar="math.tan({0})")
arcsin = Op("arcsin", "np.arcsin({0})", _real, lambda g, y, x: (g / sqrt(1 - x * x),),
            scalar="math.asin({0})")  # fmt: skip
arccos = Op("arccos", "np.arccos({0})", _real, lambda g, y, x: (-g / sqrt(1 - x * x),),
            scalar="math.acos({0})")  # fmt: skip
arctan = Op("arctan", "np.arctan({0})", _real, lambda g, y, x: (g / (1 + x * x),),
            scalar="math.atan({0})")  # fmt: skip
sinh = Op("sinh", "np.sinh({0})", _real, lambda g, y, x: (g * cosh(x),), scalar="math.sinh({0})")
cosh: Op = Op(
    "cosh", "np.cosh({0})", _real, lambda g, y, x: (g * sinh(x),), scalar="math.cosh({0})"
)
tanh = Op("tanh", "np.tanh({0})", _real, lambda g, y, x: (g * (1 - y**2),),
          scalar="math.tanh({0})", latex=r"\tanh {0}")  # fmt: skip
arcsinh = Op("arcsinh", "np.arcsinh({0})", _real, lambda g, y, x: (g / sqrt(x * x + 1),),
             scalar="math.asinh({0})")  # fmt: skip
arccosh = Op("arccosh", "np.arccosh({0})", _real, lambda g, y, x: (g / sqrt(x * x - 1),),
             scalar="math.acosh({0})")  # fmt: skip
arctanh = Op("arctanh", "np.arctanh({0})", _real, lambda g, y, x: (g / (1 - x * x),),
             scalar="math.atanh({0})")  # fmt: skip

# Functions with a safe form of their own.
_ERF = '''\
_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x):
    """The error function, number by number."""
    return np.asarray(_erf(x), dtype=np.result_type(np.asarray(x), np.float32))
'''
erf = Op("erf", "erf({0})", _real,
         lambda g, y, x: (g * (2 / math.sqrt(math.pi)) * exp(-(x**2)),), scalar="math.erf({0})",
         helper=_ERF)  # fmt: skip
normal_cdf = Op("normal_cdf", "normal_cdf({0})", _real,
                lambda g, y, x: (g * exp(-(x**2) / 2) / math.sqrt(2 * math.pi),),
                letter="cdf", scalar="float(normal_cdf({0}))", latex=r"\Phi({0})", helper='''\
_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_cdf(x):
    """The probability that a standard normal number is below x."""
    found = _erfc(-x / math.sqrt(2)) / 2
    return np.asarray(found, dtype=np.result_type(np.asarray(x), np.float32))
''')  # fmt: skip
sigmoid = Op("sigmoid", "sigmoid({0})", _real, lambda g, y, x: (g * y * (1 - y),), letter="s",
             scalar="float(sigmoid({0}))", latex=r"\sigma({0})", helper='''\
def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))
''')  # fmt: skip
softplus = Op("softplus", "softplus({0})", _real, lambda g, y, x: (g * sigmoid(x),),
              scalar="float(softplus({0}))", latex=r"\ln(1 + e^{{{0}}})", helper='''\
def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)
''')  # fmt: skip
# e^a / (e^a + e^b) is sigmoid(a - b), but of logarithms of almost nothing that would overflow.
logaddexp = Op("logaddexp", "np.logaddexp({0}, {1})", _ratio,
               lambda g, y, a, b: (g * exp(-softplus(b - a)), g * exp(-softplus(a - b))),
               scalar="float(np.logaddexp({0}, {1}))",
               latex=r"\ln(e^{{{0}}} + e^{{{1}}})")  # fmt: skip
relu = Op("relu", "np.maximum({0}, 0)", _same, lambda g, y, x: (g * (x > 0),),
          scalar="max({0}, 0)", latex=r"\max({0}, 0)")  # fmt: skip

# Kinds of number, and the end of a derivative.
cast: Op = Op("cast", "{0}.astype(np.{dtype})", _cast_spec, lambda g, y, x, dtype: (
    cast(g, dtype=x.dtype) if x.dtype in FLOATS and dtype in FLOATS else None,),
    scalar="np.{dtype}({0})")  # fmt: skip
stop_gradient = Op("stop_gradient", "{0}", lambda x: x, None, kind="view")


@numpy_formula
def clip(x: Any, low: float, high: float) -> Node:
    """x held between low and high; outside of them no gradient flows."""
    return minimum(maximum(x, low), high)


@numpy_formula
def square(x: Any) -> Node:
    """x * x."""
    return pow(x, 2)
