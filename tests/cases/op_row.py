"""A row of the table of ops: what it builds, and what its leaves are drawn from.

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
