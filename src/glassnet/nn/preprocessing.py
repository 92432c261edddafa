"""Preparation of raw columns as layers, so that it is part of the network and of its file.

Their parameters are statistics of the training rows, which no gradient moves.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter
from glassnet.spec import BATCH, Spec, shape_text

_LONGEST = 24  # letters of a column's title in the program
_MOST_NAMED = 32  # columns that have a line each there


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
        if not self.columns or not all(_counts(c, 0) for c in self.columns):
            raise SettingError(
                f"MissingIndicator: columns must be numbers from 0, got {self.columns!r}."
            )

    def formula(self, x: Node) -> Node:
        """isnan(x[:, columns]); neighbouring columns are taken together."""
        width = int(x.shape[-1])
        if max(self.columns) >= width:
            raise ShapeError(f"there is no column {max(self.columns)} among {width} (from 0)")
        if len(self.columns) == width and self.columns == tuple(range(len(self.columns))):
            missing = g.isnan(x).named("unknown")
        else:
            parts = [g.isnan(x[:, first:stop]) for first, stop in _stretches(self.columns)]
            missing = g.concatenate(*parts, axis=-1) if len(parts) > 1 else parts[0]
        return g.cast(missing, dtype=g.float_kind()).named("missing")


def _counts(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _stretches(columns: tuple[int, ...]) -> list[tuple[int, int]]:
    """(0, 1, 2, 5) as stretches of neighbours, (0, 3) and (5, 6)."""
    found: list[tuple[int, int]] = []
    for column in columns:
        if found and found[-1][1] == column:
            found[-1] = found[-1][0], column + 1
        else:
            found.append((column, column + 1))
    return found


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


class Rescale(Layer, library=True):
    """x * y_scale + y_mean: a network learns a target of its own size, and answers in its units.

    x (B, ..., O), y_mean and y_scale (O,): the target's mean and deviation. As the last layer it
    undoes the standardisation of the target; with the loss divided by y_scale^2, as in
    gn.losses.MeanSquaredError(weight=1 / y_scale**2), learning is that on the standardised target.
    """

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """y_mean (O,) and y_scale (O,)."""
        shape = specs[0].shape[-1:]
        return {
            "y_mean": Parameter(shape, "zeros", trainable=False),
            "y_scale": Parameter(shape, "ones", trainable=False),
        }

    def formula(self, x: Node, y_mean: Node, y_scale: Node) -> Node:
        """x * y_scale + y_mean."""
        return (x * y_scale + y_mean).named("p")


class OneHot(Layer, library=True):
    """Codes to columns of 0 and 1. x (B, columns) int64, result (B, sum of sizes).

    sizes   how many codes each column has; a code outside of 0 .. size - 1 (an unseen or missing
            category) gives a row of zeros
    titles  what the columns are called in the printed program: ("island", "sex")
    """

    sizes: Any
    titles: Any = ()

    def __post_init__(self) -> None:
        self.sizes, self.titles = tuple(self.sizes), tuple(self.titles)
        if not self.sizes or not all(_counts(n, 1) for n in self.sizes):
            raise SettingError(f"OneHot: sizes must be whole numbers above 0, got {self.sizes!r}.")
        if self.titles and len(self.titles) != len(self.sizes):
            raise SettingError(f"OneHot: {len(self.titles)} titles for {len(self.sizes)} sizes.")

    def formula(self, x: Node) -> Node:
        """one_hot(x[:, 0]), one_hot(x[:, 1]), ... side by side."""
        if x.ndim != 2 or x.shape[-1] != len(self.sizes):
            raise ShapeError(f"{len(self.sizes)} sizes were given for {shape_text(x.shape)}")
        if len(self.sizes) > _MOST_NAMED:
            return self._together(x)
        hot = [g.one_hot(x[:, i], depth=n, dtype=g.float_kind()) for i, n in enumerate(self.sizes)]
        if len(hot) == 1:
            return hot[0].named("onehot")
        parts = [h.named(_title(t)) for h, t in zip(hot, self.titles, strict=False)] or hot
        return g.concatenate(*parts, axis=-1).named("onehot")

    def _together(self, x: Node) -> Node:
        """Neighbours of one size at once: a line for each of a thousand columns helps nobody."""
        parts, first = [], 0
        for size, group in itertools.groupby(self.sizes):
            count = len(list(group))
            codes = x[:, first : first + count]
            hot = g.one_hot(codes, depth=size, dtype=g.float_kind())  # (B, count, size)
            parts.append(g.reshape(hot, shape=(BATCH, count * size)))
            first += count
        joined = g.concatenate(*parts, axis=-1) if len(parts) > 1 else parts[0]
        return joined.named("onehot")


def _title(column: Any) -> str:
    """A name for the program: letters, digits and lines only, and never one of its functions'."""
    return "hot_" + re.sub(r"[^A-Za-z0-9]+", "_", str(column)).strip("_")[:_LONGEST].rstrip("_")
