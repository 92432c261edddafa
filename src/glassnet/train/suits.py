"""Which outputs and which targets a loss is made for: a table, and what is said of others.

Only what is surely wrong is refused. Of an output that ends in a formula of the user's own nothing
is known, and losses of the user's own take anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import losses
from glassnet.errors import DataError, SettingError
from glassnet.graph import Node

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
    kind = "linear" if _is_affine(p) else p.op.name
    lies = _RANGES.get(kind)
    if lies is not None and not demand.lies(*lies):
        advice = f"gn.Dense({units}, {demand.last!r})" if demand.last else f"gn.Dense({units})"
        raise SettingError(
            f"{loss.name} takes {demand.takes}, but the output {output!r} ends in {kind!r}, which "
            f"gives {_words(*lies)}. End in {advice}, or take a loss for such an output."
        )


def check_target(loss: losses.Loss, y: Any, what: str) -> None:
    """DataError for targets that this loss is not made for."""
    if type(loss) in _DEMANDS:
        _DEMANDS[type(loss)].target(y, what, loss.name)


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
        advice = (
            "Correct them; for amounts take a last layer without activation."
            if fractions or low < 0
            else f"For class numbers end in gn.Dense({int(high) + 1}, 'softmax'); or correct them."
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
_DEMANDS = {
    losses.BinaryCrossentropy: _PROBABILITY,
    losses.Focal: _PROBABILITY,
    losses.CategoricalCrossentropy: Demand(
        lambda low, _: low >= 0, "probabilities of classes", "softmax", classes=True, target=_shares
    ),
    losses.SparseCategoricalCrossentropy: Demand(
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
