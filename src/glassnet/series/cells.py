"""Columns of a series as numbers, and the groups that its rows belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.errors import DataError, shown
from glassnet.series.description import Column
from glassnet.tables.columns.cells import (
    Parsed,
    are_flags,
    dressed,
    is_time,
    parse,
    parse_flags,
    strange_type,
    without_far,
    words,
)

if TYPE_CHECKING:
    import polars as pl


def target_numbers(cells: pl.Series) -> Any:
    """The target (n,), NaN where it is missing. DataError where it holds anything but numbers."""
    name = cells.name
    if strange_type(cells):
        raise DataError(f"The target {name!r} holds {strange_type(cells)}. Choose another.")
    if is_time(cells):
        raise DataError(f"The target {name!r} holds dates. Forecast a column of numbers.")
    parsed = without_far(cells, parse(cells))
    if parsed.huge:
        raise DataError(
            f"The target {name!r} holds {parsed.huge}. Correct such cells, or leave them empty."
        )
    if parsed.foreign:
        raise DataError(_no_numbers(cells, parsed))
    if not parsed.known:
        raise DataError(f"The target {name!r} is missing in every row.")
    return parsed.numbers


def _no_numbers(cells: pl.Series, parsed: Parsed) -> str:
    written = dressed(cells, parsed)
    if written:
        return f"The target {cells.name!r} holds {written}."
    what = f"{parsed.foreign:,} cells that are no numbers, such as {shown(parsed.example)}"
    if parsed.foreign > parsed.known:
        return (
            f"The target {cells.name!r} is text: {what}. A forecast is of amounts; choose a column "
            "of numbers."
        )
    return f"The target {cells.name!r} holds {what}. Correct them, or leave them empty."


def refused(cells: pl.Series) -> str:
    """Why a column cannot go in beside the target, or nothing."""
    if strange_type(cells):
        return strange_type(cells)
    if is_time(cells):
        return "dates"
    if are_flags(cells):
        return ""
    parsed = parse(cells)
    if not parsed.known and not parsed.foreign:
        return "nothing"
    return f"text, such as {shown(parsed.example)}" if parsed.foreign else ""


def column_of_cells(cells: pl.Series) -> Column:
    """A column that `refused` has nothing against."""
    return Column(cells.name, is_flag=are_flags(cells))


class Read(NamedTuple):
    """A column's numbers (n,), NaN where a cell is missing; and what was strange about it."""

    numbers: Any
    strange: str = ""


def column_numbers(cells: pl.Series, column: Column) -> Read:
    """The numbers of a column that the training part has described."""
    parsed = parse_flags(cells) if column.is_flag else without_far(cells, parse(cells))
    if not parsed.foreign:
        return Read(parsed.numbers)
    what = "neither yes nor no" if column.is_flag else "no number"
    cell = "cell" if parsed.foreign == 1 else "cells"
    return Read(
        parsed.numbers,
        f"{parsed.foreign:,} {cell} {what}, such as {shown(parsed.example)}; taken as missing",
    )


def group_numbers(cells: pl.Series) -> tuple[list[str], Any]:
    """The names of the groups, in order, and of each row the place of its own among them."""
    text = words(cells)
    missing = text.null_count()
    if missing:
        row = int(np.flatnonzero(text.is_null().to_numpy())[0]) + 1
        raise DataError(
            f"The group {cells.name!r} is missing in {missing:,} rows, the first of them row "
            f"{row:,}. Fill it, or leave those rows out."
        )
    names = text.unique().sort().to_list()
    places = text.replace_strict(names, range(len(names)))
    return names, np.asarray(places.to_numpy(), np.int64)


def rises_with_rows(numbers: Any) -> bool:
    """Whether a column counts the rows, one more in each: it tells nothing that is not the time."""
    return len(numbers) > 2 and bool(np.all(np.diff(numbers) == 1))
