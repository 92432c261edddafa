"""Layers of several inputs: number by number, and inputs laid side by side."""

from __future__ import annotations

from functools import reduce
from numbers import Integral

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node, Op
from glassnet.nn.layer import Layer
from glassnet.spec import shape_text


def _several(layer: Layer, inputs: tuple[Node, ...]) -> None:
    if len(inputs) < 2:
        name = type(layer).__name__
        raise ShapeError(f"{name} takes at least two inputs, as in gn.{name}()(a, b)")
    if len({x.ndim for x in inputs}) > 1:  # a row of the one could meet all rows of the other
        raise ShapeError(
            "the inputs must have equally many axes. Give the shorter one axes of size 1: "
            f"gn.Reshape({_stretched(inputs)}) before it."
        )


def _stretched(inputs: tuple[Node, ...]) -> str:
    short, rank = min(inputs, key=lambda x: x.ndim), max(x.ndim for x in inputs)
    return shape_text((*[1] * (rank - short.ndim), *short.shape[1:]))


def _joined(layer: Layer, inputs: tuple[Node, ...], op: Op) -> Node:
    _several(layer, inputs)
    return reduce(op, inputs)


class Add(Layer, library=True):
    """The sum of the inputs, number by number: x + y + ...; a residual branch ends in it."""

    def formula(self, *inputs: Node) -> Node:
        """x + y + ..."""
        return _joined(self, inputs, g.add).named("h")


class Subtract(Layer, library=True):
    """The difference of two inputs, number by number: x - y.

    >>> import glassnet as gn
    >>> a, b = gn.Input((2,), name="a"), gn.Input((2,), name="b")
    >>> net = gn.Network(inputs=[a, b], outputs=gn.Subtract()(a, b))
    >>> net.predict([[[5.0, 1.0]], [[2.0, 2.0]]]).tolist()
    [[3.0, -1.0]]
    """

    def formula(self, *inputs: Node) -> Node:
        """x - y."""
        _several(self, inputs)
        if len(inputs) > 2:
            raise ShapeError(
                f"a difference is one of two inputs, got {len(inputs)}. Add up those that are "
                "taken away: gn.Subtract()(a, gn.Add()(b, c))."
            )
        return (inputs[0] - inputs[1]).named("h")


class Multiply(Layer, library=True):
    """The product of the inputs, number by number: x * y * ...; a gate ends in it."""

    def formula(self, *inputs: Node) -> Node:
        """x * y * ..."""
        return _joined(self, inputs, g.mul).named("h")


class Average(Layer, library=True):
    """The mean of n inputs, number by number: (x + y + ...) / n."""

    def formula(self, *inputs: Node) -> Node:
        """(x + y + ...) / n."""
        return (_joined(self, inputs, g.add) / len(inputs)).named("h")


class Maximum(Layer, library=True):
    """The largest of the inputs, number by number; the gradient goes to the one that it is.

    Where two are equal it goes to the later one, where PyTorch halves it.
    """

    def formula(self, *inputs: Node) -> Node:
        """maximum(x, y), ..."""
        return _joined(self, inputs, g.maximum).named("h")


class Minimum(Layer, library=True):
    """The smallest of the inputs, number by number; the gradient goes to the one that it is.

    Where two are equal it goes to the later one, where PyTorch halves it.
    """

    def formula(self, *inputs: Node) -> Node:
        """minimum(x, y), ..."""
        return _joined(self, inputs, g.minimum).named("h")


class Concatenate(Layer, library=True):
    """The inputs side by side along `axis` (the last by default; 0 is the batch)."""

    axis: int = -1

    def __post_init__(self) -> None:
        if isinstance(self.axis, bool) or not isinstance(self.axis, Integral):
            raise SettingError(f"Concatenate: axis must be a whole number, got {self.axis!r}.")
        self.axis = int(self.axis)

    def formula(self, *inputs: Node) -> Node:
        """concatenate([x, y, ...])."""
        if len(inputs) < 2:
            raise ShapeError("Concatenate takes at least two inputs, as in gn.Concatenate()(a, b)")
        return g.concatenate(*inputs, axis=self.axis).named("h")
