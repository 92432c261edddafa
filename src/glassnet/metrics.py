"""Metrics: figures by which people judge a network, beside the loss that it is trained on.

A `RowMetric` is a mean over rows, in graph ops: it is traced into the step, printed and compiled.
A `WholeMetric` needs all rows at once, so it takes NumPy arrays. Definitions are scikit-learn's. A
metric of your own is a plain function (y, p) in graph ops that gives a number for each row.

p (B, 1) is a yes or no, yes above a threshold; p (B, K) names one of K classes, the largest; to a
`RowMetric`, sigmoids (B, K) are K times yes or no. The target y has the shape of p, or holds class
numbers, (B,). A figure without a value, since y holds one class only, is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet import graph as g
from glassnet import losses
from glassnet.calls import CheckedFields
from glassnet.errors import SettingError, ShapeError, UnknownNameError, look_up
from glassnet.graph import Node
from glassnet.losses import per_row, row_mean, snake


@dataclass(frozen=True)
class Metric(CheckedFields):
    """The base of all metrics."""

    title: ClassVar[str] = ""
    higher_is_better: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The name by which the metric can be asked for, and which its figures bear."""
        return snake(type(self).__name__)


@dataclass(frozen=True)
class RowMetric(Metric):
    """A figure for each row; what is shown is their mean, weighted where rows have weights."""

    def rows(self, y: Node, p: Node) -> Node:
        """One number a row, (B,)."""
        raise NotImplementedError

    def finish(self, mean: float) -> float:
        """What is shown, from the mean over all rows."""
        return mean

    @property
    def mean_name(self) -> str:
        """What the mean of `rows` is called; the metric's own name where `finish` leaves it."""
        changed = type(self).finish is not RowMetric.finish
        return f"mean_of_{self.name}" if changed else self.name

    @property
    def finished(self) -> str:
        """`finish` as a formula in NumPy, {} for the mean; "" where nobody has written it."""
        return ""


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
    """Of one answer a row, whether it is right; of several, the share that is."""
    if right.ndim > 1 and right.shape[-1] == 1:
        right = g.squeeze(right, -1)
    return right if right.ndim == 1 else row_mean(g.cast(right, dtype=p.dtype))


@dataclass(frozen=True)
class Accuracy(RowMetric):
    """The share of right answers."""

    title: ClassVar[str] = "accuracy"
    threshold: float = 0.5

    def rows(self, y: Node, p: Node) -> Node:
        """(B,): whether the answer is right; -1 and 1 will do for y as well as 0 and 1."""
        if _yes_or_no(p):
            return _share(g.equal(p > self.threshold, _like(y, p) > 0.5), p)
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
        """(B,): whether at least K - k classes lie below the right one."""
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
        """(B,)."""
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
        """(B,)."""
        squares = (p - _like(y, p)) ** 2
        return row_mean(squares if _yes_or_no(p) else g.sum(squares, axis=-1))


@dataclass(frozen=True)
class MeanAbsoluteError(RowMetric):
    """mean(|y - p|)."""

    title: ClassVar[str] = "mean absolute error"
    higher_is_better: ClassVar[bool] = False

    def rows(self, y: Node, p: Node) -> Node:
        """(B,)."""
        return row_mean(g.abs(p - _like(y, p)))


@dataclass(frozen=True)
class RootMeanSquaredError(RowMetric):
    """sqrt(mean((y - p)^2)), over all rows and outputs together."""

    title: ClassVar[str] = "root mean squared error"
    higher_is_better: ClassVar[bool] = False

    def rows(self, y: Node, p: Node) -> Node:
        """(B,): squares, whose mean `finish` takes the root of."""
        return row_mean((p - _like(y, p)) ** 2)

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


@dataclass(frozen=True)
class FunctionMetric(RowMetric):
    """A user's own function (y, p). Lower is better, as for a loss: else derive from RowMetric."""

    higher_is_better: ClassVar[bool] = False
    function: Callable[[Node, Node], Node]

    @property
    def name(self) -> str:
        """The function's name."""
        name = str(getattr(self.function, "__name__", ""))
        return name if name.isidentifier() else "metric"

    def rows(self, y: Node, p: Node) -> Node:
        """(B,), or ()."""
        return per_row(f"The metric {self.name!r}", self.function(y, p))


@dataclass(frozen=True)
class WholeMetric(Metric):
    """A figure of all rows together."""

    def score(self, y: Any, p: Any, weights: Any = None) -> float:
        """The figure for targets y, outputs p (B, ..., K) and a weight for each row."""
        p, y = np.asarray(p, np.float64), np.asarray(y)
        if p.ndim < 2 or y.shape not in {p.shape, p.shape[:-1]}:
            raise ShapeError(
                f"{self.name} takes outputs (B, K) and targets of that shape or class numbers "
                f"(B,), got outputs {p.shape} and targets {y.shape}."
            )
        w = np.ones(len(p)) if weights is None else np.asarray(weights, np.float64)
        if w.shape != p.shape[:1]:
            raise ShapeError(f"{self.name} takes {len(p)} weights, (B,), got {w.shape}.")
        if not w.any() or not np.isfinite(p).all():
            return math.nan
        places = p[..., 0].size // len(p)
        rows = y.reshape(-1, p.shape[-1]) if y.ndim == p.ndim else y.reshape(-1)
        return float(self.formula(rows, p.reshape(-1, p.shape[-1]), np.repeat(w, places)))

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """One number from y (N, K) or (N,), p (N, K) and weights (N,), in NumPy."""
        raise NotImplementedError


def _class_numbers(y: Any, p: Any) -> Any:
    """(N,): 0 and 1 for a yes or no, else 0 .. K - 1."""
    if p.shape[1] == 1:
        return (y.reshape(-1) > 0.5).astype(np.int64)
    if y.ndim == 1:
        return y.astype(np.int64)
    if np.any(np.count_nonzero(y == y.max(axis=1, keepdims=True), axis=1) > 1):
        raise SettingError(
            "This metric takes one class for each row, but a row of y has several (or none). "
            "For several questions with yes or no, give each an output of its own."
        )
    return y.argmax(axis=1)


def _answers(p: Any, threshold: float) -> Any:
    """(N,): the class that each row of p names."""
    return (p[:, 0] > threshold).astype(np.int64) if p.shape[1] == 1 else p.argmax(axis=1)


def _divide(top: Any, bottom: Any) -> Any:
    """top / bottom, and 0 where both are 0."""
    return np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom > 0)


@dataclass(frozen=True)
class _PerClass(WholeMetric):
    """For each class, the rows rightly named by a mean of those named and those that are so.

    Of a yes or no it is the figure of the yes. Of several classes it is their mean ("macro"),
    weighted by how often each occurs ("weighted"), or the figure of all counts ("micro").
    """

    share_named: ClassVar[float]
    threshold: float = 0.5
    average: str = "macro"

    def __post_init__(self) -> None:
        if self.average not in {"macro", "weighted", "micro"}:
            raise UnknownNameError("average", self.average, ["macro", "weighted", "micro"])

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """The figure of the yes, or an average over the classes that are there or named."""
        n = max(2, p.shape[1])
        true, answer = _class_numbers(y, p), _answers(p, self.threshold)
        right = np.bincount(true[true == answer], weights[true == answer], n)
        named, actual = np.bincount(answer, weights, n), np.bincount(true, weights, n)
        of = self.share_named * named + (1 - self.share_named) * actual
        if p.shape[1] == 1:
            return _divide(right, of)[1] if actual[1] or of[1] else math.nan
        if self.average == "micro":
            return right.sum() / of.sum()
        met = np.isin(np.arange(n), [true, answer])
        shares = actual[met] if self.average == "weighted" else None
        return np.average(_divide(right, of)[met], weights=shares)


@dataclass(frozen=True)
class Precision(_PerClass):
    """Of the rows that are named so, the share that are; 0 where none is named."""

    title: ClassVar[str] = "precision"
    share_named: ClassVar[float] = 1.0


@dataclass(frozen=True)
class Recall(_PerClass):
    """Of the rows that are so, the share that are named."""

    title: ClassVar[str] = "recall"
    share_named: ClassVar[float] = 0.0


@dataclass(frozen=True)
class F1(_PerClass):
    """The harmonic mean of precision and recall."""

    title: ClassVar[str] = "F1"
    share_named: ClassVar[float] = 0.5


@dataclass(frozen=True)
class BalancedAccuracy(WholeMetric):
    """The mean over the classes of the share of right answers."""

    title: ClassVar[str] = "balanced accuracy"
    threshold: float = 0.5

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """The mean recall of the classes that are there."""
        true, answer = _class_numbers(y, p), _answers(p, self.threshold)
        actual = np.bincount(true, weights)
        right = np.bincount(true, weights * (true == answer))
        return np.mean(right[actual > 0] / actual[actual > 0])


@dataclass(frozen=True)
class _Ranking(WholeMetric):
    """How well the scores of a class put its rows first; of several classes, the mean."""

    def area(self, hits: Any, misses: Any) -> Any:
        """One number from the weights of hits and misses above each distinct score."""
        raise NotImplementedError

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """The mean over the classes, each against the rest; nan where one is missing."""
        classes = [1] if p.shape[1] == 1 else range(p.shape[1])
        true = _class_numbers(y, p)
        return np.mean([self._of_class(true == c, p[:, i], weights) for i, c in enumerate(classes)])

    def _of_class(self, positive: Any, score: Any, weights: Any) -> Any:
        order = np.argsort(-score, kind="stable")
        distinct = np.append(np.diff(score[order]) != 0, True)
        hits = np.cumsum((weights * positive)[order])[distinct]
        misses = np.cumsum((weights * ~positive)[order])[distinct]
        return self.area(hits, misses) if hits[-1] > 0 else math.nan


@dataclass(frozen=True)
class RocAuc(_Ranking):
    """The chance that a row of the class scores above one that is not of it."""

    title: ClassVar[str] = "ROC AUC"

    def area(self, hits: Any, misses: Any) -> Any:
        """Under the curve of hits over misses."""
        if not misses[-1] > 0:
            return math.nan
        return np.trapezoid([0, *hits], [0, *misses]) / (hits[-1] * misses[-1])


@dataclass(frozen=True)
class AveragePrecision(_Ranking):
    """The precision at each threshold, weighted by the recall that it adds."""

    title: ClassVar[str] = "average precision"

    def area(self, hits: Any, misses: Any) -> Any:
        """sum(added recall * precision)."""
        return np.sum(np.diff(hits, prepend=0) * _divide(hits, hits + misses)) / hits[-1]


@dataclass(frozen=True)
class R2(WholeMetric):
    """1 - sum((y - p)^2) / sum((y - mean(y))^2), the mean over the outputs.

    Of a y that never varies it is 1 where p is always right, else 0.
    """

    title: ClassVar[str] = "R2"

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """1 is perfect, 0 is as good as the mean."""
        y = y.reshape(p.shape)
        left = weights @ (y - p) ** 2
        whole = weights @ (y - weights @ y / weights.sum()) ** 2
        varies = whole > 0
        shares = np.where(varies, left / np.where(varies, whole, 1), left > 0)
        return np.mean(1 - shares) if len(p) > 1 else math.nan


METRICS: dict[str, type[Metric]] = {
    snake(each.__name__): each
    for each in (Accuracy, BalancedAccuracy, TopKAccuracy, Precision, Recall, F1, RocAuc,
                 AveragePrecision, LogLoss, Brier, MeanAbsoluteError, RootMeanSquaredError, R2)
}  # fmt: skip


__all__ = ["Metric", "RowMetric", "WholeMetric", *(m.__name__ for m in METRICS.values())]  # noqa: PLE0604
__dir__ = __all__.copy  # what Tab shows behind the dot


def find(metric: Any) -> Metric:
    """A metric from its name, itself, or a function (y, p) in graph ops."""
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        return look_up("metric", metric, METRICS)()
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if callable(metric):
        return FunctionMetric(function=metric)
    raise SettingError(f"A metric is a name, a function (y, p) or an object, got {metric!r}.")
