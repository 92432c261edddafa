"""The target column: what kind of task it sets, found out from its cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, UnknownNameError, brief, shown
from glassnet.tables.columns.cells import (
    Parsed,
    codes,
    dressed,
    is_time,
    parse,
    strange_type,
    without_far,
    words,
)

if TYPE_CHECKING:
    import polars as pl

CLASSIFICATION, REGRESSION = TASKS = ("classification", "regression")
_FEW = 20  # distinct whole numbers that may be classes,
_FEW_SHARE = 0.05  # where they are at most this share of the rows
_MOST_CLASSES = 1000
_SHOWN = 8  # classes named in a line


@dataclass(frozen=True)
class Target:
    """What is to be predicted.

    classes  in sorted order, and in how many rows of the table each occurs (`counts`)
    mean, scale  of a regression's target over the training rows
    reason   why the task is what it is
    """

    name: str
    task: str
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    mean: float = 0.0
    scale: float = 1.0
    reason: str = ""

    @property
    def is_classes(self) -> bool:
        """Whether the task is classification."""
        return self.task == CLASSIFICATION

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes: one probability tells both."""
        return len(self.classes) == 2

    def describe(self) -> str:
        """The task in a line."""
        if not self.is_classes:
            return self.task
        pairs = zip(self.classes, self.counts, strict=True)
        listed = ", ".join(f"{brief(name)} {count:,}" for name, count in list(pairs)[:_SHOWN])
        if len(self.classes) > _SHOWN:
            listed += f", and {len(self.classes) - _SHOWN} more"
        return f"{self.task}, {len(self.classes)} classes ({listed})"


def find_target(cells: pl.Series, task: str | None = None) -> tuple[Target, Any]:
    """The target, and for each row its class number or its amount; -1 or NaN where it is missing.

    task  "classification" or "regression"; None finds it out
    """
    import polars as pl

    if task is not None and task not in TASKS:
        raise UnknownNameError("task", task, TASKS)
    _check_type(cells)
    parsed = parse(words(cells) if cells.dtype == pl.Boolean else cells)
    _check_size(cells, parsed)
    if task != CLASSIFICATION:
        _check_form(cells, parsed)
    distinct = np.unique(parsed.numbers[~np.isnan(parsed.numbers)])
    if not parsed.known + parsed.foreign:
        raise DataError(f"The target {cells.name!r} is missing in every row.")
    found, reason = _task(parsed, distinct)
    if task is not None and task != found:
        if _is_text(parsed):
            raise DataError(
                f"The target {cells.name!r} cannot be an amount: {parsed.foreign} cells are no "
                f"numbers, such as {shown(parsed.example)}."
            )
        found, reason = task, "as asked for"
    if found == REGRESSION:
        return _amounts(cells.name, parsed, distinct, reason)
    return _classes(cells, parsed, distinct, reason)


def _check_type(cells: pl.Series) -> None:
    """An error where a target can be neither classes nor amounts."""
    if strange_type(cells):
        raise DataError(f"The target {cells.name!r} holds {strange_type(cells)}. Choose another.")
    if is_time(cells):
        raise DataError(
            f"The target {cells.name!r} holds dates, which are neither classes nor amounts. "
            "Predict a number of them: the days since one, say."
        )


def _check_size(cells: pl.Series, parsed: Parsed) -> None:
    """An error where a target of numbers has some that are too large, or so much larger."""
    huge = without_far(cells, parsed).huge
    if huge and not parsed.others:
        raise DataError(
            f"The target {cells.name!r} holds {huge}. Correct such cells, leave them empty, or "
            "divide the column by a power of ten."
        )


def _check_form(cells: pl.Series, parsed: Parsed) -> None:
    """An error where a target of amounts has currency signs, say: as classes it makes no sense."""
    found = dressed(cells, parsed)
    if found:
        raise DataError(
            f"The target {cells.name!r} holds {found}. If they are classes, say so: the task is "
            "classification."
        )


def _task(parsed: Parsed, distinct: Any) -> tuple[str, str]:
    """The task that the cells suggest, and why."""
    if _is_text(parsed):
        return CLASSIFICATION, "since it holds text"
    if len(distinct) == 2:
        return CLASSIFICATION, "since it holds two distinct numbers"
    whole = bool(np.all(distinct == np.floor(distinct)))
    if whole and len(distinct) <= min(_FEW, _FEW_SHARE * parsed.known):
        return CLASSIFICATION, "since it holds few whole numbers; for amounts: --task regression"
    low, high = distinct[0], distinct[-1]
    return REGRESSION, f"since it holds {len(distinct):,} distinct numbers, {low:,g} to {high:,g}"


def _is_text(parsed: Parsed) -> bool:
    return parsed.foreign > 0 or not parsed.known


def _amounts(name: str, parsed: Parsed, distinct: Any, reason: str) -> tuple[Target, Any]:
    if len(distinct) < 2:
        raise DataError(f"The target {name!r} is always {distinct[0]:g}: nothing can be learnt.")
    return Target(name, REGRESSION, reason=reason), parsed.numbers


def _classes(cells: pl.Series, parsed: Parsed, distinct: Any, reason: str) -> tuple[Target, Any]:
    if _is_text(parsed):
        names = words(cells).drop_nulls().unique().sort().to_list()
        numbers = codes(cells, tuple(names))
    else:
        names = [_number_name(value) for value in distinct]
        numbers = np.searchsorted(distinct, parsed.numbers)
        numbers = np.where(np.isnan(parsed.numbers), -1, numbers).astype(np.int64)
    counts = np.bincount(numbers[numbers >= 0], minlength=len(names))
    _check_classes(cells.name, names, counts, parsed)
    target = Target(cells.name, CLASSIFICATION, tuple(names), tuple(counts.tolist()), reason=reason)
    return target, numbers


def _number_name(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _check_classes(name: str, names: list[str], counts: Any, parsed: Parsed) -> None:
    n_rows = int(counts.sum())
    if len(names) < 2:
        raise DataError(f"The target {name!r} is always {shown(names[0])}: nothing can be learnt.")
    if len(names) > min(_MOST_CLASSES, max(2, n_rows / 2)):
        hint = ""
        if parsed.known > n_rows / 2:
            hint = f" Most are numbers; {parsed.foreign} are not, such as {shown(parsed.example)}."
        raise DataError(
            f"The target {name!r} has {len(names):,} different values in {n_rows:,} rows, too many "
            f"for classes.{hint} Choose another column, or correct it."
        )
