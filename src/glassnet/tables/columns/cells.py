"""The cells of a column, whatever their type, as numbers, as words, or as yes and no.

A column of a CSV file is text; one of a Parquet file or of a DataFrame has a type, and need not go
through text. Both give the same numbers and the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import polars as pl

NO_NUMBER = ("none", "-", ".")  # missing among numbers; among words they may be words
YES, NO = ("yes", "true", "y", "t"), ("no", "false", "n", "f")
MICROSECONDS = 1e6  # in a second
_WHOLE = 2.0**53  # up to here a float tells whole numbers apart


class Parsed(NamedTuple):
    """The numbers of a column, NaN where there is none."""

    numbers: Any
    known: int  # cells that hold a number
    foreign: int  # cells that hold something else
    example: str  # the first of those


def parse(cells: pl.Series) -> Parsed:
    """Cells as numbers: text is read, yes is 1, a span of time is seconds. An infinity is none."""
    import polars as pl

    if cells.dtype == pl.String:
        found = cells.cast(pl.Float64, strict=False)
    elif cells.dtype.is_numeric() or cells.dtype == pl.Boolean:
        found = cells.cast(pl.Float64)
    elif cells.dtype == pl.Duration:
        found = cells.dt.total_microseconds() / MICROSECONDS
    else:
        return _parsed(words(cells), pl.repeat(None, len(cells), dtype=pl.Float64, eager=True))
    return _parsed(cells, found)


def parse_flags(cells: pl.Series) -> Parsed:
    """Yes as 1 and no as 0, in any of the usual words."""
    import polars as pl

    if cells.dtype == pl.Boolean:
        return parse(cells)
    text = words(cells).str.to_lowercase()
    known = {**dict.fromkeys((*YES, "1"), 1.0), **dict.fromkeys((*NO, "0"), 0.0)}
    found = text.replace_strict(
        list(known), list(known.values()), default=None, return_dtype=pl.Float64
    )
    return _parsed(words(cells), found)


def _parsed(cells: pl.Series, found: pl.Series) -> Parsed:
    """What was found among the cells, and what was not."""
    import polars as pl

    numbers = found.to_numpy()
    infinite = np.isinf(numbers)
    if infinite.any():
        numbers = np.where(infinite, np.nan, numbers)
    none = np.isnan(numbers)
    known = len(numbers) - int(none.sum())
    if known == len(cells) - cells.null_count():
        return Parsed(numbers, known, 0, "")
    strange = pl.Series(none) & cells.is_not_null()
    if cells.dtype == pl.String:
        strange &= ~cells.str.to_lowercase().is_in(NO_NUMBER)
    elif cells.dtype.is_float():
        strange &= cells.is_not_nan()
    foreign = cells.filter(strange)
    return Parsed(numbers, known, len(foreign), str(foreign[0]) if len(foreign) else "")


def are_flags(cells: pl.Series) -> bool:
    """Whether every cell is one of a pair such as yes and no."""
    import polars as pl

    if cells.dtype == pl.Boolean:
        return True
    if not is_text(cells):
        return False
    found = set(words(cells).drop_nulls().str.to_lowercase().unique().head(3).to_list())
    return bool(found) and any(found <= {*pair} for pair in zip(YES, NO, strict=True))


def is_text(cells: pl.Series) -> bool:
    """Whether the cells are words by their type."""
    import polars as pl

    return isinstance(cells.dtype, pl.String | pl.Categorical | pl.Enum)


def is_time(cells: pl.Series) -> bool:
    """Whether the cells are dates by their type."""
    import polars as pl

    return isinstance(cells.dtype, pl.Date | pl.Datetime)


def strange_type(cells: pl.Series) -> str:
    """What a column holds that no network takes: lists, say; else nothing."""
    if cells.dtype.is_nested():
        return "lists or records in its cells"
    if type(cells.dtype).__name__ in {"Object", "Binary", "Unknown"}:
        return "neither numbers nor words nor dates"
    return ""


def words(cells: pl.Series) -> pl.Series:
    """Cells as text. A whole number has no point: 3.0 is the word 3."""
    import polars as pl

    if cells.dtype == pl.String:
        return cells
    if cells.dtype.is_float():
        cells = cells.fill_nan(None)
        known = cells.drop_nulls()
        if bool(((known == known.floor()) & (known.abs() < _WHOLE)).all()):
            cells = cells.cast(pl.Int64)
        return cells.cast(pl.String)
    if cells.dtype == pl.Duration:
        return words(cells.dt.total_microseconds() / MICROSECONDS)
    if strange_type(cells):
        return pl.repeat(None, len(cells), dtype=pl.String, eager=True).alias(cells.name)
    return cells.cast(pl.String)


def codes(cells: pl.Series, values: tuple[str | None, ...]) -> Any:
    """The place of each cell among the values, or -1. None among them stands for a missing cell."""
    import polars as pl

    text = words(cells)
    known = [value for value in values if value is not None]
    places = text.replace_strict(known, range(len(known)), default=-1, return_dtype=pl.Int64)
    found = np.array(places.to_numpy(), np.int64)
    if None in values:
        found[text.is_null().to_numpy()] = values.index(None)
    return found
