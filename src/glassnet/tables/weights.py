"""How much rows count: a column of the table says it, or the classes that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, SettingError, UnknownNameError, shown
from glassnet.tables.columns import Target
from glassnet.tables.columns.cells import parse, without_far

if TYPE_CHECKING:
    import polars as pl


def row_weights(cells: pl.Series, target: str) -> Any:
    """The numbers of the column of weights, (n,); NaN where one is missing."""
    if cells.name == target:
        raise SettingError(f"{target!r} is the target, so it cannot be the column of weights too.")
    parsed = without_far(cells, parse(cells))
    if parsed.huge:
        raise DataError(
            f"The weights {cells.name!r} hold {parsed.huge}. Divide them all by a power of ten, or "
            "correct such cells."
        )
    if parsed.foreign:
        raise DataError(
            f"The weights {cells.name!r} are no numbers, such as {shown(parsed.example)}."
        )
    return parsed.numbers


def check_weights(weights: Any, name: str) -> None:
    """Weights of rows that take part are there, and 0 or more."""
    missing, negative = int(np.isnan(weights).sum()), int((weights < 0).sum())
    if missing:
        raise DataError(
            f"The weight {name!r} is missing in {missing:,} rows. Fill it (with 1, say), or drop "
            "those rows."
        )
    if negative:
        raise DataError(f"The weight {name!r} is below 0 in {negative:,} rows.")


def class_weights(asked: str | Mapping[str, float] | None, target: Target, y: Any) -> Any:
    """One number a class, (classes,), or None. `y` are the class numbers of the training rows.

    "balanced" is rows / (classes * rows of the class), as scikit-learn has it.
    """
    if asked is None:
        return None
    if not target.is_classes:
        raise SettingError(
            f"class_weight is for classes, but {target.name!r} is an amount. Leave it out, or give "
            "weights='COLUMN' for rows that count more than others."
        )
    if asked == "balanced":
        counts = np.bincount(y, minlength=len(target.classes))
        return len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    assert isinstance(asked, Mapping)  # noqa: S101 - the settings have checked it
    weights = np.ones(len(target.classes))
    for name, weight in asked.items():
        if name not in target.classes:
            raise UnknownNameError(f"class of {target.name!r}", name, target.classes)
        weights[target.classes.index(name)] = weight
    if not weights[y].any():
        raise SettingError("class_weight is 0 for every row to train on.")
    return weights
