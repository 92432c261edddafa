"""Targets that are sequences of labels, (B, L): each row's labels, then -1."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.errors import DataError

_MATRIX = 2
FILL = -1  # behind the labels of a row


def filled_up(array: Any, length: int) -> Any:
    """As many columns as the loss takes, where there are fewer."""
    missing = length - array.shape[1] if array.ndim == _MATRIX else 0
    return np.pad(array, ((0, 0), (0, missing)), constant_values=FILL) if missing > 0 else array


def check_labels(array: Any, what: str, classes: int) -> Any:
    """Labels 1 .. classes - 1 as integers, and -1 only behind them."""
    if np.any(array != np.floor(array)):
        raise DataError(f"{what} must hold labels 1, 2, ..., got fractions.")
    row = _first(array == 0)
    if row is not None:
        raise DataError(
            f"{what}: row {row} has the label 0, which is the blank. Count labels from 1, and fill "
            f"rows up with {FILL}."
        )
    row = _first((array < FILL) | (array >= classes))
    if row is not None:
        outside = array[row][(array[row] < FILL) | (array[row] >= classes)][0]
        raise DataError(
            f"{what}: row {row} has the label {outside:.6g}, but the output has {classes} classes: "
            f"the blank 0, and labels 1 to {classes - 1}. Give the last layer a unit for each "
            f"label and one more, or correct the labels; {FILL} fills rows up."
        )
    row = _first((array[:, :-1] == FILL) & (array[:, 1:] != FILL))
    if row is not None:
        raise DataError(
            f"{what}: row {row} has labels behind a {FILL}. Give its labels first, then {FILL}."
        )
    return array if array.dtype.kind in "iu" else array.astype(np.int64)


def check_steps(array: Any, what: str, n_steps: int) -> None:
    """DataError for a row that no path of so many steps can spell."""
    labels = np.count_nonzero(array != FILL, axis=1)
    twice = (array[:, 1:] == array[:, :-1]) & (array[:, 1:] != FILL)
    repeats = np.count_nonzero(twice, axis=1)
    row = _first((labels + repeats > n_steps)[:, None])
    if row is None:
        return
    few = "1 blank" if repeats[row] == 1 else f"{repeats[row]} blanks"
    blanks = f" and {few} between equal ones" if repeats[row] else ""
    raise DataError(
        f"{what}: row {row} has {labels[row]} labels, which take {labels[row] + repeats[row]} "
        f"steps ({labels[row]} labels{blanks}), but the output has {n_steps}. Give longer "
        "sequences or shorter rows of labels, or let the layers before keep more steps."
    )


def _first(wrong: Any) -> int | None:
    """The first row in which anything is wrong."""
    rows = np.flatnonzero(wrong.any(axis=1))
    return int(rows[0]) if len(rows) else None
