"""Figures of answers that name a class: what was taken for what, and the worth of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_BINS = 10


def confusion(y: Any, answer: Any, n: int) -> Any:
    """How often each class (row) was taken for each (column)."""
    return np.bincount(y * n + answer, minlength=n * n).reshape(n, n)


@dataclass(frozen=True)
class PerClass:
    """Figures of each class; NaN where nothing is divided by nothing.

    precision  of the rows that were given the class, the share that have it
    recall     of the rows that have it, the share that were given it
    f1         2 precision recall / (precision + recall)
    support    rows that have it
    """

    precision: Any
    recall: Any
    f1: Any
    support: Any


def per_class(counts: Any) -> PerClass:
    """The figures from a confusion matrix."""
    right, given, support = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return PerClass(
        _ratio(right, given), _ratio(right, support), _ratio(2 * right, given + support), support
    )


def _ratio(top: Any, bottom: Any) -> Any:
    return np.where(bottom > 0, top / np.maximum(bottom, 1), np.nan)


@dataclass(frozen=True)
class Calibration:
    """Rows by what the network said of them, in ten bins of equal width.

    said    the mean probability in each bin; NaN in an empty one
    seen    the share of these rows for which it was so
    counts  rows
    error   the expected calibration error: the mean of |said - seen| over all rows
    """

    said: Any
    seen: Any
    counts: Any
    error: float


def calibration(is_so: Any, p: Any) -> Calibration:
    """How often it is so (n,), against the probability that it is (n,)."""
    inner = np.linspace(0, 1, _BINS + 1)[1:-1]
    bins = np.searchsorted(inner, p)
    counts = np.bincount(bins, minlength=_BINS)
    said, seen = (
        _ratio(np.bincount(bins, weights=v, minlength=_BINS), counts)
        for v in (p, np.asarray(is_so, np.float64))
    )
    apart = np.nan_to_num(np.abs(said - seen))
    return Calibration(said, seen, counts, float((apart * counts).sum() / max(1, counts.sum())))


@dataclass(frozen=True)
class Roc:
    """False and true positive rates at each threshold, from the strictest, and the area below."""

    false: Any
    true: Any
    area: float


def roc(y: Any, p: Any) -> Roc | None:
    """The curve for a yes or no y (n,) and its probability p (n,); None without both answers."""
    y = np.asarray(y) > 0
    if y.all() or not y.any():
        return None
    order = np.argsort(-p, kind="stable")
    last = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)  # rows of one p go together
    hits = np.cumsum(y[order])[last]
    misses = last + 1 - hits
    true = np.concatenate([[0.0], hits / hits[-1]])
    false = np.concatenate([[0.0], misses / misses[-1]])
    return Roc(false, true, float(np.trapezoid(true, false)))


def row_losses(y: Any, p: Any) -> Any:
    """The cross-entropy of each row: -ln of the probability of its class."""
    return -np.log(np.maximum(p[np.arange(len(y)), y], np.finfo(np.float64).tiny))
