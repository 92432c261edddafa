"""Columns of a table: numbers, yes or no, dates, categories, texts.

Their statistics are of the training rows.

Which of these a column is, is told by its cells in the training rows, or by the user: `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.errors import DataError, shown
from glassnet.tables.columns import dates
from glassnet.tables.columns.cells import (
    Parsed,
    are_flags,
    dressed,
    parse,
    parse_flags,
    strange_type,
    without_far,
    words,
)
from glassnet.tables.columns.text import TextColumn, find_text, looks_like_text

if TYPE_CHECKING:
    import polars as pl

NUMBER, CATEGORY, FLAG, DATE, TEXT, IGNORE = KINDS = (
    "number", "category", "yes/no", "date", "text", "ignore",
)  # fmt: skip
_MOSTLY = 0.95  # a column is numbers where this share of its cells is
_OFTEN = 2  # rows in which a category must occur to be learnt from
_MOST_CATEGORIES = 4096
_SAME = 1e-9  # sines nearer than this are of the same month
_KEY = re.compile(r"(^|[^A-Za-z])(id|Id|ID)($|[^A-Za-z])|[a-z](Id|ID)$")  # id, user_id, userId


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers; NaN where a cell is missing.

    median   fills missing cells; of yes and no it is the more frequent one
    mean, scale  with its deviation; spread  from the first quartile to the third
    missing  whether training rows lack any
    """

    name: str
    median: float
    mean: float
    scale: float
    missing: bool
    spread: float = 0.0


@dataclass(frozen=True)
class DateColumn:
    """A column of dates or times.

    form   an example of how they are written, one of `dates.FORMS`
    parts  what the network is given of them: "when: month, sine", ...; `missing` is the first's
    """

    name: str
    form: str
    parts: tuple[NumberColumn, ...]


@dataclass(frozen=True)
class CategoryColumn:
    """A column of words; the code of a cell is its place in `values`.

    None among the values stands for a missing cell. What is not among them has the code -1.
    units  how many numbers are learnt for each value; 0: it becomes a column of 0 and 1 instead
    """

    name: str
    values: tuple[str | None, ...]
    units: int = 0


@dataclass(frozen=True)
class FlagColumn:
    """A column of yes and no, as a number: 1 and 0."""

    name: str
    number: NumberColumn


Column = NumberColumn | FlagColumn | DateColumn | CategoryColumn | TextColumn


class Found(NamedTuple):
    """A column, or why there is none; and what should be said of it."""

    column: Column | None
    reason: str = ""
    remark: str = ""


def find_column(cells: pl.Series, rows: Any, kind: str | None = None) -> Found:
    """What a column can be used as; these rows tell it, and no others.

    kind  one of `KINDS`, where the user has said so
    """
    if kind == IGNORE:
        return Found(None, "as asked for")
    if kind is None and strange_type(cells):
        return Found(None, strange_type(cells))
    chosen = cells if len(rows) == len(cells) else cells[rows]
    if kind is not None:
        return _FINDERS[kind](chosen, rows)
    return _detected(chosen, rows)


def _detected(cells: pl.Series, rows: Any) -> Found:
    parsed = None if are_flags(cells) else parse(cells)
    if parsed is None:
        return _flag(cells, rows)
    if _is_too_large(parsed):
        reason = f"{_huge(parsed, rows)}: divide them all by a power of ten"
        return Found(None, reason)
    if _is_numbers(parsed):
        reason = _no_use(cells.name, parsed.numbers, rows)
        return Found(None, reason) if reason else _number(cells, rows, parsed)
    form_of_date = dates.find_form(cells)
    if form_of_date is not None:
        return _date(cells, rows, form_of_date)
    found, form = _category(cells, rows), dressed(cells, parsed)
    if form is not None:
        return _named(found, str(form))
    is_text = found.reason.startswith("text") and looks_like_text(cells)
    return Found(*find_text(cells)) if is_text else found


def _named(found: Found, form: str) -> Found:
    """A column of words that look like numbers to people; where it is left out, that is why."""
    if found.column is None:
        return Found(None, found.reason if found.reason.startswith("always") else form)
    remark = f"{form}; each is taken as a word"
    return found._replace(remark=f"{found.remark}; {remark}" if found.remark else remark)


def _is_numbers(parsed: Parsed) -> bool:
    """Whether nearly all cells hold a number."""
    return parsed.known > 0 and parsed.known >= _MOSTLY * (parsed.known + parsed.foreign)


def _is_too_large(parsed: Parsed) -> bool:
    """Whether a column of numbers holds too many that no network takes."""
    if parsed.huge is None or _is_numbers(parsed):
        return False
    return parsed.known + parsed.huge.n_cells >= _MOSTLY * (parsed.known + parsed.foreign)


def _huge(parsed: Parsed, rows: Any) -> str:
    """Which cells are too large; their row is one of the table, not of those looked at."""
    huge = parsed.huge
    return "" if huge is None else str(huge._replace(row=int(rows[huge.row])))


def _no_use(name: str, numbers: Any, rows: Any) -> str:
    """Why numbers tell rows apart and nothing else."""
    known = numbers[~np.isnan(numbers)]
    if known.min() == known.max():  # said in other words
        return ""
    if len(numbers) > 2 and np.ptp(numbers - rows) == 0:
        return "row numbers"
    whole = bool(np.all(numbers == np.floor(numbers)))
    if _KEY.search(name) and whole and len(np.unique(numbers)) == len(numbers):
        return "numbers that only tell rows apart"
    return ""


def _number(cells: pl.Series, rows: Any, parsed: Parsed | None = None) -> Found:
    parsed = without_far(cells, parsed or parse(cells))
    return _of_numbers(cells.name, parsed, "number", rows)


def _of_numbers(name: str, parsed: Parsed, what: str, rows: Any) -> Found:
    if not parsed.known:
        _refuse(name, parsed, what)
        return Found(None, "no values")
    column = describe_numbers(name, parsed.numbers)
    if column is None:
        return Found(None, f"always {np.nanmax(parsed.numbers):g}")
    return Found(column, remark=_foreign(parsed, what, rows))


def _refuse(name: str, parsed: Parsed, what: str) -> None:
    """An error where a column is not at all what the user has said."""
    if parsed.huge and not parsed.others:
        raise DataError(
            f"The column {name!r} holds {parsed.huge}. Divide them all by a power of ten."
        )
    if parsed.foreign:
        raise DataError(
            f"The column {name!r} cannot be a {what}: no cell is one, such as "
            f"{shown(parsed.example)}. Give it another kind in Settings(columns={...}), or none."
        )


def _foreign(parsed: Parsed, what: str, rows: Any) -> str:
    said = []
    if parsed.others:
        cells_are = "cell is" if parsed.others == 1 else "cells are"
        said.append(f"{parsed.others:,} {cells_are} no {what}, such as {shown(parsed.example)}")
    if parsed.huge:
        said.append(_huge(parsed, rows))
    return f"{'; '.join(said)}: missing" if said else ""


def describe_numbers(name: str, numbers: Any) -> NumberColumn | None:
    """The statistics of some numbers, NaN being missing; None where they are always the same."""
    known = numbers[~np.isnan(numbers)]
    missing = len(known) < len(numbers)
    if not len(known) or (not missing and known.min() == known.max()):
        return None
    low, median, high = np.percentile(known, (25, 50, 75))
    return NumberColumn(
        name, float(median), float(known.mean()), float(known.std()) or 1.0, missing,
        float(high - low),
    )  # fmt: skip


def _flag(cells: pl.Series, rows: Any) -> Found:
    parsed = parse_flags(cells)
    found = _of_numbers(cells.name, parsed, "yes or no", rows)
    if not isinstance(found.column, NumberColumn):
        known = words(cells).drop_nulls()
        return Found(None, f"always {shown(known[0])}" if len(known) else found.reason)
    number = found.column
    mode = float(number.mean > 0.5)
    return Found(FlagColumn(cells.name, replace(number, median=mode)), remark=found.remark)


def _date(cells: pl.Series, rows: Any, form: str | None = None) -> Found:
    form = form or dates.plain_form(cells) or dates.ISO
    times, parsed = dates.parse_times(cells, form)
    if not parsed.known:
        _refuse(cells.name, parsed, "date")
        return Found(None, "no values")
    if times.drop_nulls().n_unique() == 1 and not times.null_count():
        return Found(None, f"always {shown(words(cells)[0])}")
    parts: list[NumberColumn] = []
    for part, values in dates.PARTS.items():
        numbers = values(times)
        if np.nanmax(numbers) - np.nanmin(numbers) > _SAME or part == "days":
            column = describe_numbers(f"{cells.name}: {part}", numbers)
            parts += (
                [] if column is None else [replace(column, missing=column.missing and not parts)]
            )
    remark = _foreign(parsed, "date", rows)
    if dates.is_ambiguous(cells, form):
        remark = "the month is taken to stand before the day" + (f"; {remark}" if remark else "")
    return Found(DateColumn(cells.name, form, tuple(parts)), remark=remark)


def _category(cells: pl.Series, rows: Any, *, asked: bool = False) -> Found:
    counts = dict(words(cells).drop_nulls().value_counts().iter_rows())
    return of_counts(cells.name, counts, len(cells) - sum(counts.values()), asked=asked)


def _text(cells: pl.Series, rows: Any) -> Found:
    """A column that the user calls text; numbers are none."""
    parsed = parse(cells)
    if _is_numbers(parsed):
        number = cells[int(np.flatnonzero(~np.isnan(parsed.numbers))[0])]
        raise DataError(
            f"The column {cells.name!r} cannot be text: it holds numbers, such as {number}. "
            "Give it the kind 'number', or 'category' where each is a name."
        )
    return Found(*find_text(cells))


def of_counts(name: str, counts: dict[str, int], n_missing: int, *, asked: bool = False) -> Found:
    """A category from how often each of its words occurs."""
    n_known = sum(counts.values())
    if not counts:
        return Found(None, "no values")
    if len(counts) == 1 and not n_missing:
        return Found(None, f"always {shown(next(iter(counts)))}")
    if len(counts) > n_known / 2 and not asked:
        return Found(None, f"text, {len(counts):,} different in {n_known:,} rows")
    order = sorted(counts, key=lambda word: (-counts[word], word))
    often = [word for word in order if counts[word] >= _OFTEN][:_MOST_CATEGORIES]
    if not often:
        return Found(None, f"text, no value in {_OFTEN} rows")
    values = (*sorted(often), *([None] if n_missing >= _OFTEN else []))
    rare = len(counts) - len(often)
    remark = f"{rare} rare values taken together" if rare > 1 else ""
    return Found(CategoryColumn(name, values), remark=remark)


_FINDERS: dict[str, Callable[[Any, Any], Found]] = {
    NUMBER: _number,
    FLAG: _flag,
    DATE: _date,
    TEXT: _text,
    CATEGORY: lambda cells, rows: _category(cells, rows, asked=True),
}
