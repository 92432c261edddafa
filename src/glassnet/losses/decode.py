"""What a network that was trained by CTC says: labels from the classes of each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.errors import DataError, ShapeError

_FILL = -1  # behind the labels of a row, as in the targets of CTC
_SEQUENCE = 3  # axes


def ctc_decode(p: Any, lengths: Any = None) -> Any:
    """The labels that the likeliest class of each step spells: greedy, or best path, decoding.

    Each run of one class is taken once, then the blank, class 0, is taken out. This is the
    likeliest path, not always the likeliest labels, which may be spelt by many (Graves et al.,
    2006, section 3.2).

    p        (B, T, K), probabilities or logits, as net.predict gives them
    lengths  (B,): how many steps of each row count; None is all of them

    The result is (B, L) whole numbers with L of the longest row, each row's labels and then -1: as
    the targets of `gn.losses.CTC`.

    >>> import numpy as np
    >>> from glassnet.losses import ctc_decode
    >>> ctc_decode(np.eye(3)[[[0, 1, 1, 0, 2], [1, 0, 1, 1, 2]]]).tolist()
    [[1, 2, -1], [1, 1, 2]]
    >>> ctc_decode(np.eye(3)[[[0, 1, 1, 0, 2], [1, 0, 1, 1, 2]]], lengths=[2, 4]).tolist()
    [[1, -1], [1, 1]]
    """
    p = np.asarray(p)
    if p.ndim != _SEQUENCE or p.shape[-1] < 2:
        raise ShapeError(
            "ctc_decode takes the classes of each step, (B, T, classes) with class 0 the blank, "
            f"got {p.shape}. Give what net.predict gives; of one row p[None]."
        )
    path = p.argmax(axis=-1)  # (B, T)
    before = np.pad(path, ((0, 0), (1, 0)))[:, :-1]  # a blank before the first step
    spelt = (path != 0) & (path != before) & _counted(lengths, *path.shape)
    rows = [classes[kept] for classes, kept in zip(path, spelt, strict=True)]
    found = np.full((len(rows), max(map(len, rows), default=0)), _FILL, np.int64)
    for row, labels in zip(found, rows, strict=True):
        row[: len(labels)] = labels
    return found


def _counted(lengths: Any, n_rows: int, n_steps: int) -> Any:
    """(B, T): which steps count."""
    if lengths is None:
        return np.ones((n_rows, n_steps), bool)
    counts = np.asarray(lengths)
    if counts.shape != (n_rows,):
        raise ShapeError(
            f"ctc_decode: lengths {counts.shape} must be one number for each row, ({n_rows},)."
        )
    if counts.dtype.kind not in "iu" or np.any((counts < 0) | (counts > n_steps)):
        raise DataError(
            f"ctc_decode: lengths must be whole numbers from 0 to the {n_steps} steps, got "
            f"{counts.tolist()}. Of a mask (B, T) it is mask.sum(axis=1)."
        )
    return np.arange(n_steps) < counts[:, None]
