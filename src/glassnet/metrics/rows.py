"""Metrics that are means over rows, in graph ops: traced into the step, printed and compiled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from glassnet import graph as g
from glassnet import losses
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.metrics.metric import RowMetric, YesOrNo


def _yes_or_no(p: Node) -> bool:
    """Whether each number of p is an answer of its own, not one of several classes."""
    return p.shape[-1] == 1 or p.op is g.sigmoid


def _like(y: Node, p: Node) -> Node:
    """y in the shape of p: class numbers (B,) become (B, 1), or a 1 at their place in (B, K)."""
    if y.ndim == p.ndim:
        return y
    if p.shape[-1] == 1:
        return g.expand_dims(g.cast(y, dtype=p.dtype), -1)
    return g.one_hot(y, depth=int(p.shape[-1]), dtype=p.dtype)


def _class(y: Node, p: Node) -> Node:
    """Class numbers (B,), also from a 1 at their place in (B, K)."""
    return y if y.ndim < p.ndim else g.argmax(y, axis=-1)


def _share(right: Node, p: Node) -> Node:
    """Whether each answer is right; of several a row as numbers, whose mean is the share."""
    if right.ndim > 1 and right.shape[-1] == 1:
        right = g.squeeze(right, -1)
    return right if right.ndim == 1 else g.cast(right, dtype=p.dtype)


@dataclass(frozen=True)
class Accuracy(RowMetric, YesOrNo):
    """The share of right answers."""

    title: ClassVar[str] = "accuracy"

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...): whether the answer is right; -1 and 1 will do for y as well as 0 and 1."""
        if _yes_or_no(p):
            return _share(g.equal(p > self.limit, _like(y, p) > 0.5), p)
        return _share(g.equal(g.argmax(p, axis=-1), _class(y, p)), p)


@dataclass(frozen=True)
class TopKAccuracy(RowMetric):
    """The share of rows whose class is among the k likeliest; a tie counts as lost."""

    title: ClassVar[str] = "top-k accuracy"
    k: int = 5

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 1:
            raise SettingError(f"TopKAccuracy: k must be a whole number above 0, got {self.k!r}.")

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...): whether at least K - k classes lie below the right one."""
        behind = int(p.shape[-1]) - self.k
        if behind < 1:
            raise SettingError(
                f"TopKAccuracy: k must be below {p.shape[-1]} classes, got {self.k}."
            )
        of_class = g.expand_dims(g.pick(p, _class(y, p)), -1)
        below = g.sum(g.cast(p < of_class, dtype=p.dtype), axis=-1)
        return _share(below >= behind, p)


@dataclass(frozen=True)
class LogLoss(RowMetric):
    """The cross-entropy, whatever the loss is: on logits after a sigmoid or softmax."""

    title: ClassVar[str] = "log loss"
    higher_is_better: ClassVar[bool] = False

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        if _yes_or_no(p):
            return losses.BinaryCrossentropy().formula(_like(y, p), p)
        if y.ndim < p.ndim:
            return losses.SparseCategoricalCrossentropy().formula(y, p)
        return losses.CategoricalCrossentropy().formula(y, p)


@dataclass(frozen=True)
class Brier(RowMetric):
    """(p - y)^2 for a yes or no; its sum over the classes where there are several."""

    title: ClassVar[str] = "Brier score"
    higher_is_better: ClassVar[bool] = False

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        squares = (p - _like(y, p)) ** 2
        return squares if _yes_or_no(p) else g.sum(squares, axis=-1)


@dataclass(frozen=True)
class MeanAbsoluteError(RowMetric):
    """mean(|y - p|)."""

    title: ClassVar[str] = "mean absolute error"
    higher_is_better: ClassVar[bool] = False

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        return g.abs(p - _like(y, p))


@dataclass(frozen=True)
class MeanAbsoluteScaledError(RowMetric):
    """mean(|y - p|) / scale.

    scale  the mean absolute error of the (seasonal) naive forecast where the network was trained:
           below 1 a forecast is better than that. (Hyndman and Koehler, 2006, section 3.)
    """

    title: ClassVar[str] = "mean absolute scaled error"
    higher_is_better: ClassVar[bool] = False
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.scale < math.inf:
            raise SettingError(
                f"MeanAbsoluteScaledError: scale must be above 0, got {self.scale!r}."
            )

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        return g.abs(p - _like(y, p)) / self.scale


@dataclass(frozen=True)
class RootMeanSquaredError(RowMetric):
    """sqrt(mean((y - p)^2)), over all rows and outputs together."""

    title: ClassVar[str] = "root mean squared error"
    higher_is_better: ClassVar[bool] = False

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...): squares, whose mean `finish` takes the root of."""
        return (p - _like(y, p)) ** 2

    def finish(self, mean: float) -> float:
        """The root of the mean of all squares."""
        return math.sqrt(mean)

    @property
    def mean_name(self) -> str:
        """What `rows` gives."""
        return "mean_squared_error"

    @property
    def finished(self) -> str:
        """The root."""
        return "np.sqrt({})"
