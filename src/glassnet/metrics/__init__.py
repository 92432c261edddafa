"""Metrics: figures by which people judge a network, beside the loss that it is trained on.

A `RowMetric` is a mean over rows, in graph ops: it is traced into the step, printed and compiled.
A `WholeMetric` needs all rows at once, so it takes NumPy arrays. Definitions are scikit-learn's. A
metric of your own is a plain function (y, p) in graph ops that gives a number for each row.

p (B, 1) is a yes or no, yes above a threshold (0.5, and 0 for targets of -1 and 1); p (B, K) names
one of K classes, the largest; to a `RowMetric`, sigmoids (B, K) are K times yes or no. The target y
has the shape of p, or holds class numbers, (B,). A figure without a value, since y holds one class
only, is nan.
"""

from typing import TYPE_CHECKING, NoReturn

from glassnet import errors
from glassnet.metrics.metric import Metric, RowMetric, WholeMetric, YesOrNo
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

__all__ = [
    "F1", "R2", "Accuracy", "AveragePrecision", "BalancedAccuracy", "Brier", "LogLoss",
    "MeanAbsoluteError", "MeanAbsoluteScaledError", "Metric", "Precision", "Recall", "RocAuc",
    "RootMeanSquaredError",
    "RowMetric", "TopKAccuracy", "WholeMetric", "YesOrNo",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # or everything would be known behind the dot

    def __getattr__(name: str) -> NoReturn:
        raise errors.UnknownAttributeError(f"module {__name__!r}", name, __all__, __name__)
