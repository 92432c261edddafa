"""Windows as views of the one array of the series: none is copied, a batch gathers its own.

Row i of the views is the window whose first step is step i of the arrays. It looks back on steps
i .. i + W - 1 and foretells i + W .. i + W + H - 1; which rows take part is told by their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from glassnet.series.calendar import calendar
from glassnet.series.description import Description
from glassnet.series.grid import Grid, filled

_MOST_UNKNOWN = 0.25  # of the values to foretell, and
MOST_UNSEEN = 0.5  # of those looked back on


@dataclass(frozen=True)
class Windows:
    """The arrays of a series, step below step (N, ...), group after group.

    y        the target, where it is missing the value before it
    known    where it is not missing
    columns  those looked back on (N, C); ahead: what is known of the steps to come (N, K)
    ticks, group  the time of each step, and the number of its group
    codes    of the groups as the network counts them, -1 for one that it has not met
    """

    window: int
    horizon: int
    y: Any
    known: Any
    columns: Any
    ahead: Any
    ticks: Any
    group: Any
    codes: Any

    @property
    def count(self) -> int:
        """How many windows there are, those among them that cross from a group to the next."""
        return max(0, len(self.y) - self.window - self.horizon + 1)

    def inputs(self) -> dict[str, Any]:
        """The network's inputs, views: past (n, W), columns (n, W, C), ahead (n, H, K), group."""
        found = {"past": _slid(self.y, 0, self.window, self.count)}
        if self.columns.shape[1]:
            found["columns"] = _slid(self.columns, 0, self.window, self.count)
        if self.ahead.shape[1]:
            found["ahead"] = _slid(self.ahead, self.window, self.horizon, self.count)
        if self.codes is not None:
            found["group"] = self.codes[: self.count]
        return found

    def targets(self) -> Any:
        """What is to be foretold (n, H), a view."""
        return _slid(self.y, self.window, self.horizon, self.count)

    def known_targets(self) -> Any:
        """Which of it is known (n, H), a view."""
        return _slid(self.known, self.window, self.horizon, self.count)

    def with_codes(self, description: Description, grid: Grid) -> Windows:
        """The same windows, their groups counted as this description has them."""
        return replace(self, codes=_codes(description, grid))

    def usable(self) -> Any:
        """The numbers of the windows within one group in which enough is known."""
        last = self.window + self.horizon - 1
        inside = self.group[: self.count] == self.group[last : last + self.count]
        total = np.concatenate([[0], np.cumsum(self.known)])
        seen = total[self.window : self.window + self.count] - total[: self.count]
        told = total[last + 1 : last + 1 + self.count] - total[self.window :][: self.count]
        enough = (seen >= (1 - MOST_UNSEEN) * self.window) & (
            told >= (1 - _MOST_UNKNOWN) * self.horizon
        )
        return np.flatnonzero(inside & enough)

    def first_ticks(self, rows: Any) -> Any:
        """The time of the first step that a window foretells."""
        return self.ticks[rows + self.window]

    def last_ticks(self, rows: Any) -> Any:
        """The time of the last step that a window foretells."""
        return self.ticks[rows + self.window + self.horizon - 1]


def _slid(array: Any, first: int, size: int, count: int) -> Any:
    """Stretches of `size` steps, each one step after the one before, from `first` on: a view."""
    stride = array.strides[0]
    return as_strided(
        array[first:], (count, size, *array.shape[1:]), (stride, *array.strides), writeable=False
    )


def windows_of(description: Description, grid: Grid, y: Any, columns: dict[str, Any]) -> Windows:
    """The arrays for steps on a grid.

    y        the target of the rows of the table, NaN where missing
    columns  the numbers of each column, likewise
    """
    laid, dtype = grid.laid(y), description.dtype
    beside = [filled(grid.laid(columns[c.name]), grid.firsts, c.mean) for c in description.columns]
    names = [c.name for c in description.columns]
    ahead = [beside[names.index(name)] for name in description.ahead]
    parts = calendar(description.clock, grid.ticks, description.calendar)
    return Windows(
        description.window, description.horizon,
        filled(laid, grid.firsts, _firsts(laid, grid)).astype(dtype), ~np.isnan(laid),
        _side_by_side(beside, len(laid), dtype),
        _side_by_side([*ahead, *parts.T], len(laid), dtype),
        grid.ticks, grid.group, _codes(description, grid),
    )  # fmt: skip


def _firsts(laid: Any, grid: Grid) -> Any:
    """For each step the first value that its group has, for steps before it."""
    known = np.flatnonzero(~np.isnan(laid))
    at = np.searchsorted(known, grid.firsts[:-1])
    first = laid[known[np.minimum(at, len(known) - 1)]]
    return np.repeat(first, np.diff(grid.firsts))


def _side_by_side(columns: list[Any], n: int, dtype: str) -> Any:
    found = np.empty((n, len(columns)), dtype)
    for i, column in enumerate(columns):
        found[:, i] = column
    return found


def _codes(description: Description, grid: Grid) -> Any:
    """The number of each step's group among those of the training, or None without groups."""
    if not description.group:
        return None
    places = {name: i for i, name in enumerate(description.scales)}
    codes = np.array([places.get(name, -1) for name in grid.names])
    return codes[grid.group]
