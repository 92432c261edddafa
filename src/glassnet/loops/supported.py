"""The element-wise ops that a nest's formulas may hold; every target writes all of them."""

from __future__ import annotations

ARITHMETIC = frozenset({
    "abs", "add", "cast", "div", "floor", "isnan", "maximum", "minimum", "mul", "neg", "pow",
    "relu", "sign", "sqrt", "sub", "where",
})  # fmt: skip
COMPARISONS = frozenset({"equal", "greater", "greater_equal", "less", "less_equal", "not_equal"})
LOGIC = frozenset({"logical_and", "logical_not", "logical_or"})
FUNCTIONS = frozenset({
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "erf", "exp",
    "expm1", "log", "log1p", "normal_cdf", "sigmoid", "sin", "sinh", "softplus", "tan",
    "tanh",
})  # fmt: skip
TRUTHS = COMPARISONS | LOGIC | {"cast", "mul", "where"}
WHOLE = TRUTHS | {"abs", "add", "maximum", "minimum", "neg", "relu", "sub"}
ELEMENTWISE = ARITHMETIC | COMPARISONS | LOGIC | FUNCTIONS
OF_KIND = {"bool": TRUTHS, "int64": WHOLE, "float32": ELEMENTWISE, "float64": ELEMENTWISE}
