"""The time of a series as ticks: whole numbers, one more for each step of its clock.

A step is so many hours or minutes, working days, months, a number of a column of numbers, or a row
where there is no time at all. Months are no equal spans, and neither is a working day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError

if TYPE_CHECKING:
    import polars as pl

ROWS, NUMBERS, WEEKDAYS, MONTHS, SPANS = UNITS = ("rows", "numbers", "weekdays", "months", "spans")
SECOND = 1_000_000  # microseconds
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
_NAMES = {
    SECOND: "every second", MINUTE: "every minute", 15 * MINUTE: "every 15 minutes",
    30 * MINUTE: "half-hourly", HOUR: "hourly", DAY: "daily", 7 * DAY: "weekly",
}  # fmt: skip
_OF_MONTHS = {1: "monthly", 3: "quarterly", 12: "yearly"}
_SIZES = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_SATURDAY = 5
_SHORTEST_MONTH = 28  # days
_NEAR = 1e-6  # of a step, by which numbers may be off


@dataclass(frozen=True)
class Clock:
    """How moments become ticks.

    unit    rows, numbers, weekdays, months, or spans of equal length
    size    months of a step, microseconds of a span, or the difference of two numbers
    offset  what lies behind the first moment of a month or a day (-1: the last day of each month),
            or is left of a span or a number when whole steps are taken away
    month   of a step of several months, the one that has rows, from 0
    """

    unit: str
    size: float = 1
    offset: float = 0
    month: int = 0

    @property
    def is_dated(self) -> bool:
        """Whether ticks are moments."""
        return self.unit in {WEEKDAYS, MONTHS, SPANS}

    def describe(self) -> str:
        """The step in words."""
        size = int(self.size)
        if self.unit == SPANS:
            return _NAMES.get(size, f"every {_amount(size)}")
        if self.unit == MONTHS:
            return _OF_MONTHS.get(size, f"every {size} months")
        by = "by row number" if self.unit == ROWS else f"by numbers {self.size:g} apart"
        return "daily from Monday to Friday" if self.unit == WEEKDAYS else by

    def ticks(self, moments: Any) -> tuple[Any, Any]:
        """Ticks (n,), and whether each moment lies on one. Microseconds since 1970, or numbers."""
        if self.unit == MONTHS:
            months, rest = _months(moments, ends=self.offset < 0)
            on = (months % int(self.size) == self.month) & (rest == self.offset)
            return months // int(self.size), on
        if self.unit == WEEKDAYS:
            days = ((moments - int(self.offset)) // DAY).astype("datetime64[D]")
            on = np.is_busday(days) & (moments % DAY == self.offset)
            return np.busday_count(np.datetime64(0, "D"), days), on
        found = np.round((moments - self.offset) / self.size)
        off = np.abs(found * self.size + self.offset - moments)
        return found.astype(np.int64), off <= _NEAR * self.size

    def moments(self, ticks: Any) -> Any:
        """What `ticks` are made of: microseconds since 1970, or numbers."""
        ticks = np.asarray(ticks, np.int64)
        if self.unit == MONTHS:
            return _of_months(ticks * int(self.size) + self.month, int(self.offset))
        if self.unit == WEEKDAYS:
            days = np.busday_offset(np.datetime64(0, "D"), ticks, roll="forward")
            return days.astype(np.int64) * DAY + int(self.offset)
        kind = np.float64 if self.unit == NUMBERS else np.int64
        return ticks * kind(self.size) + kind(self.offset)

    def times(self, ticks: Any, name: str) -> pl.Series:
        """Ticks as a column: moments, numbers, or the numbers of rows from 1."""
        import polars as pl

        found = self.moments(ticks)
        if self.is_dated:
            return pl.Series(name, found).cast(pl.Datetime("us"))
        whole = self.unit == ROWS or bool(np.all(found == np.floor(found)))
        return pl.Series(name, found.astype(np.int64) if whole else found)

    def text(self, tick: int) -> str:
        """One tick for a message."""
        found = self.times([tick], "time")[0]
        return f"{found:%Y-%m-%d %H:%M}".removesuffix(" 00:00") if self.is_dated else f"{found:g}"


def find_clock(moments: Any, group: Any) -> Clock:
    """The clock of sorted, distinct moments in microseconds; `group` numbers tell series apart.

    DataError where no step fits nearly all of them.
    """
    apart = np.diff(moments)[np.diff(group) == 0]
    if not len(apart):
        raise DataError("Every series has a single row, so its step cannot be told.")
    months, rest = _months(moments, ends=_are_month_ends(moments))
    if apart.min() >= _SHORTEST_MONTH * DAY and len(np.unique(rest)) == 1:
        size = int(np.gcd.reduce(np.diff(months)[np.diff(group) == 0]))
        return Clock(MONTHS, size, int(rest[0]), int(months[0]) % size)
    size = int(_commonest(apart))
    if size == DAY and _are_weekdays(moments):
        return Clock(WEEKDAYS, 1, int(moments[0] % DAY))
    return Clock(SPANS, size, int(moments[0]) % size)


def number_clock(numbers: Any, group: Any) -> Clock:
    """The clock of sorted, distinct numbers."""
    apart = np.diff(numbers)[np.diff(group) == 0]
    if not len(apart):
        raise DataError("Every series has a single row, so its step cannot be told.")
    size = float(_commonest(apart))
    return Clock(NUMBERS, size, float(numbers[0] % size))


def _commonest(apart: Any) -> Any:
    """The difference that occurs most; of several the smallest."""
    values, counts = np.unique(apart, return_counts=True)
    return values[counts.argmax()].item()


def _days(moments: Any) -> Any:
    return (np.asarray(moments, np.int64) // DAY).astype("datetime64[D]")


def _are_weekdays(moments: Any) -> bool:
    """Whether there is no row on a Saturday or a Sunday, in a week or more."""
    days = _days(moments)
    return len(np.unique(days)) > _SATURDAY and bool(np.is_busday(days).all())


def _are_month_ends(moments: Any) -> bool:
    days = _days(moments)
    last = (days.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    return bool((last == days).all()) and not bool((moments % DAY).any())


def _months(moments: Any, *, ends: bool) -> tuple[Any, Any]:
    """Months since 1970, and what lies behind their first moment; with `ends` -1 on last days."""
    days = _days(moments)
    months = days.astype("datetime64[M]")
    rest = np.asarray(moments) - months.astype("datetime64[D]").astype(np.int64) * DAY
    if ends:
        rest = np.where((months + 1).astype("datetime64[D]") - 1 == days, -1, rest)
    return months.astype(np.int64), rest


def _of_months(months: Any, offset: int) -> Any:
    """The moments of months since 1970: their last days where the offset is -1."""
    first = (months + (offset < 0)).astype("datetime64[M]").astype("datetime64[D]")
    return first.astype(np.int64) * DAY + (-DAY if offset < 0 else offset)


def _amount(size: int) -> str:
    """A span in its largest whole unit."""
    unit, word = next(((u, w) for u, w in _SIZES if size % u == 0), (1, "microsecond"))
    return f"{size // unit} {word}s" if size != unit else word
