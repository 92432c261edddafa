"""A table on its way into a network: which columns go in, and as which numbers.

A `Table` is plain data. What it says of columns (medians, means, categories) comes from the
training rows alone, and is kept in the model file, so that a prediction takes raw rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.column import CategoryColumn, NumberColumn, find_column, parse
from glassnet.data.target import Target
from glassnet.errors import DataError, FileFormatError, UnknownNameError

if TYPE_CHECKING:
    import polars as pl

_FAR = 1e4  # deviations from zero at which float32 begins to lose a column's digits
_HUGE = 1e15  # float32 holds the square of this, and of 1 / this


@dataclass(frozen=True)
class Table:
    """How the columns of a table become the inputs of a network.

    target      what is to be predicted
    numbers     columns of the input "numbers"; those with missing cells come first
    categories  columns of the input "categories"
    left_out    columns that cannot help, and why
    remarks     what else should be said, by column
    """

    target: Target
    numbers: tuple[NumberColumn, ...]
    categories: tuple[CategoryColumn, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    @property
    def dtype(self) -> str:
        """The kind of float that holds every column's digits."""
        sizes = [(c.mean, c.scale) for c in self.numbers]
        sizes.append((self.target.mean, self.target.scale))
        fits = all(abs(m) < _FAR * s and 1 / _HUGE < s < _HUGE for m, s in sizes)
        return "float32" if fits else "float64"

    def inputs(self, frame: pl.DataFrame) -> tuple[dict[str, Any], dict[str, str]]:
        """The arrays for the network, by input; and by column what could not be read."""
        names = [c.name for c in self.numbers] + [c.name for c in self.categories]
        lacking = [name for name in names if name not in frame.columns]
        if lacking:
            raise DataError(f"The data lack {_listed('column', lacking)}. {_near(lacking, frame)}")
        found = {"numbers": self._numbers(frame), "categories": self._categories(frame)}
        arrays = {name: array for name, (array, _) in found.items() if array.shape[1]}
        return arrays, {**found["numbers"][1], **found["categories"][1]}

    def _numbers(self, frame: pl.DataFrame) -> tuple[Any, dict[str, str]]:
        strange = {}
        array = np.empty((frame.height, len(self.numbers)), self.dtype)
        most = np.finfo(array.dtype).max  # NaN stays
        for i, column in enumerate(self.numbers):
            parsed = parse(frame[column.name])
            array[:, i] = np.clip(parsed.numbers, -most, most)
            if parsed.foreign:
                strange[column.name] = _strange(parsed.foreign, "no number", parsed.example)
        return array, strange

    def _categories(self, frame: pl.DataFrame) -> tuple[Any, dict[str, str]]:
        strange = {}
        array = np.empty((frame.height, len(self.categories)), np.int64)
        for i, column in enumerate(self.categories):
            cells = frame[column.name]
            array[:, i] = codes = _codes(cells, column.values)
            unseen = cells.filter((codes < 0) & cells.is_not_null().to_numpy())
            if len(unseen):
                strange[column.name] = _strange(len(unseen), "not met in training", unseen[0])
        return array, strange

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same table."""
        return asdict(self)

    @staticmethod
    def from_json(text: Any) -> Table:
        """A table from what `to_json` gave."""
        try:
            target = Target(**text["target"])
            target = replace(target, classes=tuple(target.classes), counts=tuple(target.counts))
            table = Table(
                target,
                tuple(NumberColumn(**c) for c in text["numbers"]),
                tuple(CategoryColumn(c["name"], tuple(c["values"])) for c in text["categories"]),
                dict(text["left_out"]),
                dict(text["remarks"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(f"The file does not describe a table: {error!r}.") from error
        return table


def find_table(frame: pl.DataFrame, target: Target, y: Any, rows: Any) -> Table:
    """The table that the training rows describe.

    y  the target's numbers for all rows; rows  the numbers of the training rows
    """
    left_out, remarks = {}, {}
    numbers: list[NumberColumn] = []
    categories: list[CategoryColumn] = []
    for cells in frame.iter_columns():
        if cells.name == target.name:
            continue
        found = find_column(cells, rows)
        if isinstance(found.column, NumberColumn):
            numbers.append(found.column)
        elif isinstance(found.column, CategoryColumn):
            categories.append(found.column)
        else:
            left_out[cells.name] = found.reason
        if found.remark:
            remarks[cells.name] = found.remark
    if not numbers and not categories:
        listed = ", ".join(f"{name} ({reason})" for name, reason in left_out.items()) or "none"
        raise DataError(
            f"No column beside {target.name!r} can help to predict it. Left out: {listed}."
        )
    if not target.is_classes:
        chosen = y[rows]
        target = replace(target, mean=float(chosen.mean()), scale=float(chosen.std()) or 1.0)
    numbers.sort(key=lambda c: not c.missing)
    return Table(target, tuple(numbers), tuple(categories), left_out, remarks)


def column_of(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column by name."""
    if name not in frame.columns:
        raise UnknownNameError("column", name, frame.columns)
    return frame[name]


def _codes(cells: pl.Series, values: tuple[str | None, ...]) -> Any:
    """The place of each cell among the values, or -1."""
    known = [value for value in values if value is not None]
    codes = cells.replace_strict(known, range(len(known)), default=-1)
    found = codes.to_numpy().astype(np.int64)
    if None in values:
        found[cells.is_null().to_numpy()] = values.index(None)
    return found


def _strange(count: int, what: str, example: str) -> str:
    cells = "cell" if count == 1 else "cells"
    return f"{count:,} {cells} {what}, such as {example!r}"


def _listed(word: str, names: list[str]) -> str:
    return f"the {word}{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


def _near(lacking: list[str], frame: pl.DataFrame) -> str:
    import difflib

    for name in lacking:
        near = difflib.get_close_matches(name, frame.columns, n=1, cutoff=0.6)
        if near:
            return f"Is {near[0]!r} meant to be {name!r}?"
    return f"They have {', '.join(map(repr, frame.columns))}."
