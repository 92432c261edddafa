"""Statistics of columns, from batches of rows that need not fit into memory together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Batches = Callable[[], Iterator[Any]]  # arrays (rows, ..., I) of float64, from the start each time

_TOGETHER = 1 << 23  # numbers that are sorted together: 64 MiB
_DUST = 10 * float(np.finfo(np.float64).eps)  # deviation of a constant, relative to it


def moments(batches: Batches) -> tuple[Any, Any]:
    """Mean and deviation of each column, (I,) both, from what is no NaN.

    The deviation divides by n. That of a column which never varies is 1.
    """
    mean = _mean(batches, lambda x: x)
    scale = np.sqrt(_mean(batches, lambda x: (x - mean) ** 2))
    return mean, np.where(scale > _DUST * np.abs(mean), scale, 1.0)


def _mean(batches: Batches, of: Callable[[Any], Any]) -> Any:
    """The mean of a function of the columns, and 0 where nothing is known of one."""
    total, count = 0.0, 0
    for batch in batches():
        rows = of(batch.reshape(-1, batch.shape[-1]))
        total = total + np.nansum(rows, axis=0)
        count = count + np.count_nonzero(~np.isnan(rows), axis=0)
    return total / np.maximum(count, 1)


def medians(batches: Batches) -> Any:
    """The median of each column's known numbers, (I,); 0 where there are none."""
    shapes = [batch.shape for batch in batches()]
    width = shapes[0][-1]
    n_rows = sum(int(np.prod(shape[:-1])) for shape in shapes)
    together = max(1, _TOGETHER // n_rows)
    found: list[float] = []
    for first in range(0, width, together):
        parts = [b.reshape(-1, width)[:, first : first + together] for b in batches()]
        columns = np.concatenate(parts).T
        known = [column[~np.isnan(column)] for column in columns]
        found += [float(np.median(numbers)) if len(numbers) else 0.0 for numbers in known]
    return np.array(found)
