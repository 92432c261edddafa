"""Preparation of raw columns as layers, so that it is part of the network and of its file.

Their parameters are statistics of the training rows, which no gradient moves.
"""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter
from glassnet.spec import Spec, shape_text


class FillMissing(Layer, library=True):
    """NaN becomes the column's `fill` (its median, say). x (B, I), fill (I,)."""

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """fill (I,)."""
        return {"fill": Parameter(specs[0].shape[-1:], "zeros", trainable=False)}

    def formula(self, x: Node, fill: Node) -> Node:
        """where(isnan(x), fill, x)."""
        return g.where(g.isnan(x), fill, x).named("filled")


class MissingIndicator(Layer, library=True):
    """1 where a number is missing, else 0, for the columns named. x (B, I), result (B, columns)."""

    columns: Any

    def __post_init__(self) -> None:
        self.columns = tuple(self.columns)

    def formula(self, x: Node) -> Node:
        """isnan(x), column by column."""
        parts = [g.isnan(x[:, c : c + 1]) for c in self.columns]
        missing = g.concatenate(*parts, axis=-1) if len(parts) > 1 else parts[0]
        return g.cast(missing, dtype=g.float_kind()).named("missing")


class Standardize(Layer, library=True):
    """(x - mean) / scale, column by column. x (B, ..., I), mean and scale (I,)."""

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """mean (I,) and scale (I,)."""
        shape = specs[0].shape[-1:]
        return {
            "mean": Parameter(shape, "zeros", trainable=False),
            "scale": Parameter(shape, "ones", trainable=False),
        }

    def formula(self, x: Node, mean: Node, scale: Node) -> Node:
        """(x - mean) / scale."""
        return ((x - mean) / scale).named("scaled")


class OneHot(Layer, library=True):
    """Codes to columns of 0 and 1. x (B, columns) int64, result (B, sum of sizes).

    sizes  how many codes each column has; a code outside of 0 .. size - 1 (an unseen or missing
           category) gives a row of zeros
    """

    sizes: Any

    def __post_init__(self) -> None:
        self.sizes = tuple(self.sizes)
        if not self.sizes or not all(isinstance(n, int) and n > 0 for n in self.sizes):
            raise SettingError(f"OneHot: sizes must be whole numbers above 0, got {self.sizes!r}.")

    def formula(self, x: Node) -> Node:
        """one_hot(x[:, 0]), one_hot(x[:, 1]), ... side by side."""
        if x.ndim != 2 or x.shape[-1] != len(self.sizes):
            raise ShapeError(f"{len(self.sizes)} sizes were given for {shape_text(x.shape)}")
        hot = [g.one_hot(x[:, i], depth=n, dtype=g.float_kind()) for i, n in enumerate(self.sizes)]
        return (g.concatenate(*hot, axis=-1) if len(hot) > 1 else hot[0]).named("onehot")
