"""The rows of a table of series as numbers: their moments, their groups, their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, UnknownNameError, quoted, shown
from glassnet.series.cells import column_numbers, group_numbers, target_numbers
from glassnet.series.clock import ROWS, Clock, find_clock, number_clock
from glassnet.series.description import Column, Description
from glassnet.series.grid import Grid, check_doubled, on_grid, sorted_rows
from glassnet.series.times import NUMBER, Times, read_moments
from glassnet.tables import reading
from glassnet.tables.reading import Stream

if TYPE_CHECKING:
    import polars as pl

Table = Any  # what tables.read gives: a DataFrame of polars, or a Stream


def read_table(frame: Any) -> Table:
    """What `tables.read` takes, or gave."""
    return reading.read(frame)


def cells_of(table: Table, name: str) -> pl.Series:
    """One column as a whole, of a stream too."""
    if name not in table.columns:
        raise UnknownNameError("column", name, table.columns)
    found: pl.Series = table.column(name) if isinstance(table, Stream) else table[name]
    return found


@dataclass(frozen=True)
class Rows:
    """The rows of a table (n,).

    moments  microseconds since 1970, or numbers; group: the place of its name among `names`
    y        the target, NaN where missing; columns: the numbers of the others, likewise
    at       where each row stands in the table
    strange  by column, what could not be read
    """

    moments: Any
    group: Any
    names: list[str]
    y: Any
    at: Any
    columns: dict[str, Any] = field(default_factory=dict)
    strange: dict[str, str] = field(default_factory=dict)

    def only(self, kept: Any) -> Rows:
        """Some of the rows; groups without any go."""
        present, group = np.unique(self.group[kept], return_inverse=True)
        return replace(
            self, moments=self.moments[kept], group=group, y=self.y[kept],
            at=self.at[kept], names=[self.names[g] for g in present],
            columns={name: numbers[kept] for name, numbers in self.columns.items()},
        )  # fmt: skip

    def between_targets(self) -> Any:
        """Which rows lie between the first and the last of their group that has a target."""
        known = ~np.isnan(self.y)
        first = np.full(len(self.names), np.inf)
        last = np.full(len(self.names), -np.inf)
        np.minimum.at(first, self.group[known], self.moments[known])
        np.maximum.at(last, self.group[known], self.moments[known])
        return (self.moments >= first[self.group]) & (self.moments <= last[self.group])


def read_groups(table: Table, name: str) -> tuple[list[str], Any]:
    """The names of the groups, and the place of each row's; one without a name where none is."""
    if name:
        return group_numbers(cells_of(table, name))
    height = len(cells_of(table, table.columns[0]))
    return [""], np.zeros(height, np.int64)


def read_times(table: Table, name: str, form: str | None, group: Any) -> Times:
    """The moments of the rows; where there is no time, their numbers in their group, from 1."""
    if name:
        return read_moments(cells_of(table, name), form)
    order = np.argsort(group, kind="stable")
    firsts = np.flatnonzero(np.diff(group[order], prepend=-1))
    counts = np.diff(np.append(firsts, len(group)))
    numbers = np.empty(len(group), np.int64)
    numbers[order] = np.arange(len(group)) - np.repeat(firsts, counts) + 1
    return Times(numbers, "")


def read_columns(table: Table, columns: Sequence[Column]) -> tuple[dict[str, Any], dict[str, str]]:
    """The numbers of columns by name, and what was strange about them."""
    lacking = [c.name for c in columns if c.name not in table.columns]
    if lacking:
        raise DataError(
            f"The data lack {quoted(lacking, 8)}, which the forecast was trained with. Give the "
            "columns under these names."
        )
    read = {c.name: column_numbers(cells_of(table, c.name), c) for c in columns}
    return (
        {name: found.numbers for name, found in read.items()},
        {name: found.strange for name, found in read.items() if found.strange},
    )


def clock_of(times: Times, group: Any) -> Clock:
    """The clock that the times suggest."""
    if not times.form:
        return Clock(ROWS)
    order, _ = sorted_rows(times.moments, group)
    find = number_clock if times.form == NUMBER else find_clock
    return find(times.moments[order], group[order])


def check_times(table: Table, rows: Rows, description: Description | None, time: str) -> None:
    """DataError where two rows of a group have one time; it says which column may be the group."""
    order, _ = sorted_rows(rows.moments, rows.group)
    asked = description is None
    hint = "Leave out one of each two, or give their mean."
    candidate = _telling_apart(table, rows.moments, time) if asked and len(rows.names) == 1 else ""
    if candidate:
        hint = (
            f"Where the rows are of several series, say which column tells them apart: "
            f"group={candidate!r} does."
        )
    check_doubled(rows.moments, rows.group, order, rows.names, time or "row", hint)


def _telling_apart(table: Table, moments: Any, time: str) -> str:
    """A column within each value of which no time occurs twice, or nothing."""
    import polars as pl

    if isinstance(table, Stream):
        return ""
    for name in table.columns:
        cells = table[name]
        if name == time or cells.dtype.is_float() or not 1 < cells.n_unique() <= len(cells) / 2:
            continue
        if pl.DataFrame({"moment": moments, "cell": cells}).n_unique() == len(cells):
            return str(name)
    return ""


def described_rows(table: Table, description: Description, *, target_needed: bool) -> Rows:
    """The rows of a table for a network that is trained already.

    DataError where a column lacks, or holds what cannot be read.
    """
    d = description
    wanted = [name for name in (d.target.name, d.time, d.group) if name]
    lacking = [name for name in wanted if name not in table.columns]
    if lacking:
        raise DataError(
            f"The data lack {quoted(lacking, 8)}. A forecast needs the target of the past"
            + (", its time" if d.time else "") + (" and its group." if d.group else ".")
        )  # fmt: skip
    names, group = read_groups(table, d.group)
    times = read_times(table, d.time, d.form, group)
    columns, strange = read_columns(table, d.columns)
    y = target_numbers(cells_of(table, d.target.name))
    if target_needed and np.isnan(y).all():
        raise DataError(f"No row has a value of {d.target.name!r}, so there is nothing to measure.")
    strange |= {d.time: "; ".join(times.remarks)} if times.remarks else {}
    rows = Rows(times.moments, group, names, y, np.arange(len(y)), columns, strange)
    check_times(table, rows, d, d.time)
    return rows


def grid_of(clock: Clock, rows: Rows, time: str) -> Grid:
    """The steps of the rows."""
    return on_grid(clock, rows.moments, rows.group, rows.names, time or "row")


def said_group(names: Sequence[str]) -> str:
    """Groups for a message."""
    return f"group {shown(names[0])}" if len(names) == 1 else f"groups {quoted(list(names), 3)}"
