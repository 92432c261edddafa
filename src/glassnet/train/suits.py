"""Which outputs and targets a loss or a metric is made for: a table, and what is said of others.

Only what is surely wrong is refused. Of an output that ends in a formula of the user's own nothing
is known, and losses of the user's own take anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import losses, metrics
from glassnet.data.labels import check_steps
from glassnet.errors import DataError, SettingError
from glassnet.graph import Node
from glassnet.metrics import Brier, LogLoss
from glassnet.metrics.metric import FunctionMetric

_SUM = 1e-3  # by which the shares of a row may miss 1


@dataclass(frozen=True)
class Demand:
    """What a loss needs.

    lies      whether an output whose numbers lie from low to high will do; takes says which
    last      the activation to end in instead
    classes   whether there must be at least two of them
    target    raises where y is outside of what the loss takes: (y, what it is called, name)
    """

    lies: Callable[[float, float], bool]
    takes: str
    last: str
    classes: bool = False
    target: Callable[[Any, str, str], None] = lambda y, what, name: None


def check_output(loss: losses.Loss, p: Node, output: str) -> None:
    """SettingError for an output that this loss can never be right for."""
    demand = _DEMANDS.get(type(loss))
    if demand is None:
        return
    units = p.shape[-1] if p.ndim > 1 else 1
    if demand.classes and units == 1:
        raise SettingError(
            f"{loss.name} compares classes, but the output {output!r} has one unit. For yes or no "
            "take loss='binary_crossentropy' with gn.Dense(1, 'sigmoid'); for K classes "
            "gn.Dense(K, 'softmax')."
        )
    lies = _lies(p)
    if lies is not None and not demand.lies(*lies):
        advice = f"gn.Dense({units}, {demand.last!r})" if demand.last else f"gn.Dense({units})"
        raise SettingError(
            f"{loss.name} takes {demand.takes}, but the output {output!r} ends in {_ending(p)!r}, "
            f"which gives {_words(*lies)}. End in {advice}, or take a loss for such an output."
        )


def check_target(loss: losses.Loss, y: Any, what: str, p: Node) -> None:
    """DataError for targets that this loss is not made for, of the output p."""
    if isinstance(loss, losses.CTC):
        check_steps(y, what, int(p.shape[1]))
    if type(loss) in _DEMANDS:
        _DEMANDS[type(loss)].target(y, what, loss.name)


def takes_signs(loss: losses.Loss, y: Any) -> bool:
    """Whether the two answers are -1 and 1: so for hinge, and wherever y holds just these."""
    if isinstance(loss, losses.Hinge):
        return True
    if y is None:
        return False
    try:
        array = np.asarray(y)
    except ValueError:  # what is no array is said where targets are checked
        return False
    whole = array.dtype.kind in "if" and array.size > 0 and array.min() == -1
    return bool(whole and np.all(np.abs(array) == 1))


def check_metric(
    metric: metrics.Metric, loss: losses.Loss, p: Node, y: Any, what: str, output: str
) -> None:
    """Raise for a metric of classes or probabilities where output or target hold none."""
    if type(metric) in _OF_CLASSES and type(loss) in _OF_AMOUNTS and y.ndim == p.ndim:
        _classes(y, what, metric.name, loss.name)
    if type(metric) not in _OF_PROBABILITIES:
        return
    lies = _lies(p)
    if lies is not None and not _PROBABILITY.lies(*lies):
        raise SettingError(
            f"{metric.name} is a metric of probabilities, but the output {output!r} ends in "
            f"{_ending(p)!r}, which gives {_words(*lies)}. End in a sigmoid or a softmax, or take "
            "a metric for such an output."
        )
    if y.ndim == p.ndim:
        _from_0_to_1(y, what, metric.name)


def check_places(of_output: Sequence[metrics.Metric], loss: losses.Loss) -> None:
    """SettingError for a metric that looks for labels at places, which this loss does not know."""
    known = [m for m in of_output if not isinstance(m, FunctionMetric)]
    if known and loss.target == "labels":
        raise SettingError(
            f"{known[0].name} compares an answer with each target, and the labels of {loss.name} "
            "have no steps of their own. Leave it out and compare what net.predict(x).argmax(-1) "
            "spells, or write a metric of your own, a function (y, p)."
        )


def _ending(p: Node) -> str:
    """What an output ends in, as its activation is called."""
    return "linear" if _is_affine(p) else p.op.name


def _lies(p: Node) -> tuple[float, float] | None:
    """From where to where an output lies; None where that is not known."""
    return _RANGES.get(_ending(p))


def _is_affine(p: Node) -> bool:
    """A product of matrices, with a bias or without one: an output without activation."""
    return p.op.kind == "contract" or (
        p.op.name == "add" and any(arg.op.kind == "contract" for arg in p.args)
    )


_RANGES = {
    "linear": (-math.inf, math.inf), "tanh": (-1, 1), "relu": (0, math.inf),
    "softplus": (0, math.inf), "exp": (0, math.inf), "sigmoid": (0, 1), "softmax": (0, 1),
}  # fmt: skip


def _words(low: float, high: float) -> str:
    if low == -math.inf:
        return "any number"
    return f"numbers from {low} to {high}" if high < math.inf else f"numbers from {low} up"


def _shares(y: Any, what: str, name: str) -> None:
    if y.min() < 0 or not np.allclose(y.sum(axis=-1), 1, atol=_SUM):
        raise DataError(
            f"{what}: {name} takes rows that sum to 1 (one-hot rows, say), none below 0. For class "
            "numbers use sparse_categorical_crossentropy."
        )


def _from_0_to_1(y: Any, what: str, name: str) -> None:
    low, high = y.min(), y.max()
    if low < 0 or high > 1:
        fractions = y.dtype.kind == "f" and bool(np.any(y != np.floor(y)))
        if low > 0 and np.all((y == low) | (y == high)):
            advice = f"Number the two classes 0 and 1: give (y == {high}).astype(int)."
        elif fractions or low < 0:
            advice = "Correct them; for amounts take a last layer without activation."
        else:
            advice = (
                f"For class numbers end in gn.Dense({int(high) + 1}, 'softmax'); or correct them."
            )
        raise DataError(f"{what}: {name} takes targets from 0 to 1, got {low} to {high}. {advice}")


def _signs(y: Any, what: str, name: str) -> None:
    if not np.all(np.abs(y) == 1):
        low, high = y.min(), y.max()
        advice = (
            "Give 2 * y - 1, or take loss='binary_crossentropy' with a sigmoid."
            if (low, high) in {(0, 1), (0, 0), (1, 1)}
            else "For amounts take loss='mean_squared_error'."
        )
        raise DataError(f"{what}: {name} takes targets of -1 and 1, got {low} to {high}. {advice}")


def _classes(y: Any, what: str, name: str, loss: str) -> None:
    low, high = y.min(), y.max()
    if not (np.all((y == 0) | (y == 1)) or np.all(np.abs(y) == 1)):
        raise DataError(
            f"{what}: {name} is a metric of classes, but under {loss} these targets are amounts, "
            f"from {low:g} to {high:g}. Take 'mean_absolute_error', 'root_mean_squared_error' or "
            "'r2'; for classes another loss, or targets of 0 and 1."
        )


def _counts(y: Any, what: str, name: str) -> None:
    if y.min() < 0:
        raise DataError(
            f"{what}: {name} takes counts, 0 or more, got {y.min()}. For amounts of either sign "
            "take loss='mean_squared_error'."
        )


_PROBABILITY = Demand(
    lambda low, high: low >= 0 and high <= 1, "an output from 0 to 1", "sigmoid",
    target=_from_0_to_1,
)  # fmt: skip
_OF_PROBABILITIES = {LogLoss, Brier}
_OF_CLASSES = {
    metrics.Accuracy,
    metrics.BalancedAccuracy,
    metrics.TopKAccuracy,
    metrics.Precision,
    metrics.Recall,
    metrics.F1,
    metrics.RocAuc,
    metrics.AveragePrecision,
}
_OF_AMOUNTS = {
    losses.SumSquaredError,
    losses.MeanSquaredError,
    losses.MeanAbsoluteError,
    losses.Huber,
    losses.Quantile,
    losses.LogCosh,
    losses.Poisson,
    losses.CosineSimilarity,
}
_DEMANDS = {
    losses.BinaryCrossentropy: _PROBABILITY,
    losses.Focal: _PROBABILITY,
    losses.CategoricalCrossentropy: Demand(
        lambda low, _: low >= 0, "probabilities of classes", "softmax", classes=True, target=_shares
    ),
    losses.SparseCategoricalCrossentropy: Demand(
        lambda low, _: low >= 0, "probabilities of classes", "softmax", classes=True
    ),
    losses.CTC: Demand(
        lambda low, _: low >= 0, "probabilities of classes", "softmax", classes=True
    ),
    losses.KlDivergence: Demand(
        lambda low, high: low >= 0 and high <= 1, "shares that sum to 1", "softmax", classes=True,
        target=_shares,
    ),
    losses.Poisson: Demand(
        lambda low, _: low >= 0, "an output above 0", "softplus", target=_counts
    ),
    losses.Hinge: Demand(
        lambda low, _: low < 0, "an output of either sign", "", target=_signs
    ),
}  # fmt: skip
