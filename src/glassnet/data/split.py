"""Seeded splits into rows for training and rows held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet import philox
from glassnet.errors import DataError, SettingError

_MOST_CLASSES = 100
_MOST_SHOWN = 5


def split_rows(n_rows: int, share: float, seed: int, y: Any = None) -> tuple[Any, Any]:
    """(rows for training, rows held out), each in rising order.

    With y, the classes keep their shares: numbers of few distinct whole values, one-hot rows.
    """
    if not 0 < share < 1:
        raise SettingError(f"The share held out must be between 0 and 1, got {share!r}.")
    held: list[Any] = []
    groups = _groups(n_rows, y)
    for stream, rows in enumerate(groups):
        order = rows[philox.permutation(len(rows), seed, philox.SPLIT, stream)]
        held.append(order[: round(share * len(rows))])
    is_held = np.zeros(n_rows, bool)
    is_held[np.concatenate(held)] = True
    kept, out = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    if not len(out) or not len(kept):
        raise DataError(
            f"Holding out {share:g} of {n_rows} rows leaves {len(kept)} for training and "
            f"{len(out)} held out{_why(groups)}. Give more rows, or another share."
        )
    return kept, out


def _why(groups: list[Any]) -> str:
    """Of classes each is split, so that a share of few rows rounds to none, or to all."""
    if len(groups) < 2:
        return ""
    rows = ", ".join(str(len(rows)) for rows in groups[:_MOST_SHOWN])
    more = ", ..." if len(groups) > _MOST_SHOWN else ""
    return f": {len(groups)} classes keep their shares, and the share is taken of {rows}{more} rows"


def _groups(n_rows: int, y: Any) -> list[Any]:
    everything = [np.arange(n_rows)]
    if y is None or np.ndim(y) > 2:
        return everything
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels.argmax(axis=-1) if labels.shape[-1] > 1 else labels[..., 0]
    if labels.ndim != 1 or (labels.dtype.kind == "f" and np.any(labels != np.floor(labels))):
        return everything
    values, which = np.unique(labels, return_inverse=True)
    if len(values) > min(_MOST_CLASSES, n_rows // 2):
        return everything
    return [np.flatnonzero(which == i) for i in range(len(values))]


def row_numbers(given: Any, n_rows: int, what: str) -> Any:
    """The numbers of some rows, checked, as int64. `what` they are called is for the message."""
    found = np.asarray(given)
    if found.ndim != 1 or found.dtype.kind not in "iu" or not len(found):
        raise DataError(
            f"{what} must be the numbers of rows, at least one, got shape {found.shape} of "
            f"{found.dtype.name}. For a mask of truths give np.flatnonzero(mask)."
        )
    low, high = int(found.min()), int(found.max())
    if low < 0 or high >= n_rows:
        raise DataError(f"{what} names rows {low:,} to {high:,}; there are 0 to {n_rows - 1:,}.")
    return found.astype(np.int64)
