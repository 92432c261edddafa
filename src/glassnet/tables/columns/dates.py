"""Dates and times: the forms in which they are written, and the parts that a network is given.

A part that goes round (the month of the year, the day of the week, the hour of the day) becomes a
sine and a cosine, so that December lies beside January.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.tables.columns.cells import Parsed, is_time, words

if TYPE_CHECKING:
    import polars as pl

ISO = "2024-12-31"
# An example of each form, by which it is known, and how the day is written in it.
FORMS = {
    ISO: ("%Y-%m-%d",),
    "2024/12/31": ("%Y/%m/%d",),
    "31.12.2024": ("%d.%m.%Y", "%d.%m.%y"),
    "12/31/2024": ("%m/%d/%Y", "%m/%d/%y"),
    "31/12/2024": ("%d/%m/%Y", "%d/%m/%y"),
    "31-12-2024": ("%d-%m-%Y",),
    "31 Dec 2024": ("%d %b %Y", "%d-%b-%Y", "%d %B %Y"),
    "Dec 31, 2024": ("%b %d, %Y", "%B %d, %Y"),
    "20241231": ("%Y%m%d",),
}
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S %p")
_SHORT_YEAR = r"[^\d:]\d\d(\s|$)"
_PLAIN = 8  # letters of a day without any mark: such a column is numbers until it is said otherwise
_MOSTLY = 0.95
_FIRST_YEAR = 1000
_LOOK = 1000  # cells by which a form is tried
_DAY, _HOUR = 86_400e6, 3_600e6  # microseconds


def find_form(cells: pl.Series) -> str | None:
    """The form in which nearly all of these cells are dates, or None."""
    if is_time(cells):
        return ISO
    known = words(cells).drop_nulls()
    if not len(known):
        return None
    for form in FORMS:
        if len(form) > _PLAIN and _looks(known, form) and _fits(known, form):
            return form
    return None


def _looks(known: pl.Series, form: str) -> bool:
    """Whether the first cells may be such dates: most columns of words are told by their marks."""
    first = known.head(_LOOK)
    marked = first.str.contains(_mark(form)).sum()
    return bool(marked >= _MOSTLY * len(first)) and _fits(first, form)


@functools.cache
def _mark(form: str) -> str:
    """What every cell of a form holds: a digit and the mark behind it, or digits and a month."""
    if "Dec" in form:
        return r"\d.*[^\W\d_]|[^\W\d_].*\d"
    return rf"\d{re.escape(form.strip('0123456789')[:1])}"


def plain_form(cells: pl.Series) -> str | None:
    """Of a column that is said to be dates: days without a mark, such as 20241231, are allowed."""
    form = find_form(cells)
    plain = next(f for f in FORMS if len(f) == _PLAIN)
    known = words(cells).drop_nulls()
    return form or (plain if len(known) and _fits(known, plain) else None)


def _fits(known: pl.Series, form: str) -> bool:
    return read_times(known, form).count() >= _MOSTLY * len(known)


def is_ambiguous(cells: pl.Series, form: str) -> bool:
    """Whether day and month could as well be the other way round."""
    other = {"12/31/2024": "31/12/2024"}.get(form)
    return bool(other) and not is_time(cells) and _fits(words(cells).drop_nulls(), str(other))


def read_times(cells: pl.Series, form: str) -> pl.Series:
    """Moments, null where a cell is none."""
    import polars as pl

    if is_time(cells):
        bare = (
            cells.dt.replace_time_zone(None) if getattr(cells.dtype, "time_zone", None) else cells
        )
        return bare.cast(pl.Datetime("us"))
    text = words(cells).str.replace("T", " ", literal=True) if form == ISO else words(cells)
    text = text.str.replace(r"\s*(Z|[+-]\d\d:?\d\d)$", "") if form == ISO else text
    return _by_formats(text, [day + time for day in FORMS[form] for time in _TIMES])


def _by_formats(text: pl.Series, formats: list[str]) -> pl.Series:
    """What the first format that fits makes of each cell."""
    import polars as pl

    found = pl.repeat(None, len(text), dtype=pl.Datetime("us"), eager=True)
    for form in formats:
        if found.null_count() == text.null_count():
            break
        read = _strptime(text, form)
        found = found.zip_with(found.is_not_null(), read)
    return found


def _strptime(text: pl.Series, form: str) -> pl.Series:
    import polars as pl

    if "%H" in form or "%I" in form:
        found = text.str.to_datetime(form, strict=False, time_unit="us")
    else:
        found = text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    if "%y" in form:  # 1.2.3 is a version, no day of 2003
        found = found.set(~text.str.contains(_SHORT_YEAR).fill_null(value=True), None)
    return found.set(found.dt.year() < _FIRST_YEAR, None)  # 24 is no year: it is one of %y


def parse_times(cells: pl.Series, form: str) -> tuple[pl.Series, Parsed]:
    """Moments, and what could not be read among the cells."""
    times = read_times(cells, form)
    foreign = words(cells).filter(times.is_null() & cells.is_not_null())
    example = str(foreign[0]) if len(foreign) else ""
    return times, Parsed(None, times.count(), len(foreign), example)


def _circle(turns: Callable[[pl.Series], Any], wave: Callable[[Any], Any]) -> Any:
    return lambda times: wave(2 * np.pi * turns(times))


def _of_year(times: pl.Series) -> Any:
    return (times.dt.month().cast(float).to_numpy() - 1) / 12


def _of_week(times: pl.Series) -> Any:
    return (times.dt.weekday().cast(float).to_numpy() - 1) / 7


def _of_day(times: pl.Series) -> Any:
    return np.mod(_stamps(times), _DAY) / _DAY


def _stamps(times: pl.Series) -> Any:
    """Microseconds since 1970, NaN where there is no moment."""
    return times.dt.epoch("us").cast(float).to_numpy()


PARTS: dict[str, Callable[[pl.Series], Any]] = {
    "days": lambda times: _stamps(times) / _DAY,
    "year": lambda times: times.dt.year().cast(float).to_numpy(),
    "month, sine": _circle(_of_year, np.sin),
    "month, cosine": _circle(_of_year, np.cos),
    "weekday, sine": _circle(_of_week, np.sin),
    "weekday, cosine": _circle(_of_week, np.cos),
    "hour, sine": _circle(_of_day, np.sin),
    "hour, cosine": _circle(_of_day, np.cos),
}
