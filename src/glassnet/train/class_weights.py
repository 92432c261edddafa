"""From class_weight={class: number} to one weight for each class of each output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from glassnet.data import Rows, check_largest
from glassnet.errors import DataError, SettingError, ShapeError
from glassnet.graph import Node
from glassnet.train.objectives import Objectives, per_output

_TRUTHS, _SIGNS = (0, 1), (-1, 1)  # what the two classes of a single unit may be called
_TABLE = 2  # axes


def class_weights(value: Any, objectives_: Objectives, rows: Rows, dtype: str) -> list[Any]:
    """An array of one weight a class for each output, or None."""
    n = len(rows.targets)
    if value is None:
        return [None] * n
    given = per_output(value, objectives_.names, "class_weight") if n > 1 else [value]
    for one, objective in zip(given, objectives_.each, strict=True):
        if one is not None and objective.loss.target == "labels":
            raise SettingError(
                f"class_weight needs one class a row, and {objective.loss.name} takes a row of "
                "labels. Weigh rows by sample_weight instead."
            )
    return [
        None if one is None else _of_output(one, rows.target(i), p).astype(dtype)
        for i, (one, p) in enumerate(zip(given, objectives_.outputs, strict=True))
    ]


def _of_output(value: Any, y: Any, p: Node) -> Any:
    """One weight for each class of an output, (K,), from what was asked for."""
    if p.ndim < 2:
        raise ShapeError(f"class_weight needs an output with an axis of classes, got {p.spec}.")
    if max(p.ndim, y.ndim) > _TABLE:
        raise ShapeError(f"class_weight needs one class a row, got targets of shape {y.shape}.")
    places, labels = _places(y, int(p.shape[-1]))
    if isinstance(value, str):
        if value != "balanced":
            raise SettingError(f"class_weight is 'balanced', a dict or a list, got {value!r}.")
        counts = np.bincount(places, minlength=len(labels))
        weights = len(places) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    elif isinstance(value, Mapping):
        weights = _by_label(value, labels)
    else:
        given = np.asarray(value)
        weights = given.astype(float) if given.dtype.kind in "fiub" else np.full(1, np.nan)
    _check(weights, places, len(labels), value)
    return weights


def _places(y: Any, units: int) -> tuple[Any, Sequence[int]]:
    """The class of each row as a number from 0, (n,), and what the classes are called."""
    if y.ndim == 1:
        return _whole(y, range(max(2, units))), range(max(2, units))
    if y.shape[1] == 1:
        column = y[:, 0]
        labels = _SIGNS if column.min() == _SIGNS[0] else _TRUTHS
        return _whole(column, labels), labels
    if not np.allclose(y.sum(axis=1), 1, atol=1e-3):
        raise DataError(
            "class_weight needs one class a row, but there are rows of y that do not sum to 1. "
            "Weigh such rows by sample_weight."
        )
    return y.argmax(axis=1), range(y.shape[1])


def _whole(numbers: Any, labels: Sequence[int]) -> Any:
    """The place of each number among the labels."""
    known = np.isin(numbers, labels)
    if not known.all():
        listed = f"{labels[0]} to {labels[-1]}" if len(labels) > 2 else f"{labels[0]} and 1"
        fractions = numbers.dtype.kind == "f" and np.any(numbers != np.floor(numbers))
        came = "fractions" if fractions else f"{numbers[~known][0]}"
        raise DataError(
            f"class_weight needs targets that are classes, {listed}, got {came}. Weigh rows by "
            "sample_weight instead."
        )
    return np.searchsorted(labels, numbers)


def _by_label(value: Mapping[Any, Any], labels: Sequence[int]) -> Any:
    """Weights by class; one that is not named counts once. Of True and 1.0 the class is 1."""
    weights = np.ones(len(labels))
    for label, weight in value.items():
        number = label.item() if isinstance(label, np.generic) else label
        if not isinstance(number, Real) or number not in labels:
            listed = f"{labels[0]} to {labels[-1]}" if labels[0] == 0 else "-1 and 1"
            raise SettingError(f"class_weight: there is no class {label!r}, only {listed}.")
        weights[labels.index(int(float(number)))] = weight if isinstance(weight, Real) else np.nan
    return weights


def _check(weights: Any, places: Any, count: int, value: Any) -> None:
    if weights.shape != (count,) or not np.all((weights >= 0) & np.isfinite(weights)):
        raise SettingError(f"class_weight needs {count} numbers of 0 or more, got {value!r}.")
    if not weights[places].any():
        raise SettingError(
            f"class_weight is 0 for every class that occurs, got {value!r}: nothing can be learnt. "
            "Give at least one of them a weight above 0."
        )
    check_largest(float(weights[places].max()), "class_weight", SettingError)
