"""From a table to a fit: find out its clock, season and columns, and lay out its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glassnet.errors import DataError, SettingError, UnknownNameError
from glassnet.series.beside import described, find_columns
from glassnet.series.calendar import parts_seen
from glassnet.series.cells import target_numbers
from glassnet.series.clock import Clock
from glassnet.series.description import Column, Description
from glassnet.series.fit import SeriesFit
from glassnet.series.grid import Grid
from glassnet.series.model import SeriesModel
from glassnet.series.network import series_network
from glassnet.series.rows import (
    Rows,
    Table,
    cells_of,
    check_times,
    clock_of,
    grid_of,
    read_groups,
    read_table,
    read_times,
)
from glassnet.series.scale import naive_scales, window_weights
from glassnet.series.season import Season, find_season
from glassnet.series.settings import Settings, is_count
from glassnet.series.split import Cuts, check_parts, find_cuts, split_windows
from glassnet.series.times import find_time_column
from glassnet.series.windows import windows_of
from glassnet.tables.columns import Progress, silent
from glassnet.tables.reading import Stream


@dataclass(frozen=True)
class _Asked:
    """What the caller wants, checked."""

    target: str
    window: int
    horizon: int
    ahead: tuple[str, ...]
    group: str
    time: str
    settings: Settings


def find_fit(
    frame: Any, target: str, window: int, horizon: int, *, known_ahead: Sequence[str] = (),
    group: str | None = None, time: str | None = None, settings: Settings | None = None,
    progress: Progress = silent,
) -> SeriesFit:  # fmt: skip
    """Find out what a table of series holds, split it in the order of time, and build a network.

    frame        what `tables.read` gave, or any DataFrame: a row for each time (and group)
    target       the column to forecast
    window       how many steps the network looks back on
    horizon      how many it foretells
    known_ahead  columns that are known of the steps to come: holidays, prices that are set
    group        the column that tells several series apart
    time         the column of times; None finds it out, and counts rows where there is none
    progress     is told how many columns have been looked at: progress(what, done, of how many)

    Raises DataError, SettingError or UnknownNameError where the table does not allow it.
    """
    table = read_table(frame)
    asked = _checked(table, target, window, horizon, known_ahead, group, time, settings)
    rows, clock, remarks, form = _read(table, asked)
    rows, n_unknown = _with_targets(rows)
    grid = grid_of(clock, rows, asked.time)
    grid, short = _long_enough(grid, asked)
    cuts = find_cuts(grid.ticks, asked.settings)
    train = grid.ticks < cuts.validation
    found = _describe(table, asked, rows, grid, clock, train, progress)
    description = replace(found, form=form, remarks={**found.remarks, **remarks})
    return _fit(description, asked, rows, grid, cuts, (n_unknown, short))


def _checked(
    table: Table, target: str, window: int, horizon: int, known_ahead: Sequence[str],
    group: str | None, time: str | None, settings: Settings | None,
) -> _Asked:  # fmt: skip
    for what, value in (("window", window), ("horizon", horizon)):
        if not is_count(value):
            raise SettingError(
                f"{what} must be a whole number of steps of at least 1, got {value!r}. A window "
                "lies before the forecast, the horizon behind it."
            )
    ahead = (known_ahead,) if isinstance(known_ahead, str) else tuple(known_ahead)
    roles: dict[str, list[str | None]] = {
        "target": [target], "group": [group], "time": [time], "known_ahead": list(ahead),
    }  # fmt: skip
    taken: dict[str, str] = {}
    for role, names in roles.items():
        for name in names:
            if name is None:
                continue
            if name not in table.columns:
                raise UnknownNameError("column", name, table.columns)
            if name in taken:
                raise SettingError(
                    f"{name!r} cannot be {taken[name]} and {role} at once. Name it in one place."
                )
            taken[name] = role
    settings = settings or Settings()
    unknown = [name for name in settings.columns if name not in table.columns]
    if unknown:
        raise UnknownNameError("column", unknown[0], table.columns)
    head = table.first() if isinstance(table, Stream) else table
    found = time or find_time_column([head[n] for n in head.columns], taken)
    return _Asked(target, int(window), int(horizon), ahead, group or "", found, settings)


def _read(table: Table, asked: _Asked) -> tuple[Rows, Clock, dict[str, str], str]:
    """The rows with time, group and target; their clock; what was said; the form of the times."""
    names, group = read_groups(table, asked.group)
    y = target_numbers(cells_of(table, asked.target))
    times = read_times(table, asked.time, None, group)
    rows = Rows(times.moments, group, names, y, np.arange(len(y)))
    check_times(table, rows, None, asked.time)
    if len(rows.y) == len(names):
        raise DataError(
            f"{'The table has' if len(names) == 1 else 'Every group has'} one row: a forecast "
            "needs many in the order of time."
        )
    remarks = {asked.time: "; ".join(times.remarks)} if times.remarks else {}
    return rows, clock_of(times, group), remarks, times.form


def _with_targets(rows: Rows) -> tuple[Rows, int]:
    """The rows from the first to the last target of each group, and how many lie outside."""
    kept = rows.between_targets()
    return rows.only(np.flatnonzero(kept)), int((~kept).sum())


def _long_enough(grid: Grid, asked: _Asked) -> tuple[Grid, list[str]]:
    """The groups that hold a window and its horizon, and the names of those that do not."""
    sizes, needed = np.diff(grid.firsts), asked.window + asked.horizon
    long = np.flatnonzero(sizes >= needed)
    if not len(long):
        which = "The series has" if len(sizes) == 1 else "The longest series has"
        raise DataError(
            f"{which} {int(sizes.max()):,} steps, but a window of {asked.window:,} with "
            f"{asked.horizon:,} to foretell takes {needed:,} in a row. Take a smaller window or "
            "horizon."
        )
    short = [grid.names[g] for g in np.flatnonzero(sizes < needed)]
    return (grid.only(long) if short else grid), short


def _describe(
    table: Table, asked: _Asked, rows: Rows, grid: Grid, clock: Clock, train: Any,
    progress: Progress,
) -> Description:  # fmt: skip
    """What the training part says of the target, the season, and the other columns."""
    y = grid.laid(rows.y)
    season = _season(asked, grid, clock, y, train)
    target = described(Column(asked.target), y[train])
    if target is None:
        raise DataError(
            f"The target {asked.target!r} is always the same in the part to train on, before "
            f"{clock.text(int(grid.ticks[train].max()) + 1)}: nothing can be learnt."
        )
    columns, left_out = find_columns(
        table, rows, grid, train, {asked.target, asked.time, asked.group}, asked.settings.columns,
        asked.ahead, progress,
    )  # fmt: skip
    first, last = int(grid.ticks[train].min()), int(grid.ticks[train].max())
    remarks = {"season": season.reason}
    if season.beyond:
        remarks["window"] = (
            f"the series looks more alike after {season.beyond} steps than after {season.steps}; "
            f"a window of {season.beyond} or more would let the network see it"
        )
    return Description(
        target, asked.window, asked.horizon, season.steps, clock, asked.time, group=asked.group,
        columns=tuple(columns), calendar=parts_seen(clock, first, last),
        ahead=tuple(c.name for c in columns if c.name in asked.ahead),
        scales=naive_scales(grid, y, train, season.steps), left_out=left_out, remarks=remarks,
    )  # fmt: skip


def _season(asked: _Asked, grid: Grid, clock: Clock, y: Any, train: Any) -> Season:
    given = asked.settings.season
    if given is not None:
        if given > asked.window:
            raise SettingError(
                f"A season of {given} steps does not fit into a window of {asked.window}. Take a "
                "longer window."
            )
        return Season(given, "as asked for")
    ends = zip(grid.firsts[:-1], grid.firsts[1:], strict=True)
    parts = [y[a:b][train[a:b]] for a, b in ends]
    known = [part for part in parts if len(part)] or [y]
    return find_season(clock, known, asked.window, asked.horizon)


def _fit(
    description: Description, asked: _Asked, rows: Rows, grid: Grid, cuts: Cuts,
    counted: tuple[int, list[str]],
) -> SeriesFit:  # fmt: skip
    """Windows, their parts, and a network for them."""
    windows = windows_of(description, grid, rows.y, rows.columns)
    parts = split_windows(windows, cuts)
    check_parts(parts, windows, cuts, description.clock)
    if description.group:
        trained = {grid.names[g] for g in np.unique(windows.group[parts["train"]])}
        scales = {name: s for name, s in description.scales.items() if name in trained}
        description = replace(description, scales=scales)
        windows = windows.with_codes(description, grid)
    settings = asked.settings.resolved(len(parts["train"]))
    model = SeriesModel(series_network(description, settings), description, settings)
    weights = window_weights(description, grid, windows)
    return SeriesFit(
        model, parts, windows, grid, cuts, n_unknown=counted[0], short=tuple(counted[1]),
        weights=weights,
    )  # fmt: skip
