"""Metrics by name."""

from __future__ import annotations

from typing import Any

from glassnet import calls
from glassnet.errors import SettingError, look_up
from glassnet.metrics.metric import FunctionMetric, Metric, RowMetric, WholeMetric
from glassnet.metrics.rows import (
    Accuracy,
    Brier,
    LogLoss,
    MeanAbsoluteError,
    MeanAbsoluteScaledError,
    RootMeanSquaredError,
    TopKAccuracy,
)
from glassnet.metrics.whole import (
    F1,
    R2,
    AveragePrecision,
    BalancedAccuracy,
    Precision,
    Recall,
    RocAuc,
)
from glassnet.spelling import snake

METRICS: dict[str, type[Metric]] = {
    snake(each.__name__): each
    for each in (Accuracy, BalancedAccuracy, TopKAccuracy, Precision, Recall, F1, RocAuc,
                 AveragePrecision, LogLoss, Brier, MeanAbsoluteError,
                 MeanAbsoluteScaledError, RootMeanSquaredError, R2)
}  # fmt: skip


def find(metric: Any) -> Metric:
    """A metric from its name, itself, or a function (y, p) in graph ops."""
    if isinstance(metric, RowMetric | WholeMetric):
        return metric
    if isinstance(metric, str):
        return look_up("metric", metric, METRICS)()
    if isinstance(metric, type) and issubclass(metric, RowMetric | WholeMetric):
        return metric()
    if isinstance(metric, Metric) or (isinstance(metric, type) and issubclass(metric, Metric)):
        raise SettingError(
            "A metric of your own is derived from RowMetric or WholeMetric, got "
            f"{calls.shown(metric)}."
        )
    if callable(metric):
        return FunctionMetric(function=metric)
    raise SettingError(f"A metric is a name, a function (y, p) or an object, got {metric!r}.")
