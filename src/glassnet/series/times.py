"""The column that holds the time: which one it is, and its cells as moments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.errors import DataError, quoted, shown
from glassnet.tables.columns.cells import is_time, parse, words
from glassnet.tables.columns.dates import (
    FORMS,
    ISO,
    find_form,
    is_ambiguous,
    parse_times,
    plain_form,
)

if TYPE_CHECKING:
    import polars as pl

MONTHLY, NUMBER, MONTH_NAMES = "2024-12", "number", "2024 Dec"
_MONTH_MARKS = {
    MONTHLY: r"^\d{4}-(0[1-9]|1[0-2])$",
    MONTH_NAMES: r"^\d{4}[ -][A-Za-z]{3}$",
}
_MONTH_FORMATS = {MONTHLY: "%Y-%m-%d", MONTH_NAMES: "%Y %b-%d"}
_ZONE = r"(Z|[+-]\d\d:?\d\d)\s*$"
_MOSTLY = 0.95


class Times(NamedTuple):
    """The moments of a column, microseconds since 1970 or numbers.

    form     how they are written, by an example; "number" for numbers
    remarks  what is said about them
    """

    moments: Any
    form: str
    remarks: tuple[str, ...] = ()


def find_time_column(columns: Sequence[pl.Series], apart: Collection[str]) -> str:
    """The first column of dates among these, or nothing; `apart` are those that it cannot be."""
    for cells in columns:
        if cells.name not in apart and _form(cells):
            return cells.name
    return ""


def _form(cells: pl.Series) -> str | None:
    """How a column's dates are written, or None."""
    if is_time(cells):
        return ISO
    return _month_form(cells) or find_form(cells)


def _month_form(cells: pl.Series) -> str | None:
    """Months alone, as in 2024-12."""
    known = words(cells).drop_nulls()
    for form, mark in _MONTH_MARKS.items():
        if len(known) and known.str.contains(mark).sum() >= _MOSTLY * len(known):
            return form
    return None


def read_moments(cells: pl.Series, form: str | None = None) -> Times:
    """The moments of a column of times; `form` where it is known from training.

    DataError where a cell is none.
    """
    _check_present(cells)
    found = form or _form(cells) or _numbers(cells) or plain_form(cells)
    if found is None:
        raise DataError(
            f"The time column {cells.name!r} holds neither dates nor numbers, such as "
            f"{shown(str(words(cells)[0]))}. Write dates in one form, {', '.join(FORMS)}."
        )
    if found == NUMBER:
        return Times(_all_known(cells, parse(cells).numbers, found), found)
    if found in _MONTH_FORMATS:
        return Times(_all_known(cells, _read_months(cells, found), found), found)
    remarks = _remarks(cells, found)
    zoned, said = _without_zones(cells, found)
    times, _ = parse_times(zoned, found)
    return Times(_all_known(cells, times.dt.epoch("us"), found), found, (*remarks, *said))


def _check_present(cells: pl.Series) -> None:
    missing = cells.null_count()
    if missing:
        row = int(np.flatnonzero(cells.is_null().to_numpy())[0]) + 1
        raise DataError(
            f"The time {cells.name!r} is missing in {missing:,} rows, the first of them row "
            f"{row:,}. Fill it, or leave those rows out."
        )


def _numbers(cells: pl.Series) -> str | None:
    """Years or the numbers of hours, of a column that is said to be the time."""
    parsed = parse(cells)
    plain = plain_form(cells) if parsed.known == len(cells) else None
    return NUMBER if parsed.known >= _MOSTLY * len(cells) and plain is None else None


def _read_months(cells: pl.Series, form: str) -> pl.Series:
    import polars as pl

    text = words(cells).str.replace("-", " ", literal=True) if form == MONTH_NAMES else words(cells)
    days = (text + "-01").str.to_date(_MONTH_FORMATS[form], strict=False)
    return days.cast(pl.Datetime("us")).dt.epoch("us")


def _all_known(cells: pl.Series, found: Any, form: str) -> Any:
    """The moments as an array; DataError where a cell is none, so that no row is lost."""
    numbers = np.asarray(found.to_numpy() if hasattr(found, "to_numpy") else found)
    strange = np.flatnonzero(np.isnan(numbers.astype(np.float64)))
    if len(strange):
        what = "number" if form == NUMBER else f"time such as {form}"
        raise DataError(
            f"In the time column {cells.name!r} {len(strange):,} of {len(cells):,} cells are no "
            f"{what}; the first is {shown(str(words(cells)[int(strange[0])]))} in row "
            f"{strange[0] + 1:,}. Write all of them in one form."
        )
    return numbers if form == NUMBER else numbers.astype(np.int64)


def _remarks(cells: pl.Series, form: str) -> tuple[str, ...]:
    if is_ambiguous(cells, form):
        return ("the month is read before the day, as in 12/31/2024",)
    zone = getattr(cells.dtype, "time_zone", None) if is_time(cells) else None
    return (f"times are those of the zone {zone}, as UTC",) if zone not in {None, "UTC"} else ()


def _without_zones(cells: pl.Series, form: str) -> tuple[pl.Series, tuple[str, ...]]:
    """Times without offsets from UTC: of one offset as they are, of several in UTC."""
    import polars as pl

    if is_time(cells):
        zone = getattr(cells.dtype, "time_zone", None)
        return (cells.dt.convert_time_zone("UTC") if zone else cells), ()
    if form != ISO:
        return cells, ()
    offsets = words(cells).str.extract(_ZONE)
    found = sorted(offsets.unique().drop_nulls().to_list())
    if not found:
        return cells, ()
    if offsets.null_count():
        row = int(np.flatnonzero(offsets.is_null().to_numpy())[0])
        raise DataError(
            f"In the time column {cells.name!r} some cells have an offset from UTC, such as "
            f"{found[0]!r}, and others have none, such as {shown(str(cells[row]))} in row "
            f"{row + 1:,}. Give all of them one, or none."
        )
    if len(found) == 1:
        return cells, ()
    text = words(cells).str.replace("T", " ", literal=True)
    times, _ = parse_times(text, ISO)
    minutes = _offset_minutes(offsets)
    moved = times.dt.epoch("us") - minutes * 60_000_000
    return moved.cast(pl.Datetime("us")).alias(cells.name), (
        f"times have the offsets {quoted(found, 4)}: they are read as UTC",
    )


def _offset_minutes(offsets: pl.Series) -> pl.Series:
    """Z, +01:00 and -0530 in minutes east of Greenwich."""
    import polars as pl

    digits = offsets.str.replace("Z", "+0000", literal=True).str.replace(":", "", literal=True)
    sign = digits.str.starts_with("-").cast(pl.Int64) * -2 + 1
    hours, minutes = digits.str.slice(1, 2).cast(pl.Int64), digits.str.slice(3, 2).cast(pl.Int64)
    return sign * (60 * hours + minutes)
