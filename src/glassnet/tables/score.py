"""Figures of answers that are there already, by the metrics that training uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet import graph, metrics
from glassnet.tables.columns import Target


def names_for(target: Target) -> list[str]:
    """The metrics by which answers to a target are judged."""
    if not target.is_classes:
        return ["root_mean_squared_error", "mean_absolute_error", "r2"]
    ranks = ["roc_auc"] if target.is_binary else []
    return ["accuracy", "balanced_accuracy", *ranks, "log_loss"]


def score(name: str, y: Any, p: Any) -> float:
    """A metric of targets y (n,) and answers p: probabilities (n, classes) or amounts (n,)."""
    metric = metrics.find(name)
    if p.ndim == 1 or p.shape[1] == 2:  # one column: amounts, or the probability of a yes
        p, y = p.reshape(len(p), -1)[:, -1:], y[:, None]
    if isinstance(metric, metrics.WholeMetric):
        return metric.score(y, p)
    leaves = [graph.input(n, ("B", *a.shape[1:]), a.dtype.name) for n, a in (("y", y), ("p", p))]
    values = dict(zip(leaves, (y, p), strict=True))
    (rows,) = graph.evaluate([metric.rows(*leaves)], values, len(y))  # type: ignore[attr-defined]
    return float(metric.finish(float(np.mean(rows))))  # type: ignore[attr-defined]


def constant_answer(target: Target, y: Any) -> Any:
    """The best answer that looks at no column: the share of each class, or the mean."""
    if not target.is_classes:
        return y.mean()
    return np.bincount(y, minlength=len(target.classes)) / len(y)
