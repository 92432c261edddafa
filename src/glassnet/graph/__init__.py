"""Expressions and their derivatives. This package knows nothing of networks.

The ops are here under NumPy's names, for formulas of your own: `graph.exp(x)`, `graph.where(...)`.
"""

from glassnet.graph.contract import einsum, matmul
from glassnet.graph.elementwise import (
    abs,  # noqa: A004
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    cast,
    clip,
    cos,
    cosh,
    div,
    equal,
    erf,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    mul,
    neg,
    not_equal,
    pow,  # noqa: A004
    relu,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    stop_gradient,
    sub,
    tan,
    tanh,
    where,
)
from glassnet.graph.evaluate import evaluate, evaluate_all
from glassnet.graph.grad import gradients
from glassnet.graph.index import add_at, one_hot, pick, take
from glassnet.graph.node import Node, float_kind, inside_layer
from glassnet.graph.op import Op, all_ops, batch_size, constant, input, lift, parameter  # noqa: A004
from glassnet.graph.phase import at_phase, when_training
from glassnet.graph.random import SEED, STEP, random_mask, random_uniform
from glassnet.graph.reduce import (
    argmax,
    log_softmax,
    logsumexp,
    max,  # noqa: A004
    mean,
    min,  # noqa: A004
    softmax,
    sum,  # noqa: A004
    variance,
)
from glassnet.graph.render import check, listing
from glassnet.graph.shape import (
    concatenate,
    expand,
    expand_dims,
    full,
    pad,
    reshape,
    squeeze,
    stack,
    stretch,
    swapaxes,
    transpose,
)
from glassnet.graph.walk import depends_on, in_order, rebuild, substitute, users

__all__ = [name for name in dir() if not name.startswith("_") and name not in {
    "contract", "elementwise", "grad", "phase", "index", "node", "op", "random", "reduce", "render",
    "shape", "text", "walk"}]  # fmt: skip
