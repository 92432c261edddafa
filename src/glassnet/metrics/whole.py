"""Metrics that need all rows at once, in NumPy. Definitions are scikit-learn's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.errors import SettingError, UnknownNameError
from glassnet.metrics.metric import WholeMetric, YesOrNo


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
class _PerClass(WholeMetric, YesOrNo):
    """For each class, the rows rightly named by a mean of those named and those that are so.

    Of a yes or no it is the figure of the yes. Of several classes it is their mean ("macro"),
    weighted by how often each occurs ("weighted"), or the figure of all counts ("micro").
    """

    share_named: ClassVar[float]
    average: str = "macro"

    def __post_init__(self) -> None:
        if self.average not in {"macro", "weighted", "micro"}:
            raise UnknownNameError("average", self.average, ["macro", "weighted", "micro"])

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """The figure of the yes, or an average over the classes that are there or named."""
        n = max(2, p.shape[1])
        true, answer = _class_numbers(y, p), _answers(p, self.limit)
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
class BalancedAccuracy(WholeMetric, YesOrNo):
    """The mean over the classes of the share of right answers."""

    title: ClassVar[str] = "balanced accuracy"

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """The mean recall of the classes that are there."""
        true, answer = _class_numbers(y, p), _answers(p, self.limit)
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
