"""Layers of several inputs: sums, products, and inputs laid side by side."""

from __future__ import annotations

from functools import reduce
from numbers import Integral

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer


def _several(layer: Layer, inputs: tuple[Node, ...]) -> None:
    if len(inputs) < 2:
        name = type(layer).__name__
        raise ShapeError(f"{name} takes at least two inputs, as in gn.{name}()(a, b)")


class Add(Layer, library=True):
    """The sum of the inputs, number by number: x + y + ...; a residual branch ends in it."""

    def formula(self, *inputs: Node) -> Node:
        """x + y + ..."""
        _several(self, inputs)
        return reduce(g.add, inputs).named("h")


class Multiply(Layer, library=True):
    """The product of the inputs, number by number: x * y * ...; a gate ends in it."""

    def formula(self, *inputs: Node) -> Node:
        """x * y * ..."""
        _several(self, inputs)
        return reduce(g.mul, inputs).named("h")


class Concatenate(Layer, library=True):
    """The inputs side by side along `axis` (the last by default; 0 is the batch)."""

    axis: int = -1

    def __post_init__(self) -> None:
        if isinstance(self.axis, bool) or not isinstance(self.axis, Integral):
            raise SettingError(f"Concatenate: axis must be a whole number, got {self.axis!r}.")
        self.axis = int(self.axis)

    def formula(self, *inputs: Node) -> Node:
        """concatenate([x, y, ...])."""
        _several(self, inputs)
        return g.concatenate(*inputs, axis=self.axis).named("h")
