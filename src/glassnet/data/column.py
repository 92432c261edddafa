"""Columns of a table: numbers or categories, with their statistics over the training rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import polars as pl

NO_NUMBER = ("none", "-", ".")  # missing among numbers; among words they may be words
_MOSTLY = 0.95  # a column is numbers where this share of its cells is
_OFTEN = 2  # rows in which a category must occur to be learnt from
_MOST_CATEGORIES = 256
_KEY = re.compile(r"(^|[^A-Za-z])(id|Id|ID)($|[^A-Za-z])|[a-z](Id|ID)$")  # id, user_id, userId


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers; NaN where a cell is missing.

    median fills missing cells, mean and scale standardise; missing  whether training rows lack any
    """

    name: str
    median: float
    mean: float
    scale: float
    missing: bool


@dataclass(frozen=True)
class CategoryColumn:
    """A column of words; the code of a cell is its place in `values`.

    None among the values stands for a missing cell. What is not among them has the code -1.
    """

    name: str
    values: tuple[str | None, ...]


Column = NumberColumn | CategoryColumn


class Parsed(NamedTuple):
    """The numbers of a column of text, NaN where there is none."""

    numbers: Any
    known: int  # cells that hold a number
    foreign: int  # cells that hold something else
    example: str  # the first of those


def parse(cells: pl.Series) -> Parsed:
    """Read text as numbers. An infinity is none."""
    import polars as pl

    found = cells.cast(pl.Float64, strict=False)
    found = found.set(found.is_infinite(), None)
    foreign = cells.filter(
        found.is_null() & cells.is_not_null() & ~cells.str.to_lowercase().is_in(NO_NUMBER)
    )
    return Parsed(found.to_numpy(), found.count(), len(foreign), foreign[0] if len(foreign) else "")


def is_numbers(parsed: Parsed) -> bool:
    """Whether nearly all cells hold a number."""
    return parsed.known > 0 and parsed.known >= _MOSTLY * (parsed.known + parsed.foreign)


class Found(NamedTuple):
    """A column, or why there is none; and what should be said of it."""

    column: Column | None
    reason: str = ""
    remark: str = ""


def find_column(cells: pl.Series, rows: Any) -> Found:
    """What a column can be used as; statistics are those of these rows, and of no others."""
    parsed = parse(cells)
    return _number(cells, parsed, rows) if is_numbers(parsed) else _category(cells, rows)


def _number(cells: pl.Series, parsed: Parsed, rows: Any) -> Found:
    values = parsed.numbers[rows]
    known = values[~np.isnan(values)]
    if not len(known):
        return Found(None, "no values")
    complete = len(known) == len(values)
    if complete and known.min() == known.max():
        return Found(None, f"always {known[0]:g}")
    if len(parsed.numbers) > 2 and np.all(np.diff(parsed.numbers) == 1):
        return Found(None, "row numbers")
    if _is_key(cells.name, parsed.numbers):
        return Found(None, "numbers that only tell rows apart")
    remark = ""
    if parsed.foreign:
        cells_are = "cell is" if parsed.foreign == 1 else "cells are"
        remark = f"{parsed.foreign:,} {cells_are} no number, such as {parsed.example!r}: missing"
    scale = float(known.std())
    column = NumberColumn(
        cells.name, float(np.median(known)), float(known.mean()), scale or 1.0, not complete
    )
    return Found(column, remark=remark)


def _is_key(name: str, numbers: Any) -> bool:
    """Whole numbers, all different, called something with id."""
    if not _KEY.search(name):
        return False
    return bool(np.all(numbers == np.floor(numbers))) and len(np.unique(numbers)) == len(numbers)


def _category(cells: pl.Series, rows: Any) -> Found:
    chosen = cells[rows]
    counts = dict(chosen.drop_nulls().value_counts(sort=True).iter_rows())
    n_missing, n_known = chosen.null_count(), sum(counts.values())
    if not counts:
        return Found(None, "no values")
    if len(counts) == 1 and not n_missing:
        return Found(None, f"always {next(iter(counts))!r}")
    if len(counts) > n_known / 2:
        return Found(None, f"text, {len(counts):,} different in {n_known:,} rows")
    often = [value for value, count in counts.items() if count >= _OFTEN][:_MOST_CATEGORIES]
    values: list[str | None] = sorted(often)
    if n_missing >= _OFTEN:
        values.append(None)
    rare = len(counts) - len(often)
    remark = f"{rare} rare values taken together" if rare > 1 else ""
    return Found(CategoryColumn(cells.name, tuple(values)), remark=remark)
