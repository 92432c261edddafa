"""Figures of answers that are there already, by the metrics that training uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet import graph, metrics
from glassnet.losses.loss import per_row
from glassnet.metrics.registry import find as find_metric
from glassnet.tables.columns import Target


def names_for(target: Target) -> list[str]:
    """The metrics by which answers to a target are judged."""
    if not target.is_classes:
        return ["root_mean_squared_error", "mean_absolute_error", "r2"]
    ranks = ["roc_auc"] if target.is_binary else []
    return ["accuracy", "balanced_accuracy", *ranks, "log_loss"]


def score(name: str, y: Any, p: Any) -> float:
    """A metric of targets y (n,) and answers p: probabilities (n, classes) or amounts (n,)."""
    return float(scores(name, y, p)[0])


def scores(name: str, y: Any, p: Any) -> Any:
    """A metric of each of several answers (k,) to the same targets y (n,).

    p  the answers one below another: probabilities (k n, classes) or amounts (k n,)
    """
    metric, count = find_metric(name), len(p) // len(y)
    y = np.tile(y, count)
    if p.ndim == 1 or p.shape[1] == 2:  # one column: amounts, or the probability of a yes
        p, y = p.reshape(len(p), -1)[:, -1:], y[:, None]
    if isinstance(metric, metrics.WholeMetric):
        parts = zip(np.split(y, count), np.split(p, count), strict=True)
        return np.array([metric.score(of_y, of_p) for of_y, of_p in parts])
    leaves = [graph.input(n, ("B", *a.shape[1:]), a.dtype.name) for n, a in (("y", y), ("p", p))]
    values = dict(zip(leaves, (y, p), strict=True))
    formula = per_row(name, metric.rows(*leaves))  # type: ignore[attr-defined]
    (rows,) = graph.evaluate([formula], values, len(y))
    means = np.mean(rows.reshape(count, -1), axis=1)
    return np.array([metric.finish(float(mean)) for mean in means])  # type: ignore[attr-defined]


def constant_answer(target: Target, y: Any) -> Any:
    """The best answer that looks at no column: the share of each class, or the mean."""
    if not target.is_classes:
        return y.mean()
    return np.bincount(y, minlength=len(target.classes)) / len(y)
