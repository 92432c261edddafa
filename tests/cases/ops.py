"""The table: one row for each way of using an op. Every test that goes through all ops reads it.

A row names the op, says what the row is about, builds a node from its leaves, and gives each leaf
a shape or a Leaf. Leaves are drawn inside of a domain that keeps away from kinks and poles.
"""

from typing import Any, NamedTuple

import numpy as np

from glassnet import graph as g

BATCH = 5  # what "B" is when a row is run; no other size is 5


class Leaf(NamedTuple):
    """Shape, domain and kind of one argument; kind "float" is that of the whole row."""

    shape: tuple
    low: float = -2.0
    high: float = 2.0
    kind: str = "float"
    make: Any = g.input

    def node(self, name, dtype):
        return self.make(name, self.shape, dtype if self.kind == "float" else self.kind)

    def draw(self, rng, dtype):
        sizes = sized(self.shape)
        if self.kind == "int64":
            return rng.integers(int(self.low), int(self.high), sizes)
        if self.kind == "bool":
            return rng.random(sizes) < 0.5
        drawn = rng.uniform(self.low, self.high, sizes)
        return drawn.astype(dtype) if sizes else np.dtype(dtype).type(drawn)


class Row(NamedTuple):
    """One way of using an op."""

    op: str
    about: str
    build: Any
    leaves: tuple

    def __str__(self):
        return f"{self.op}: {self.about}" if self.about else self.op

    def make(self, dtype="float64"):
        """(node, its leaves, their values): the same values at every call."""
        rng = np.random.default_rng(sum(map(ord, str(self))))
        nodes = [leaf.node(f"x{i}", dtype) for i, leaf in enumerate(self.leaves)]
        values = {
            node: leaf.draw(rng, dtype) for node, leaf in zip(nodes, self.leaves, strict=True)
        }
        return self.build(*nodes), nodes, values


def sized(shape):
    """A shape with the batch's size put in."""
    return tuple(BATCH if size == "B" else size for size in shape)


def row(op, about, build, *leaves):
    """A plain shape stands for a leaf in the usual domain."""
    whole = tuple(leaf if isinstance(leaf, Leaf) else Leaf(leaf) for leaf in leaves)
    return Row(op, about, build, whole)


def positive(*shape):
    return Leaf(shape, 0.5, 2.0)


def between(low, high, *shape):
    return Leaf(shape, low, high)


def whole(below, *shape):
    return Leaf(shape, 0, below, "int64")


def truth(*shape):
    return Leaf(shape, kind="bool")


def states(x, w, u, **settings):
    """Of a plain recurrent formula: (the last state, all states)."""
    h0 = g.stretch(0.0, (x.shape[0], w.shape[1]), x.dtype)
    lasts, every = g.scan(lambda h, x: ([g.tanh(x @ w + h @ u)],) * 2, [h0], [x], **settings)
    return lasts[0], every[0]


def two_carried(x, a, b):
    """Carried values that exchange places, and an output that is neither."""

    def step(p, q, x):
        return [q * x, p + x * b], [p * q, x]

    lasts, every = g.scan(step, [a, a * a], [x])
    return g.concatenate(*lasts, *(g.sum(e, axis=1) for e in every))


def a_sum(x, w):
    """A carried value that is no row."""
    zeros = g.stretch(0.0, w.shape, x.dtype)
    (total,), _ = g.scan(lambda s, x: ([s + g.sum(x * w, axis=0)], []), [zeros], [x])
    return total


def inside(x, w):
    """A loop in the body of a loop, over the steps of a step."""

    def step(h, x):
        (last,), _ = g.scan(lambda k, x: ([g.tanh(k * w + x)], []), [h], [x])
        return [last], [last]

    h0 = g.stretch(0.0, (x.shape[0], x.shape[-1]), x.dtype)
    return g.scan(step, [h0], [x])[1][0]


B = "B"
unslice, within = g.all_ops()["unslice"], g.all_ops()["within"]
# fmt: off
ROWS = [
    # Leaves.
    row("input", "", lambda x: 2 * x, (B, 3)),
    row("parameter", "", lambda w: 2 * w, Leaf((3, 2), make=g.parameter)),
    row("constant", "a number", lambda x: 3 * x, (B, 3)),
    row("constant", "an array", lambda x: x * g.constant([1, -2, 3], x.dtype), (B, 3)),
    row("batch_size", "", lambda x: x / g.batch_size(), (B, 3)),

    # Arithmetic, and broadcasting in each direction.
    row("add", "equal shapes", lambda a, b: a + b, (B, 3), (B, 3)),
    row("add", "a row to all rows", lambda a, b: a + b, (B, 3), (3,)),
    row("add", "all rows to a row", lambda a, b: a + b, (3,), (B, 3)),
    row("add", "a single number on the left", lambda a, b: a + b, (), (B, 3)),
    row("add", "a single number on the right", lambda a, b: a + b, (B, 3), ()),
    row("add", "two single numbers", lambda a, b: a + b, (), ()),
    row("add", "a column and a row", lambda a, b: a + b, (B, 1), (1, 3)),
    row("add", "axes of size 1 on both sides", lambda a, b: a + b, (2, 1, 3), (B, 1)),
    row("add", "itself", lambda a: a + a, (B, 3)),
    row("sub", "equal shapes", lambda a, b: a - b, (B, 3), (B, 3)),
    row("sub", "all rows from a row", lambda a, b: a - b, (3,), (B, 3)),
    row("sub", "from a number", lambda a: 1 - a, (B, 3)),
    row("mul", "equal shapes", lambda a, b: a * b, (B, 3), (B, 3)),
    row("mul", "a column and a row", lambda a, b: a * b, (B, 1), (3,)),
    row("mul", "itself", lambda a: a * a, (B, 3)),
    row("mul", "by truth", lambda a, c: a * c, (B, 3), truth(B, 1)),
    row("div", "equal shapes", lambda a, b: a / b, (B, 3), positive(B, 3)),
    row("div", "by a row", lambda a, b: a / b, (B, 3), positive(3)),
    row("div", "a row by all rows", lambda a, b: a / b, (3,), positive(B, 3)),
    row("div", "a number by all", lambda a: 1 / a, positive(B, 3)),
    row("div", "all by a number", lambda a: a / 4, (B, 3)),
    row("neg", "", lambda a: -a, (B, 3)),
    row("pow", "2", lambda a: a**2, (B, 3)),
    row("pow", "3", lambda a: a**3, (B, 3)),
    row("pow", "1", lambda a: a**1, (B, 3)),
    row("pow", "-1", lambda a: a**-1, positive(B, 3)),
    row("pow", "-1.5", lambda a: a**-1.5, positive(B, 3)),
    row("pow", "1/2", lambda a: a**0.5, positive(B, 3)),
    row("pow", "of a number", lambda n: 2.0**n, (B, 3)),
    row("pow", "both vary", lambda a, n: a**n, positive(B, 3), (3,)),
    row("pow", "both vary, the base is stretched", lambda a, n: a**n, positive(3), (B, 3)),
    row("pow", "whole exponents in an array",
        lambda a: a ** g.constant([1, 2, 3], a.dtype), (B, 3)),

    # Comparison: no gradient, a forward row each.
    row("less", "", lambda a, b: a < b, (B, 3), (3,)),
    row("less_equal", "", lambda a, b: a <= b, (3,), (B, 3)),
    row("greater", "", lambda a: a > 0, (B, 3)),
    row("greater_equal", "", lambda a, b: a >= b, (B, 3), (B, 1)),
    row("equal", "", lambda a: g.equal(a, g.max(a, axis=-1, keepdims=True)), (B, 3)),
    row("equal", "two truths", lambda a, b: g.equal(a > 0, b > 0), (B, 3), (B, 3)),
    row("not_equal", "", g.not_equal, whole(3, B), whole(3, B)),
    row("logical_and", "", lambda a, b: g.logical_and(a > 0, b > 0), (B, 3), (3,)),
    row("logical_or", "", lambda a, b: g.logical_or(a > 0, b > 0), (B, 3), (3,)),
    row("logical_not", "", lambda a: g.logical_not(a > 0), (B, 3)),
    row("isnan", "", g.isnan, (B, 3)),

    # Choice.
    row("where", "equal shapes", g.where, truth(B, 3), (B, 3), (B, 3)),
    row("where", "a column chooses", g.where, truth(B, 1), (B, 3), (3,)),
    row("where", "all stretched", g.where, truth(B, 1, 1), (2, 1), (3,)),
    row("where", "a number or x", lambda c, a: g.where(c, 0, a), truth(B, 3), (3,)),
    row("where", "two numbers", lambda c: g.where(c, 1.0, 0.5), truth(B, 3)),
    row("where", "of single numbers", lambda a, b: g.where(a > b, a, b), (), ()),
    row("where", "a function of itself", lambda a: g.where(a > 0, a, g.expm1(a)), (B, 3)),
    row("minimum", "equal shapes", g.minimum, (B, 3), (B, 3)),
    row("minimum", "all rows and a row", g.minimum, (B, 3), (3,)),
    row("minimum", "a number", lambda a: g.minimum(1, a), (B, 3)),
    row("minimum", "two single numbers", g.minimum, (), ()),
    row("maximum", "equal shapes", g.maximum, (B, 3), (B, 3)),
    row("maximum", "a column and a row", g.maximum, (B, 1), (3,)),
    row("maximum", "a number", lambda a: g.maximum(a, 0.5), (B, 3)),
    row("maximum", "clip", lambda a: g.clip(a, -1, 1), (B, 3)),

    # Size and sign.
    row("abs", "", g.abs, (B, 3)),
    row("sign", "", g.sign, (B, 3)),
    row("floor", "", g.floor, (B, 3)),

    # Functions of one variable.
    row("sqrt", "", g.sqrt, positive(B, 3)),
    row("exp", "", g.exp, (B, 3)),
    row("expm1", "", g.expm1, (B, 3)),
    row("log", "", g.log, positive(B, 3)),
    row("log1p", "", g.log1p, between(-0.5, 2, B, 3)),
    row("sin", "", g.sin, (B, 3)),
    row("cos", "", g.cos, (B, 3)),
    row("tan", "", g.tan, between(-1, 1, B, 3)),
    row("arcsin", "", g.arcsin, between(-0.8, 0.8, B, 3)),
    row("arccos", "", g.arccos, between(-0.8, 0.8, B, 3)),
    row("arctan", "", g.arctan, (B, 3)),
    row("sinh", "", g.sinh, (B, 3)),
    row("cosh", "", g.cosh, (B, 3)),
    row("tanh", "", g.tanh, (B, 3)),
    row("arcsinh", "", g.arcsinh, (B, 3)),
    row("arccosh", "", g.arccosh, between(1.5, 3, B, 3)),
    row("arctanh", "", g.arctanh, between(-0.8, 0.8, B, 3)),
    row("erf", "", g.erf, (B, 3)),
    row("erf", "of whole numbers", g.erf, whole(3, B)),
    row("normal_cdf", "", g.normal_cdf, (B, 3)),
    row("sigmoid", "", g.sigmoid, (B, 3)),
    row("sigmoid", "of a single number", g.sigmoid, ()),
    row("softplus", "", g.softplus, (B, 3)),
    row("logaddexp", "equal shapes", g.logaddexp, (B, 3), (B, 3)),
    row("logaddexp", "a column and a row", g.logaddexp, (B, 1), (3,)),
    row("logaddexp", "a number", lambda a: g.logaddexp(a, 0.5), (B, 3)),
    row("relu", "", g.relu, (B, 3)),
    row("relu", "of a single number", g.relu, positive()),

    # Kinds of number.
    row("cast", "to float64", lambda a: g.cast(a, dtype="float64"), (B, 3)),
    row("cast", "truth to float64", lambda a: a * g.cast(a > 0, dtype="float64"), (B, 3)),
    row("cast", "to int64", lambda a: g.cast(a, dtype="int64"), (B, 3)),
    row("stop_gradient", "", lambda a: a * g.stop_gradient(a + 1), (B, 3)),
    row("when_training", "", lambda a: g.when_training(2 * a, a), (B, 3)),

    # Reductions.
    row("sum", "everything", g.sum, (B, 3)),
    row("sum", "rows", lambda x: g.sum(x, axis=0), (B, 3)),
    row("sum", "last axis", lambda x: g.sum(x, axis=-1), (B, 3)),
    row("sum", "two axes", lambda x: g.sum(x, axis=(0, 2)), (B, 3, 2)),
    row("sum", "two axes counted from the end", lambda x: g.sum(x, axis=(-1, -3)), (B, 3, 2)),
    row("sum", "keepdims", lambda x: g.sum(x, axis=1, keepdims=True), (B, 3)),
    row("sum", "everything, keepdims", lambda x: g.sum(x, keepdims=True), (B, 3)),
    row("sum", "a vector", lambda x: g.sum(x, axis=0), (3,)),
    row("sum", "a single number", g.sum, ()),
    row("sum", "truth is counted", lambda x: g.sum(x > 0, axis=0), (B, 3)),
    row("mean", "everything", g.mean, (B, 3)),
    row("mean", "rows", lambda x: g.mean(x, axis=0), (B, 3)),
    row("mean", "last axis, keepdims", lambda x: g.mean(x, axis=-1, keepdims=True), (B, 3)),
    row("mean", "two axes", lambda x: g.mean(x, axis=(0, 1)), (B, 3, 2)),
    row("mean", "two axes, keepdims", lambda x: g.mean(x, axis=(-1, 1), keepdims=True), (B, 3, 2)),
    row("mean", "of a batch by batch table", lambda x: g.mean((x @ x.T) ** 2), (B, 3)),
    row("mean", "of whole numbers", g.mean, whole(9, B)),
    row("mean", "of truth", lambda x: g.mean(x > 0), (B, 3)),
    row("mean", "variance", g.variance, (B, 3)),
    row("mean", "variance of rows", lambda x: g.variance(x, axis=0), (B, 3)),
    row("mean", "variance, keepdims", lambda x: g.variance(x, axis=-1, keepdims=True), (B, 3)),
    row("row_mean", "rows", lambda x: g.row_mean(x, axis=0), (B, 3)),
    row("row_mean", "two axes, keepdims",
        lambda x: g.row_mean(x, axis=(0, 1), keepdims=True), (B, 3, 2)),
    row("row_count", "", lambda x: x * g.row_count(), (B, 3)),
    row("max", "everything", g.max, (B, 3)),
    row("max", "rows", lambda x: g.max(x, axis=0), (B, 3)),
    row("max", "last axis, keepdims", lambda x: g.max(x, axis=-1, keepdims=True), (B, 3)),
    row("max", "two axes", lambda x: g.max(x, axis=(0, -1)), (B, 3, 2)),
    row("min", "everything", g.min, (B, 3)),
    row("min", "last axis", lambda x: g.min(x, axis=-1), (B, 3)),
    row("min", "everything, keepdims", lambda x: g.min(x, keepdims=True), (B, 3)),
    row("argmax", "everything", g.argmax, (B, 3)),
    row("argmax", "last axis", lambda x: g.argmax(x, axis=-1), (B, 3)),
    row("logsumexp", "everything", g.logsumexp, (B, 3)),
    row("logsumexp", "last axis", lambda x: g.logsumexp(x, axis=-1), (B, 3)),
    row("logsumexp", "rows, keepdims", lambda x: g.logsumexp(x, axis=0, keepdims=True), (B, 3)),
    row("logsumexp", "two axes", lambda x: g.logsumexp(x, axis=(1, 2)), (B, 3, 2)),
    row("logsumexp", "a vector", lambda x: g.logsumexp(x, axis=0), (3,)),
    row("softmax", "last axis", g.softmax, (B, 3)),
    row("softmax", "rows", lambda x: g.softmax(x, axis=0), (B, 3)),
    row("softmax", "middle axis", lambda x: g.softmax(x, axis=-2), (B, 3, 2)),
    row("log_softmax", "last axis", g.log_softmax, (B, 3)),
    row("log_softmax", "rows", lambda x: g.log_softmax(x, axis=0), (B, 3)),

    # Shape.
    row("reshape", "split an axis", lambda x: x.reshape("B", 2, 3), (B, 6)),
    row("reshape", "join axes", lambda x: x.reshape(-1, 6), (B, 2, 3)),
    row("reshape", "the batch too", lambda x: x.reshape("B", 6), (2, B, 3)),
    row("reshape", "find a size", lambda x: x.reshape("B", -1, 2), (B, 2, 3)),
    row("reshape", "a new axis in front", lambda x: g.expand_dims(x, 0), (B, 3)),
    row("reshape", "a new axis in the middle", lambda x: g.expand_dims(x, -2), (B, 3)),
    row("reshape", "a new axis at the end", lambda x: g.expand_dims(x, -1), (B, 3)),
    row("reshape", "one axis less", lambda x: g.squeeze(x, 1), (B, 1, 3)),
    row("reshape", "to a single number", lambda x: x.reshape(), (1, 1)),
    row("reshape", "two batch axes", lambda x: g.expand_dims(x @ x.T, -1), (B, 3)),
    row("transpose", "", lambda x: x.T, (B, 3)),
    row("transpose", "three axes", lambda x: x.T, (B, 3, 2)),
    row("transpose", "a turn", lambda x: g.transpose(x, axes=(2, 0, 1)), (B, 3, 2)),
    row("transpose", "axes counted from the end",
        lambda x: g.transpose(x, axes=(-2, -1, 0)), (B, 3, 2)),
    row("transpose", "a swap", lambda x: g.swapaxes(x, 0, -1), (B, 3, 2)),
    row("transpose", "a vector", lambda x: x.T, (3,)),
    row("expand", "a row", lambda x: g.expand(x, shape=("B", 3)), (3,)),
    row("expand", "an axis of size 1", lambda x: g.expand(x, shape=(2, "B", 3)), (B, 1)),
    row("expand", "a single number", lambda x: g.expand(x, shape=(2, 3)), ()),
    row("full", "", lambda x: g.full(x, shape=("B", 3), dtype=x.dtype), ()),
    row("pad", "one axis", lambda x: g.pad(x, widths=((0, 0), (1, 2))), (B, 3)),
    row("pad", "two axes, with a value",
        lambda x: g.pad(x, widths=((0, 0), (1, 0), (0, 2)), value=7), (B, 3, 2)),
    row("repeat", "the last axis", lambda x: g.repeat(x, repeats=3, axis=-1), (B, 2)),
    row("repeat", "an axis in the middle", lambda x: g.repeat(x, repeats=2, axis=1), (B, 3, 2)),
    row("interpolation", "",
        lambda x: x @ g.interpolation(count=3, size=2, dtype=x.dtype).T, (B, 3)),
    row("slice", "one place", lambda x: x[:, 1], (B, 3)),
    row("slice", "from the end", lambda x: x[..., -1], (B, 2, 3)),
    row("slice", "a range", lambda x: x[:, 1:], (B, 3)),
    row("slice", "with a step", lambda x: x[:, ::2], (B, 4)),
    row("slice", "backwards", lambda x: x[:, ::-1], (B, 3)),
    row("slice", "backwards with a step", lambda x: x[:, 6:0:-2], (B, 7)),
    row("slice", "two axes", lambda x: x[:, 1, :2], (B, 2, 3)),
    row("slice", "to a single number", lambda x: x[1], (3,)),
    row("slice", "an empty range", lambda x: x[:, 2:2], (B, 3)),
    row("unslice", "of a range",
        lambda x: unslice(x, index=(slice(None), slice(1, 4, 2)), shape=("B", 4)), (B, 2)),
    row("unslice", "of a place",
        lambda x: unslice(x, index=(slice(None), 1), shape=("B", 3)), (B,)),
    row("concatenate", "two", g.concatenate, (B, 3), (B, 2)),
    row("concatenate", "three along the middle",
        lambda a, b, c: g.concatenate(a, b, c, axis=1), (B, 1, 2), (B, 3, 2), (B, 2, 2)),
    row("concatenate", "along the first axis",
        lambda a, b: g.concatenate(a, b, axis=0), (3, B), (2, B)),
    row("concatenate", "with itself", lambda a: g.concatenate(a, a), (B, 3)),
    row("concatenate", "stack", lambda a, b: g.stack([a, b], axis=-1), (B, 3), (B, 3)),

    # Loops over the steps of sequences.
    row("scan", "the last state", lambda x, w, u: states(x, w, u)[0], (B, 4, 3), (3, 2), (2, 2)),
    row("scan", "all states", lambda x, w, u: states(x, w, u)[1], (B, 4, 3), (3, 2), (2, 2)),
    row("scan", "backwards", lambda x, w, u: states(x, w, u, backwards=True)[1],
        (B, 4, 3), (3, 2), (2, 2)),
    row("scan", "one step", lambda x, w, u: states(x, w, u)[1], (B, 1, 3), (3, 2), (2, 2)),
    row("scan", "nothing carried", lambda x, w: g.scan(lambda x: ([], [x * w]), [], [x])[1][0],
        (B, 4, 3), (3,)),
    row("scan", "carried values exchanged", two_carried, (B, 4, 3), (B, 3), (3,)),
    row("scan", "a carried value that is no row", a_sum, (B, 4, 3), (3,)),
    row("scan", "in a scan", inside, (B, 2, 4, 3), (3,)),
    row("result", "", lambda x, w, u: states(x, w, u)[0], (B, 4, 3), (3, 2), (2, 2)),
    row("placeholder", "", lambda x, w, u: states(x, w, u)[0], (B, 4, 3), (3, 2), (2, 2)),

    row("some_steps", "", g.some_steps, truth(B, 3)),

    # Products of matrices, and contractions.
    row("matmul", "", lambda a, b: a @ b, (B, 3), (3, 2)),
    row("matmul", "with its own transpose", lambda a: a @ a.T, (B, 3)),
    row("matmul", "one matrix for all rows", lambda a, b: a @ b, (B, 4, 3), (3, 2)),
    row("matmul", "one matrix for all rows of rows", lambda a, b: a @ b, (B, 2, 4, 3), (3, 2)),
    row("matmul", "matrix by matrix", lambda a, b: a @ b, (B, 4, 3), (B, 3, 2)),
    row("matmul", "one matrix on the left", lambda a, b: a @ b, (4, 3), (B, 3, 2)),
    row("matmul", "both sides stretched", lambda a, b: a @ b, (B, 1, 2, 3), (4, 3, 2)),
    row("einsum", "a product of matrices",
        lambda a, b: g.einsum(a, b, subscripts="bi,io->bo"), (B, 3), (3, 2)),
    row("einsum", "three arrays",
        lambda a, b, c: g.einsum(a, b, c, subscripts="bi,ij,jk->bk"), (B, 3), (3, 2), (2, 4)),
    row("einsum", "outer product", lambda a, b: g.einsum(a, b, subscripts="b,i->bi"), (B,), (3,)),
    row("einsum", "inner product", lambda a, b: g.einsum(a, b, subscripts="i,i->"), (3,), (3,)),
    row("einsum", "row by row", lambda a, b: g.einsum(a, b, subscripts="bi,bi->b"), (B, 3), (B, 3)),
    row("einsum", "axes only one argument has",
        lambda a, b: g.einsum(a, b, subscripts="bij,bo->bo"), (B, 3, 2), (B, 4)),
    row("einsum", "axes only one argument has, in both",
        lambda a, b: g.einsum(a, b, subscripts="bi,jo->bo"), (B, 3), (2, 4)),
    row("einsum", "a sum", lambda a: g.einsum(a, subscripts="bij->j"), (B, 3, 2)),
    row("einsum", "a sum of everything", lambda a: g.einsum(a, subscripts="bi->"), (B, 3)),
    row("einsum", "a transpose", lambda a: g.einsum(a, subscripts="bij->jbi"), (B, 3, 2)),
    row("matmul", "read transposed alone",
        lambda a, b: g.swapaxes((a @ b) / 2, 1, 2).reshape("B", 3, 8) * 3,
        (B, 2, 3, 5), (B, 2, 5, 4)),
    row("matmul", "its own transpose, turned",
        lambda a, b: g.swapaxes(g.swapaxes(a, -1, -2) @ b, -1, -2), (B, 4, 3), (B, 4, 2)),
    row("einsum", "with itself", lambda a: g.einsum(a, a, subscripts="bi,bj->ij"), (B, 3)),

    # Windows, and what slides over images.
    row("windows", "of a sequence", lambda x: g.windows(x, axes=(1,), size=3), (B, 6, 2)),
    row("windows", "of an image", lambda x: g.windows(x, axes=(1, 2), size=(2, 3)), (B, 4, 6, 2)),
    row("windows", "strides and dilations", lambda x: g.windows(
        x, axes=(2, 1), size=(2, 3), stride=(2, 1), dilation=(1, 2)), (B, 6, 7)),
    row("windows", "of a parameter", lambda w: g.windows(w, axes=(0,), size=2), (4, 3)),
    row("unwindows", "of a sequence",
        lambda x: g.unwindows(x, axes=(1,), sizes=(6,), size=3), (B, 4, 2, 3)),
    row("unwindows", "side by side, with rest",
        lambda x: g.unwindows(x, axes=(1,), sizes=(7,), size=3, stride=3), (B, 2, 2, 3)),
    row("unwindows", "strides and dilations", lambda x: g.unwindows(
        x, axes=(1, 2), sizes=(6, 7), size=(2, 3), stride=(2, 1), dilation=(1, 2)),
        (B, 3, 3, 2, 2, 3)),
    row("conv", "a sequence", g.conv, (B, 6, 2), (3, 2, 4)),
    row("conv", "an image", g.conv, (B, 4, 6, 2), (2, 3, 2, 3)),
    row("conv", "a volume", g.conv, (B, 3, 4, 3, 2), (2, 2, 2, 2, 3)),
    row("conv", "padding", lambda x, w: g.conv(x, w, padding=1), (B, 4, 4, 2), (3, 3, 2, 3)),
    row("conv", "padding at one side",
        lambda x, w: g.conv(x, w, padding=((1, 0), (0, 2))), (B, 4, 3, 2), (2, 3, 2, 3)),
    row("conv", "a stride that leaves a place out",
        lambda x, w: g.conv(x, w, stride=2), (B, 6, 7, 2), (3, 2, 2, 3)),
    row("conv", "stride and padding of each axis",
        lambda x, w: g.conv(x, w, stride=(1, 3), padding=(2, 1)), (B, 4, 6, 1), (3, 2, 1, 2)),
    row("conv", "dilation", lambda x, w: g.conv(x, w, dilation=2), (B, 6, 7, 2), (3, 2, 2, 3)),
    row("conv", "groups", lambda x, w: g.conv(x, w, groups=2, padding=1), (B, 4, 3, 4),
        (2, 2, 2, 6)),
    row("conv", "one place", g.conv, (B, 3, 4, 2), (1, 1, 2, 3)),
    row("conv_input", "an image",
        lambda dz, w: g.conv_input(dz, w, size=(4, 6)), (B, 3, 4, 3), (2, 3, 2, 3)),
    row("conv_input", "all settings", lambda dz, w: g.conv_input(
        dz, w, size=(6, 8), stride=2, padding=1, dilation=(2, 1), groups=2),
        (B, 3, 4, 4), (2, 3, 1, 4)),
    row("conv_input", "strides with padding and groups", lambda dz, w: g.conv_input(
        dz, w, size=(8, 7), stride=2, padding=1, groups=2), (B, 4, 4, 4), (3, 3, 2, 4)),
    row("conv_input", "a stride beyond the kernel", lambda dz, w: g.conv_input(
        dz, w, size=(6, 5), stride=(2, 3)), (B, 3, 2, 3), (1, 2, 2, 3)),
    row("conv_input", "windows side by side, and places that none reaches", lambda dz, w:
        g.conv_input(dz, w, size=(7, 5), stride=(2, 3), padding=((1, 0), (0, 1))),
        (B, 4, 2, 3), (2, 3, 2, 3)),
    row("conv_input", "windows side by side, in groups", lambda dz, w: g.conv_input(
        dz, w, size=(4, 6), stride=2, groups=2), (B, 2, 3, 4), (2, 2, 2, 4)),
    row("conv_weight", "an image",
        lambda x, dz: g.conv_weight(x, dz, size=(2, 3)), (B, 4, 6, 2), (B, 3, 4, 3)),
    row("conv_weight", "all settings", lambda x, dz: g.conv_weight(
        x, dz, size=(2, 3), stride=2, padding=1, dilation=(2, 1), groups=2),
        (B, 6, 8, 2), (B, 3, 4, 4)),
    row("conv_transpose", "a sequence",
        lambda x, w: g.conv_transpose(x, w, size=(9,), stride=2), (B, 4, 3), (3, 2, 3)),
    row("conv_transpose", "an image, and a place that no window reaches",
        lambda x, w: g.conv_transpose(x, w, size=(6, 7), stride=(2, 3)), (B, 2, 2, 3),
        (3, 3, 2, 3)),
    row("max_pool", "a sequence", lambda x: g.max_pool(x, size=2), (B, 6, 2)),
    row("max_pool", "an image with rest", lambda x: g.max_pool(x, size=(2, 3)), (B, 4, 7, 2)),
    row("max_pool", "a volume", lambda x: g.max_pool(x, size=2), (B, 2, 4, 3, 2)),
    row("max_pool", "windows that overlap",
        lambda x: g.max_pool(x, size=3, stride=2, padding=1), (B, 6, 7, 1)),
    row("max_pool_input", "",
        lambda dz, x: g.max_pool_input(dz, x, size=2), (B, 2, 2, 2), (B, 4, 4, 2)),
    row("max_pool_input", "windows that overlap", lambda dz, x: g.max_pool_input(
        dz, x, size=3, stride=1, padding=((1, 0), (0, 1))), (B, 3, 2, 1), (B, 4, 3, 1)),
    row("max_pool_at", "",
        lambda h, x: g.max_pool_at(h, x, size=2), (B, 4, 4, 2), (B, 4, 4, 2)),
    row("max_pool_at", "windows that overlap", lambda h, x: g.max_pool_at(
        h, x, size=(3, 2), stride=1, padding=1), (B, 4, 3, 1), (B, 4, 3, 1)),
    row("avg_pool", "a sequence", lambda x: g.avg_pool(x, size=2), (B, 6, 2)),
    row("avg_pool", "an image with rest", lambda x: g.avg_pool(x, size=(2, 3)), (B, 4, 7, 2)),
    row("avg_pool", "padding does not count",
        lambda x: g.avg_pool(x, size=3, stride=2, padding=1), (B, 6, 7, 2)),
    row("avg_pool_input", "",
        lambda dz: g.avg_pool_input(dz, sizes=(4, 6), size=2), (B, 2, 3, 2)),
    row("avg_pool_input", "windows that overlap", lambda dz: g.avg_pool_input(
        dz, sizes=(4, 3), size=(3, 2), stride=1, padding=((1, 0), (0, 1))), (B, 3, 3, 2)),

    # Picking by whole numbers.
    row("take", "rows, some twice", lambda x: g.take(x, [0, 2, 2, 1]), (3, 2)),
    row("take", "rows of the batch", lambda x: g.take(x, [0, 2, 2]), (B, 2)),
    row("take", "by a table of indices", g.take, (4, 2), whole(4, B, 3)),
    row("take", "from a vector", g.take, (4,), whole(4, B)),
    row("take", "one row", lambda x: g.take(x, 1), (3, 2)),
    row("take", "one number", lambda x: g.take(x, 1), (3,)),
    row("add_at", "rows, some twice", lambda x: g.add_at(x, [0, 2, 2], shape=(4, 2)), (3, 2)),
    row("add_at", "by the batch", lambda x, i: g.add_at(x, i, shape=(4, 2)), (B, 2), whole(4, B)),
    row("pick", "one of each row", g.pick, (B, 4), whole(4, B)),
    row("pick", "from three axes", g.pick, (B, 2, 4), whole(4, B, 2)),
    row("pick", "from a vector", lambda x: g.pick(x, 2), (4,)),
    row("within", "", lambda i: within(i, 4, layer=""), whole(4, B)),
    row("arange", "", lambda x: x * g.arange(n=3, dtype=x.dtype), (B, 3)),
    row("arange", "whole numbers, compared",
        lambda x: g.where(g.expand_dims(g.arange(n=3), -1) >= g.arange(n=2), x, 0), (B, 3, 2)),
    row("one_hot", "", lambda i: g.one_hot(i, depth=4), whole(4, B)),
    row("one_hot", "of a table", lambda i: g.one_hot(i, depth=3, dtype="float64"), whole(3, B, 2)),

    # Random numbers.
    row("random_normal", "",
        lambda x: x * g.random_normal(7, 1, stream=2, shape=x.shape, dtype=x.dtype), (B, 3)),
    row("random_uniform", "",
        lambda x: g.random_uniform(7, 1, stream=2, shape=x.shape, dtype=x.dtype), (B, 3)),
    row("random_mask", "",
        lambda x: x * g.random_mask(7, 1, rate=0.3, stream=2, shape=x.shape, dtype=x.dtype),
        (B, 3)),
]
# fmt: on

NO_GRADIENT = {name for name, op in g.all_ops().items() if op.gradient is None}


def has_gradient(one):
    """The row's op has a gradient, and a float for it to arrive at."""
    return one.op not in NO_GRADIENT and any(leaf.kind == "float" for leaf in one.leaves)


DERIVED = [one for one in ROWS if has_gradient(one)]
