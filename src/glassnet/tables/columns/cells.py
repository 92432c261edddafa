"""The cells of a column, whatever their type, as numbers, as words, or as yes and no.

A column of a CSV file is text; one of a Parquet file or of a DataFrame has a type, and need not go
through text. Both give the same numbers and the same words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.errors import shown

if TYPE_CHECKING:
    import polars as pl

_MOSTLY = 0.95  # of the cells
_FIRST = 20  # cells, and letters of each, in which numbers would show
_AMOUNT = r"[+-]?\d[\d.,' \u00a0\u202f\u2019]*"
_SIGN = r"(\p{Sc}|USD|EUR|GBP|CHF|JPY)"
_DRESSED = {  # how people write numbers
    "a currency sign": rf"^[+-]?\s*{_SIGN}\s*{_AMOUNT}$|^{_AMOUNT}\s*{_SIGN}$",
    "a percent sign": rf"^{_AMOUNT}\s*%$",
    "marks between thousands": r"^[+-]?\d{1,3}([,' \u00a0\u202f\u2019]\d{3})+(\.\d+)?$",
}
NO_NUMBER = ("none", "-", ".")  # missing among numbers; among words they may be words
YES, NO = ("yes", "true", "y", "t"), ("no", "false", "n", "f")
_LARGEST = 1e150  # of which float64 holds the square
FARTHEST = 1e30  # deviations from the mean: sums of what is farther may become infinity
_FAR = 1e15  # times as large as most
MICROSECONDS = 1e6  # in a second
_WHOLE = 2.0**53  # up to here a float tells whole numbers apart


class Huge(NamedTuple):
    """Cells whose numbers are too large for a network: inside they would become infinity."""

    n_cells: int
    example: str  # the first of them
    row: int  # and where it stands, from 0

    def __str__(self) -> str:
        cells = "cell" if self.n_cells == 1 else "cells"
        where = f"{shown(self.example)} in row {self.row + 1:,}"
        return f"{self.n_cells:,} {cells} too large for a network, such as {where}"


class Parsed(NamedTuple):
    """The numbers of a column, NaN where there is none."""

    numbers: Any
    known: int  # cells that hold a number
    foreign: int  # cells that hold something else, or a number that is too large
    example: str  # the first of those
    huge: Huge | None = None

    @property
    def others(self) -> int:
        """Cells that hold something else than a number."""
        return self.foreign - (self.huge.n_cells if self.huge else 0)


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
    beyond, huge = np.abs(numbers) > _LARGEST, None
    if beyond.any():
        written = beyond & _is_written(cells, numbers)
        numbers, huge, beyond = np.where(beyond, np.nan, numbers), huge_at(cells, written), written
    none = np.isnan(numbers)
    known = len(numbers) - int(none.sum())
    if known == len(cells) - cells.null_count():
        return Parsed(numbers, known, 0, "")
    strange = pl.Series(none) & cells.is_not_null()
    if cells.dtype == pl.String:
        strange &= ~cells.str.to_lowercase().is_in(NO_NUMBER)
    elif cells.dtype.is_float():
        strange &= cells.is_not_nan()
    foreign, others = cells.filter(strange), cells.filter(strange & ~pl.Series(beyond))
    first = others if len(others) else foreign
    return Parsed(numbers, known, len(foreign), str(first[0]) if len(first) else "", huge)


def _is_written(cells: pl.Series, numbers: Any) -> Any:
    """Where a number was written: 1e400 is one, though none that a float holds; inf is none."""
    import polars as pl

    finite = np.isfinite(numbers)
    if cells.dtype == pl.String:
        finite |= cells.str.contains(r"\d").fill_null(value=False).to_numpy()
    return finite


def huge_at(cells: pl.Series, at: Any, before: Huge | None = None) -> Huge | None:
    """The cells at these places (n,), a truth value for each, with those found before."""
    places = np.flatnonzero(at)
    if not len(places):
        return before
    found = Huge(len(places), str(cells[int(places[0])]), int(places[0]))
    if before is None:
        return found
    first = min(found, before, key=lambda huge: huge.row)
    return first._replace(n_cells=found.n_cells + before.n_cells)


def without_far(cells: pl.Series, parsed: Parsed) -> Parsed:
    """The numbers without those that float32 does not hold, where most are far from these.

    Where most are as large, the network computes in float64, and nothing is strange about them.
    """
    known = parsed.numbers[~np.isnan(parsed.numbers)]
    most = np.abs(np.percentile(known, (25, 75))).max() if len(known) else 0
    far = np.abs(parsed.numbers) > max(np.finfo(np.float32).max, _FAR * most)
    count = int(far.sum())
    return parsed._replace(
        numbers=np.where(far, np.nan, parsed.numbers),
        known=parsed.known - count,
        foreign=parsed.foreign + count,
        huge=huge_at(cells, far, parsed.huge),
    )


class Dressed(NamedTuple):
    """Numbers that are written for people: $1,250.50."""

    example: str
    what: str  # that they are written with

    def __str__(self) -> str:
        bare = re.sub(r"[^\d.,+-]", "", self.example)
        return (
            f"numbers with {self.what}, such as {shown(self.example)}; write the number alone, "
            f"{_without_thousands(bare)}"
        )


def dressed(cells: pl.Series, parsed: Parsed) -> Dressed | None:
    """Whether nearly all cells are numbers, of which some have a sign or parts of three digits."""
    if not parsed.others or not is_text(cells):
        return None
    known = words(cells).drop_nulls()
    if not any(letter.isdigit() for cell in known.head(_FIRST) for letter in cell[:_FIRST]):
        return None
    for what, form in _DRESSED.items():
        found = known.filter(known.str.contains(form))
        if len(found) and len(found) + parsed.known >= _MOSTLY * len(known):
            return Dressed(str(found[0]), what)
    return None


def _without_thousands(text: str) -> str:
    """A number without the marks between its thousands: 1,250.50 and 1.250,50 are 1250.50.

    >>> _without_thousands("1,250.50"), _without_thousands("1.250,50"), _without_thousands("1,250")
    ('1250.50', '1250.50', '1250')
    """
    whole, point, rest = text.replace(",", ".").rpartition(".")
    if len(rest) == 3 or not point:
        whole, point, rest = whole + rest, "", ""
    return whole.replace(".", "") + point + rest


def are_flags(cells: pl.Series) -> bool:
    """Whether every cell is one of a pair such as yes and no."""
    import polars as pl

    if cells.dtype == pl.Boolean:
        return True
    if not is_text(cells):
        return False
    known = words(cells).drop_nulls()
    if not len(known) or known[0].lower() not in {*YES, *NO}:
        return False
    found = set(known.str.to_lowercase().unique().head(3).to_list())
    return any(found <= {*pair} for pair in zip(YES, NO, strict=True))


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
