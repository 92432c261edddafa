"""Writes compound ops as plainer ones: softmax as exponentials and sums, a mean as a sum."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.op import constant_value
from glassnet.graph.reduce import count, normal_axes
from glassnet.loops import resampling, sliding, sums
from glassnet.spec import FLOATS


def decompose(roots: list[Node], *, by_reciprocals: bool = False) -> list[Node]:
    """The same values by element-wise ops, sums and extremes, contractions and gathers.

    by_reciprocals  images are multiplied by 1 / y where y is the same for all rows. Predictions
                    divide: in code for few rows the rows are no batch, and y cannot be told
    """
    rules = {**DECOMPOSED, "div": _div_by_tables} if by_reciprocals else DECOMPOSED

    def plainer(node: Node) -> Node:
        rule = rules.get(node.op.name)
        return node if rule is None else rule(*node.args, **node.settings)

    return g.rebuild(roots, plainer)


def with_signs_of_relu(roots: list[Node]) -> list[Node]:
    """z > 0 where relu(z) lies in memory is asked of that: then z itself need not be kept."""
    known: dict[Node, Node] = {}
    kept = set(roots)

    def asked(node: Node) -> Node:
        if node.op is g.relu and node in kept:
            known[node.args[0]] = node
        if node.op is g.greater and node.args[0] in known and constant_value(node.args[1]) == 0:
            return g.greater(known[node.args[0]], node.args[1])
        return node

    return g.rebuild(roots, asked)


def _mean(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    if x.dtype == "bool":
        x = g.cast(x, dtype="float64")
    return _sum(x, axis, keepdims) / count(x.shape, axis)


def _sum(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """Over rows and places: first each row by itself, which threads share, and then the rows."""
    axes = normal_axes(axis, x.ndim)
    split = x.is_batched and axes[:1] == (0,) and 1 < len(axes) < x.ndim
    if not split or keepdims or x.dtype not in FLOATS:
        return g.sum(x, axis=axis, keepdims=keepdims)
    return sums.over_rows_and_places(x, axes)


def _shifted(x: Node, axis: Any) -> tuple[Node, Node]:
    top = g.max(x, axis=axis, keepdims=True)
    return top, g.exp(x - top)


def _softmax(x: Node, axis: int = -1) -> Node:
    _, e = _shifted(x, axis)
    return e / g.sum(e, axis=axis, keepdims=True)


def _log_softmax(x: Node, axis: int = -1) -> Node:
    top, e = _shifted(x, axis)
    return (x - top) - g.log(g.sum(e, axis=axis, keepdims=True))


def _logsumexp(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    top, e = _shifted(x, axis)
    total = g.log(g.sum(e, axis=axis, keepdims=True)) + top
    if keepdims:
        return total
    shape = g.sum(x, axis=axis).shape
    return g.reshape(total, shape=shape)


def _logaddexp(a: Node, b: Node) -> Node:
    apart = g.where(g.equal(a, b), 0.0, g.abs(a - b))  # inf from inf is no number
    return g.maximum(a, b) + g.softplus(-apart)


def _pick(x: Node, index: Node) -> Node:
    chosen = g.one_hot(index, depth=x.shape[-1], dtype="bool")
    return g.sum(g.where(chosen, x, 0), axis=-1)


def _random_mask(seed: Node, step: Node, **settings: Any) -> Node:
    rate: float = settings.pop("rate")
    kept = g.random_uniform(seed, step, **settings) >= rate
    return g.cast(kept, dtype=settings["dtype"]) / (1 - rate)


def _random_between(seed: Node, step: Node, low: float, high: float, **settings: Any) -> Node:
    return low + (high - low) * g.random_uniform(seed, step, **settings)


def _random_normal(seed: Node, step: Node, **settings: Any) -> Node:
    """By Box and Muller, as the printed helper does."""
    u = g.random_uniform(seed, step, **{**settings, "shape": (*settings["shape"], 2)})
    return g.sqrt(-2 * g.log(1 - u[..., 0])) * g.cos(2 * math.pi * u[..., 1])


def _interpolation(**settings: Any) -> Node:
    return g.constant(g.evaluate([g.interpolation(**settings)], {})[0])


def _div(x: Node, y: Node) -> Node:
    """One division a step instead of one a number: x times the reciprocal of a plain number.

    The reciprocal is a float64, so that the product is at most 1 ULP from the quotient.
    """
    if y.dtype != "number" or x.dtype not in {"float32", "float64"}:
        return x / y
    return x * (1 / y)


def _div_by_tables(x: Node, y: Node) -> Node:
    """So are images divided by numbers that no sample changes, as by each channel's deviation.

    There the reciprocal is rounded too, and the product at most 2 ULP away.
    """
    by_table = not y.is_batched and y.ndim > 0 and x.dtype == y.dtype
    if by_table and x.is_batched and x.ndim > 2 and x.dtype in FLOATS:
        return x * (g.constant(1.0) / y)
    return _div(x, y)


def is_reciprocal(node: Node) -> bool:
    """True for 1 / y of a table: it is kept, so that there is one division a number of it."""
    if node.op is not g.div or node.is_batched or not node.ndim:
        return False
    return constant_value(node.args[0]) == 1


def _argmax(x: Node, axis: int | None = None) -> Node:
    if axis is None or axis % x.ndim != x.ndim - 1:
        raise UnsupportedError("native: argmax over another axis than the last.")
    top = g.max(x, axis=-1, keepdims=True)
    classes = g.constant(np.arange(int(x.shape[-1]), dtype=x.dtype))
    first = g.min(g.where(g.equal(x, top), classes, float(x.shape[-1])), axis=-1)
    return g.cast(first, dtype="int64")


DECOMPOSED: dict[str, Callable[..., Node]] = {
    "mean": _mean,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logaddexp": _logaddexp,
    "logsumexp": _logsumexp,
    "pick": _pick,
    "interpolation": _interpolation,
    "random_between": _random_between,
    "random_mask": _random_mask,
    "random_normal": _random_normal,
    "row_count": lambda n: n,
    "row_mean": _mean,
    "sum": _sum,
    "argmax": _argmax,
    "div": _div,
    **sliding.DECOMPOSED,
    **resampling.DECOMPOSED,
}
