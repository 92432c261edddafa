"""What comes after the last row of each series: the network's inputs for a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glassnet.errors import DataError, quoted
from glassnet.series.calendar import calendar
from glassnet.series.description import Description
from glassnet.series.grid import Grid
from glassnet.series.rows import Rows, said_group
from glassnet.series.windows import MOST_UNSEEN, Windows, windows_of


class Future(NamedTuple):
    """The network's inputs, a row a group, and the ticks (G, H) that are foretold."""

    names: list[str]
    inputs: dict[str, Any]
    ticks: Any


def futures_of(description: Description, grid: Grid, rows: Rows) -> tuple[Future, dict[str, str]]:
    """The last window of each group; and what is strange about them.

    DataError where a group has too few rows, or lacks what is known ahead.
    """
    d = description
    windows = windows_of(d, grid, rows.y, rows.columns)
    lasts = _lasts(windows, grid)
    _check_length(d, grid, lasts)
    back = lasts[:, None] - np.arange(d.window)[::-1]  # (G, W) steps
    unseen = d.window - windows.known[back].sum(axis=1)
    _check_known(d, grid, unseen)
    ticks = grid.ticks[lasts][:, None] + np.arange(1, d.horizon + 1)
    inputs: dict[str, Any] = {"past": windows.y[back]}
    if d.columns:
        inputs["columns"] = windows.columns[back]
    if d.ahead_width:
        inputs["ahead"] = _ahead(d, grid, rows, lasts, ticks)
    if windows.codes is not None:
        inputs["group"] = windows.codes[lasts]
    return Future(grid.names, inputs, ticks), _strange(d, grid, unseen)


def _lasts(windows: Windows, grid: Grid) -> Any:
    """The last step of each group with a target (G,)."""
    steps = np.where(windows.known, np.arange(len(windows.known)), -1)
    last = np.maximum.reduceat(steps, grid.firsts[:-1])
    empty = [grid.names[g] for g in np.flatnonzero(last < 0)]
    if empty:
        raise DataError(
            f"In {said_group(empty)} no row has a target, so there is no past to look back on. "
            "Leave these rows out, or give their past."
        )
    return last


def _check_length(d: Description, grid: Grid, lasts: Any) -> None:
    steps = lasts - grid.firsts[:-1] + 1
    short = np.flatnonzero(steps < d.window)
    if not len(short):
        return
    names = [grid.names[g] for g in short]
    of = f" of {said_group(names)}" if d.group else ""
    raise DataError(
        f"The forecast looks back on {d.window:,} steps, but there are {int(steps[short[0]]):,} up "
        f"to the last target{of}. Give more of the rows before."
    )


def _check_known(d: Description, grid: Grid, unseen: Any) -> None:
    """Windows of which most is missing were not trained on either."""
    bad = np.flatnonzero(unseen > MOST_UNSEEN * d.window)
    if len(bad):
        names = [grid.names[g] for g in bad]
        of = f" of {said_group(names)}" if d.group else ""
        raise DataError(
            f"Of the last {d.window:,} values of {d.target.name!r}{of} {int(unseen[bad[0]]):,} are "
            "missing, more than half. Give rows that have the target."
        )


def _ahead(d: Description, grid: Grid, rows: Rows, lasts: Any, ticks: Any) -> Any:
    """What is known of the steps to come (G, H, K): columns, then parts of the calendar."""
    steps = lasts[:, None] + np.arange(1, d.horizon + 1)  # (G, H)
    inside = steps < grid.firsts[1:, None]
    if d.ahead:
        _check_there(d, grid, ~inside)
    found = []
    for name in d.ahead:
        laid = grid.laid(rows.columns[name])[np.minimum(steps, len(grid.ticks) - 1)]
        _check_there(d, grid, np.isnan(laid), [name])
        found.append(laid)
    parts = calendar(d.clock, ticks.ravel(), d.calendar)
    found += [part.reshape(ticks.shape) for part in parts.T]
    return np.stack(found, axis=-1).astype(d.dtype)


def _check_there(d: Description, grid: Grid, missing: Any, names: Sequence[str] = ()) -> None:
    """DataError where a step to come lacks what is known ahead. `missing` (G, H)."""
    if not missing.any():
        return
    g = int(np.flatnonzero(missing.any(axis=1))[0])
    of = f" of {said_group([grid.names[g]])}" if d.group else ""
    raise DataError(
        f"{quoted(list(names or d.ahead), 8)} must be known ahead, but {int(missing[g].sum()):,} "
        f"of the {d.horizon:,} steps after the last target{of} lack it. Give {d.horizon:,} further "
        f"rows with {'these columns' if len(d.ahead) > 1 else 'this column'}, and leave "
        f"{d.target.name!r} empty in them."
    )


def _strange(d: Description, grid: Grid, unseen: Any) -> dict[str, str]:
    found = {}
    if unseen.any():
        found[d.target.name] = (
            f"{int(unseen.sum()):,} values of those looked back on are missing; each was taken as "
            "the one before it"
        )
    new = [name for name in grid.names if name not in d.scales] if d.group else []
    if new:
        found[d.group] = f"{quoted(new, 3)} not met in training: forecast without what is its own"
    return found
