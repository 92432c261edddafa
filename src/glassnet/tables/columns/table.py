"""A table on its way into a network: which columns go in, and as which numbers.

A `Table` is plain data. What it says of columns (medians, means, categories) comes from the
training rows alone, and is kept in the model file, so that a prediction takes raw rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, FileFormatError, UnknownNameError, brief, quoted, shown
from glassnet.tables.columns import dates
from glassnet.tables.columns.cells import (
    FARTHEST,
    Huge,
    Parsed,
    codes,
    huge_at,
    parse,
    parse_flags,
)
from glassnet.tables.columns.column import (
    KINDS,
    CategoryColumn,
    Column,
    DateColumn,
    FlagColumn,
    NumberColumn,
    find_column,
)
from glassnet.tables.columns.target import Target
from glassnet.tables.columns.text import TextColumn, text_column

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[str, int, int], None]  # what is done, how many, of how many
_FAR = 1e4  # deviations from zero at which float32 begins to lose a column's digits
_MOST_NAMES = 20  # left out, in a message
_HUGE = 1e15  # float32 holds the square of this, and of 1 / this


@dataclass(frozen=True)
class Table:
    """How the columns of a table become the inputs of a network.

    target      what is to be predicted
    numbers     columns of numbers; those with missing cells come first
    categories  columns of words: `hot` ones in the input "categories", `embedded` ones in an
                input of their own
    left_out    columns that cannot help, and why
    remarks     what else should be said, by column
    flags       columns of yes and no
    dates       columns of dates
    texts       columns of long text, each in an input of its own
    """

    target: Target
    numbers: tuple[NumberColumn, ...]
    categories: tuple[CategoryColumn, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[FlagColumn, ...] = ()
    dates: tuple[DateColumn, ...] = ()
    texts: tuple[TextColumn, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column that goes in."""
        return (*self.numbers, *self.flags, *self.dates, *self.categories, *self.texts)

    @property
    def features(self) -> tuple[NumberColumn, ...]:
        """The columns of the input "numbers"; those with missing cells come first."""
        found = self._base()
        return tuple(found[i] for i in np.argsort(_places(found)))

    @property
    def sources(self) -> tuple[str, ...]:
        """The column of the table that each of `features` is of."""
        columns = [column.name for column in self.numbers]
        columns += [column.name for column in self.flags]
        columns += [column.name for column in self.dates for _ in column.parts]
        return tuple(columns[i] for i in np.argsort(_places(self._base())))

    @property
    def hot(self) -> tuple[CategoryColumn, ...]:
        """The columns of the input "categories": each code becomes a row of 0 and 1."""
        return tuple(column for column in self.categories if not column.units)

    @property
    def embedded(self) -> dict[str, CategoryColumn]:
        """Columns whose codes have rows of numbers that are learnt, by the name of their input."""
        found = [column for column in self.categories if column.units]
        return {f"codes_{i}": column for i, column in enumerate(found, 1)}

    @property
    def coded(self) -> dict[str, TextColumn]:
        """Columns of text, by the name of their input."""
        return {f"text_{i}": column for i, column in enumerate(self.texts, 1)}

    @property
    def dtype(self) -> str:
        """The kind of float that holds every column's digits."""
        sizes = [(c.mean, c.scale) for c in self.features]
        sizes.append((self.target.mean, self.target.scale))
        fits = all(abs(m) < _FAR * s and 1 / _HUGE < s < _HUGE for m, s in sizes)
        return "float32" if fits else "float64"

    def with_features(self, found: Sequence[NumberColumn]) -> Table:
        """The same table with other statistics, in the order of `features`."""
        at = _places(self._base())
        base = iter([found[i] for i in at])
        numbers = [next(base) for _ in self.numbers]
        flags = tuple(replace(flag, number=next(base)) for flag in self.flags)
        dates_ = tuple(
            replace(date, parts=_first_missing([next(base) for _ in date.parts]))
            for date in self.dates
        )
        numbers.sort(key=lambda number: not number.missing)
        return replace(self, numbers=tuple(numbers), flags=flags, dates=dates_)

    def inputs(
        self, frame: pl.DataFrame, dtype: Any = None, *, rows: Any = None
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The arrays for the network, by input; and by column what could not be read.

        dtype  of the numbers, if it is to be another than `dtype`
        rows   their numbers, where these are not all rows of their table
        """
        there = frozenset(frame.columns)  # a look-up, and no list anew for each column
        lacking = [c.name for c in self.columns if c.name not in there]
        if lacking:
            raise DataError(f"The data lack {_listed('column', lacking)}. {_near(lacking, frame)}")
        strange: dict[str, str] = {}
        rows = range(frame.height) if rows is None else rows
        arrays = {"numbers": self._numbers(frame, dtype, strange, rows)} if self.features else {}
        if self.hot:
            arrays["categories"] = np.empty((frame.height, len(self.hot)), np.int64)
            for i, column in enumerate(self.hot):
                arrays["categories"][:, i] = _codes(frame, column, strange)
        for name, column in self.embedded.items():
            arrays[name] = _codes(frame, column, strange)
        for name, text in self.coded.items():
            arrays[name] = text.codes(frame[text.name])
            said = text.strange(frame[text.name], arrays[name])
            strange |= {text.name: said} if said else {}
        return arrays, strange

    def _numbers(self, frame: pl.DataFrame, dtype: Any, strange: dict[str, str], rows: Any) -> Any:
        features = self.features
        array = np.empty((frame.height, len(features)), dtype or self.dtype)
        most = np.finfo(array.dtype).max
        for place, cells, values, huge in self._filled(frame, strange):
            feature = features[place]
            far = np.abs(values - feature.mean) > FARTHEST * feature.scale
            far |= np.abs(values) > most  # of NaN neither is true
            array[:, place] = np.where(far, np.nan, values) if far.any() else values
            _note_huge(strange, cells.name, huge_at(cells, far, huge), rows)
        return array

    def _filled(
        self, frame: pl.DataFrame, strange: dict[str, str]
    ) -> Iterator[tuple[int, pl.Series, Any, Huge | None]]:
        """The values of each of `features`: its place, the column, values, what is too large."""
        order = iter(_places(self._base()))
        for number in self.numbers:
            cells = frame[number.name]
            parsed = parse(cells)
            _note(strange, number.name, parsed, "no number")
            yield next(order), cells, parsed.numbers, parsed.huge
        for flag in self.flags:
            cells = frame[flag.name]
            parsed = parse_flags(cells)
            _note(strange, flag.name, parsed, "neither yes nor no")
            yield next(order), cells, parsed.numbers, None
        for date in self.dates:
            cells = frame[date.name]
            times, parsed = dates.parse_times(cells, date.form)
            _note(strange, date.name, parsed, f"no date such as {date.form}")
            for part in date.parts:
                values = dates.PARTS[part.name.removeprefix(f"{date.name}: ")](times)
                yield next(order), cells, values, None

    def _base(self) -> list[NumberColumn]:
        """The features by the columns that they are of."""
        parts = [part for column in self.dates for part in column.parts]
        return [*self.numbers, *(column.number for column in self.flags), *parts]

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same table."""
        plain = asdict(replace(self, texts=()))
        return {**plain, "texts": [column.to_json() for column in self.texts]}

    @staticmethod
    def from_json(text: Any) -> Table:
        """A table from what `to_json` gave."""
        try:
            target = Target(**text["target"])
            target = replace(target, classes=tuple(target.classes), counts=tuple(target.counts))
            table = Table(
                target,
                tuple(NumberColumn(**c) for c in text["numbers"]),
                tuple(_category(c) for c in text["categories"]),
                dict(text["left_out"]),
                dict(text["remarks"]),
                tuple(FlagColumn(c["name"], NumberColumn(**c["number"])) for c in text["flags"]),
                tuple(_date(c) for c in text["dates"]),
                tuple(text_column(c) for c in text.get("texts", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(f"The file does not describe a table: {error!r}.") from error
        return table


def _places(numbers: Sequence[NumberColumn]) -> list[int]:
    """Where each goes, when those with missing cells come first."""
    order = sorted(range(len(numbers)), key=lambda i: not numbers[i].missing)
    places = {i: place for place, i in enumerate(order)}
    return [places[i] for i in range(len(numbers))]


def _first_missing(parts: Sequence[NumberColumn]) -> tuple[NumberColumn, ...]:
    """The parts of a date are missing together: one indicator is enough."""
    return tuple(replace(part, missing=part.missing and not i) for i, part in enumerate(parts))


def _category(text: Any) -> CategoryColumn:
    units = text["units"]
    if isinstance(units, bool) or not isinstance(units, int) or units < 0:
        raise ValueError(f"units {units!r}")
    return CategoryColumn(text["name"], tuple(text["values"]), units)


def _date(text: Any) -> DateColumn:
    parts = tuple(NumberColumn(**c) for c in text["parts"])
    known = {f"{text['name']}: {part}" for part in dates.PARTS}
    if text["form"] not in dates.FORMS or not known >= {part.name for part in parts}:
        raise ValueError(f"dates {text['form']!r} with {len(parts)} parts")
    return DateColumn(text["name"], text["form"], parts)


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


def find_table(
    frame: pl.DataFrame, target: Target, y: Any, rows: Any,
    kinds: Mapping[str, str] | None = None, *, apart: Collection[str] = (),
    progress: Progress = silent,
) -> Table:  # fmt: skip
    """The table that the training rows describe.

    frame  the whole table, or the training rows alone
    y  the target's numbers for all rows; rows  the numbers of the training rows
    kinds  what columns are, where the user has said so; apart  names of columns that are no input
    progress  is told how many columns have been looked at
    """
    left_out, remarks = {}, {}
    found: dict[type[Column], list[Any]] = {
        NumberColumn: [], FlagColumn: [], DateColumn: [], CategoryColumn: [], TextColumn: [],
    }  # fmt: skip
    asked = check_kinds(kinds or {}, frame.columns, target.name)
    for done, cells in enumerate(frame.iter_columns(), 1):
        progress("columns looked at", done, frame.width)
        if cells.name == target.name or cells.name in apart:
            continue
        column, reason, remark = find_column(cells, rows, asked.get(cells.name))
        if column is None:
            left_out[cells.name] = reason
        else:
            found[type(column)].append(column)
        if remark:
            remarks[cells.name] = remark
    _checkquoted(found, target.name, left_out)
    if not target.is_classes:
        chosen = y[rows]
        target = replace(target, mean=float(chosen.mean()), scale=float(chosen.std()) or 1.0)
    numbers = sorted(found[NumberColumn], key=lambda c: not c.missing)
    return Table(
        target, tuple(numbers), tuple(found[CategoryColumn]), left_out, remarks,
        tuple(found[FlagColumn]), tuple(found[DateColumn]), tuple(found[TextColumn]),
    )  # fmt: skip


def check_kinds(kinds: Mapping[str, str], names: Collection[str], target: str) -> Mapping[str, str]:
    """What the user says that columns are; an error where there is no such column or kind."""
    there = frozenset(names)
    for name, kind in kinds.items():
        if name not in there:
            raise UnknownNameError("column", name, names)
        if kind not in KINDS:
            raise UnknownNameError("kind of column", kind, KINDS)
        if name == target:
            raise DataError(
                f"{name!r} is the target, so it has no kind among the columns that go in. "
                "The task says what it is: classification or regression."
            )
    return kinds


def _checkquoted(found: Mapping[Any, list[Any]], target: str, left_out: Mapping[str, str]) -> None:
    if not any(found.values()):
        said = [f"{brief(name)} ({reason})" for name, reason in left_out.items()]
        listed = ", ".join(said[:_MOST_NAMES]) or "none"
        listed += f", and {len(said) - _MOST_NAMES:,} more" if len(said) > _MOST_NAMES else ""
        raise DataError(f"No column beside {target!r} can help to predict it. Left out: {listed}.")


def column_of(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column by name."""
    if name not in frame.columns:
        raise UnknownNameError("column", name, frame.columns)
    return frame[name]


def _codes(frame: pl.DataFrame, column: CategoryColumn, strange: dict[str, str]) -> Any:
    """The codes of a column, and what has none."""
    cells = frame[column.name]
    found = codes(cells, column.values)
    unseen = cells.filter((found < 0) & cells.is_not_null().to_numpy())
    if len(unseen):
        parsed = Parsed(None, 0, len(unseen), str(unseen[0]))
        _note(strange, column.name, parsed, "not met in training")
    return found


def _note(strange: dict[str, str], name: str, parsed: Parsed, what: str) -> None:
    if parsed.others:
        cells = "cell" if parsed.others == 1 else "cells"
        strange[name] = f"{parsed.others:,} {cells} {what}, such as {shown(parsed.example)}"


def _note_huge(strange: dict[str, str], name: str, huge: Huge | None, rows: Any) -> None:
    if huge is not None:
        said = str(huge._replace(row=int(rows[huge.row])))
        strange[name] = f"{strange[name]}; {said}" if name in strange else said


def _listed(word: str, names: list[str]) -> str:
    return f"the {word}{'s' if len(names) > 1 else ''} {quoted(names)}"


def _near(lacking: list[str], frame: pl.DataFrame) -> str:
    import difflib

    for name in lacking:
        near = difflib.get_close_matches(name, frame.columns, n=1, cutoff=0.6)
        if near:
            return f"Is {near[0]!r} meant to be {name!r}?"
    return f"They have {quoted(frame.columns)}."
