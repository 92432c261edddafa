"""The columns that go in beside the target: which they are, and their statistics in training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet.errors import DataError
from glassnet.series.cells import column_of_cells, refused, rises_with_rows
from glassnet.series.description import Column
from glassnet.series.grid import Grid
from glassnet.series.rows import Rows, Table, cells_of, read_columns
from glassnet.tables.columns import Progress

_SAME = "always the same in the part to train on"


def find_columns(
    table: Table, rows: Rows, grid: Grid, train: Any, apart: Collection[str],
    asked: Mapping[str, str], ahead: Collection[str], progress: Progress,
) -> tuple[list[Column], dict[str, str]]:  # fmt: skip
    """The columns that go in, and why others do not; `rows` get the numbers of those that do.

    train  which steps of the grid lie in the training part
    apart  the target, the time and the group
    asked  what columns are said to be; ahead: those that are to be known of the steps to come
    """
    found: list[Column] = []
    left_out: dict[str, str] = {}
    names = [name for name in table.columns if name not in apart]
    for i, name in enumerate(names):
        progress("columns", i, len(names))
        if asked.get(name) == "ignore":
            left_out[name] = "as asked for"
            continue
        column, numbers, why = _looked_at(table, name, rows, grid, train)
        if column is not None:
            found.append(column)
            rows.columns[name] = numbers
            continue
        left_out[name] = why
        if name in ahead and why != _SAME:
            raise DataError(
                f"{name!r} is to be known ahead, but it holds {why}. Give numbers, or yes and no."
            )
    return found, left_out


def _looked_at(
    table: Table, name: str, rows: Rows, grid: Grid, train: Any
) -> tuple[Column | None, Any, str]:
    """A column with its numbers; or None and why it does not go in."""
    cells = cells_of(table, name)
    why = refused(cells)
    if why:
        return None, None, why
    column = column_of_cells(cells)
    whole = read_columns(table, [column])[0][name]
    if rises_with_rows(whole):
        return None, None, "the numbers of the rows"
    numbers = whole[rows.at]
    return described(column, grid.laid(numbers)[train]), numbers, _SAME


def described(column: Column, numbers: Any) -> Column | None:
    """With mean and deviation; None where the numbers are all the same, or there is none."""
    known = numbers[~np.isnan(numbers)]
    if not len(known) or known.min() == known.max():
        return None
    return replace(column, mean=float(known.mean()), scale=float(known.std()))
