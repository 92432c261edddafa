"""Rows in the order of their time, one for each step of the clock: what a table of series becomes.

Group after group lies in one array, so that a window is a stretch of it and nothing is copied for
it. Steps without a row are there too, as missing ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.errors import DataError, shown
from glassnet.series.clock import Clock

_MOST_MISSING = 0.5  # of the steps may lack a row


@dataclass(frozen=True)
class Grid:
    """The steps of all groups.

    names   of the groups, in order; firsts (G + 1,): where each begins, and the last ends
    ticks   of each step (N,)
    rows    the row of the table that stands there, or -1 (N,)
    unsorted  how many rows stood before an earlier one of their group
    """

    names: list[str]
    firsts: Any
    ticks: Any
    rows: Any
    unsorted: int = 0

    @property
    def group(self) -> Any:
        """The number of each step's group (N,)."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.firsts))

    @property
    def n_missing(self) -> int:
        """Steps without a row."""
        return int((self.rows < 0).sum())

    def laid(self, numbers: Any) -> Any:
        """A column's numbers (rows of the table,) on the steps (N,), NaN where there is no row."""
        return np.where(self.rows < 0, np.nan, numbers[self.rows])

    def only(self, groups: Any) -> Grid:
        """Some of the groups, by their numbers in rising order."""
        kept = [np.arange(self.firsts[g], self.firsts[g + 1]) for g in groups]
        at = np.concatenate(kept)
        firsts = np.cumsum([0, *map(len, kept)])
        names = [self.names[g] for g in groups]
        return Grid(names, firsts, self.ticks[at], self.rows[at], self.unsorted)


def sorted_rows(ticks: Any, group: Any) -> tuple[Any, int]:
    """The order of rows by group and time, and how many stood before an earlier one."""
    order = np.lexsort((ticks, group))
    by_group = np.argsort(group, kind="stable")
    back = (np.diff(ticks[by_group]) < 0) & (np.diff(group[by_group]) == 0)
    return order, int(back.sum())


def check_doubled(
    moments: Any, group: Any, order: Any, names: Sequence[str], time: str, hint: str
) -> None:
    """DataError where two rows of a group have one time. The rows are in `order`."""
    same = (np.diff(moments[order]) == 0) & (np.diff(group[order]) == 0)
    if not same.any():
        return
    at = int(np.flatnonzero(same)[0])
    a, b = sorted((int(order[at]), int(order[at + 1])))
    of = f" of {shown(names[group[a]])}" if len(names) > 1 else ""
    raise DataError(
        f"{int(same.sum()):,} rows{of} have the same {time!r} as the row before them: rows "
        f"{a + 1:,} and {b + 1:,}, the first of them. {hint}"
    )


def on_grid(clock: Clock, moments: Any, group: Any, names: list[str], time: str) -> Grid:
    """The steps from each group's first row to its last; DataError where rows lie between steps."""
    ticks, on = clock.ticks(moments)
    off = np.flatnonzero(~on)
    if len(off):
        raise DataError(
            f"The times in {time!r} are {clock.describe()}, but {len(off):,} of {len(on):,} rows "
            f"lie between the steps; the first is row {off[0] + 1:,}. Round the times to the step, "
            "or take means of each step."
        )
    order, unsorted = sorted_rows(ticks, group)
    ticks, group = ticks[order], group[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(group)) - 1
    sizes = ticks[ends] - ticks[starts] + 1
    _check_gaps(clock, int(sizes.sum()), len(group), time)
    firsts = np.concatenate([[0], np.cumsum(sizes)])
    places = (
        firsts[group] + ticks - np.repeat(ticks[starts], np.diff(np.append(starts, len(group))))
    )
    rows = np.full(int(firsts[-1]), -1)
    rows[places] = order
    every = np.arange(firsts[-1]) - np.repeat(firsts[:-1] - ticks[starts], sizes)
    return Grid(names, firsts, every, rows, unsorted)


def _check_gaps(clock: Clock, steps: int, n_rows: int, time: str) -> None:
    if steps - n_rows > _MOST_MISSING * steps:
        raise DataError(
            f"The times in {time!r} are {clock.describe()}, as most neighbours are, but of the "
            f"{steps:,} steps from the first to the last only {n_rows:,} have a row. Take means of "
            "larger steps, correct times that are far off, or leave out what lies before the gap."
        )


def filled(numbers: Any, firsts: Any, otherwise: Any) -> Any:
    """Each missing number as the one before it in its group; at a group's start `otherwise`.

    otherwise  one number, or one for each step
    """
    at = np.where(np.isnan(numbers), -1, np.arange(len(numbers)))
    starts = np.repeat(firsts[:-1], np.diff(firsts))
    last = np.maximum.accumulate(at)  # of the group before, where its own has none yet
    return np.where(last >= starts, numbers[np.maximum(last, 0)], otherwise)
