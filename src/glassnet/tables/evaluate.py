"""How a trained model does on a table that has the target: rows that it has not seen, say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, plain, shown
from glassnet.tables.columns import column_of
from glassnet.tables.columns.cells import FARTHEST, Parsed, codes, huge_at, parse
from glassnet.tables.model import TableModel, first_said
from glassnet.tables.reading import Stream, read
from glassnet.tables.score import names_for, score

if TYPE_CHECKING:
    import polars as pl

    from glassnet.tables.columns import Target


@dataclass(frozen=True)
class Evaluation:
    """Figures on a table.

    scores     by metric: of the network, and of an answer that looks at no column
    n_rows     how many rows they are of
    n_unknown  how many rows lack the target, and so take no part
    strange    by column, what could not be read or was not met in training
    target     what is predicted; task  classification or regression
    """

    scores: dict[str, tuple[float, float]]
    n_rows: int
    n_unknown: int
    strange: dict[str, str]
    target: str
    task: str


def evaluate_table(model: TableModel, frame: Any) -> Evaluation:
    """Metrics of a model on the rows of a table that have the target.

    frame  what `tables.read` gave, or any DataFrame

    Raises DataError where none has, or where one has a class that the model does not know.
    """
    target = model.table.target
    table = read(frame)
    batches = table.batches() if isinstance(table, Stream) else [table]
    parts, first = [], 0
    for batch in batches:
        parts.append(_answered(model, batch, first))
        first += batch.height
    y, p = (np.concatenate(arrays) for arrays in list(zip(*parts, strict=True))[:2])
    if not len(y):
        raise DataError(f"No row has a value of {target.name!r}, so there is nothing to measure.")
    same = np.broadcast_to(_constant(target), p.shape)
    scores = {name: (score(name, y, p), score(name, y, same)) for name in names_for(target)}
    strange = first_said([part[3] for part in parts])
    n_unknown = sum(part[2] for part in parts)
    return Evaluation(scores, len(y), n_unknown, strange, target.name, target.task)


def _answered(
    model: TableModel, frame: pl.DataFrame, first: int
) -> tuple[Any, Any, int, dict[str, str]]:
    """Targets and answers of the rows that have a target, how many have none, what is strange.

    first  the number of the first row in its table
    """
    target = model.table.target
    y = _labels(column_of(frame, target.name), target, first)
    known = np.flatnonzero(y >= 0 if target.is_classes else ~np.isnan(y))
    arrays, strange = model.table.inputs(frame[known], rows=known + first)
    width = () if not target.is_classes else (len(target.classes),)
    p = (
        model.finite_answers(arrays, (known + first).tolist())
        if len(known)
        else np.empty((0, *width))
    )
    return y[known], np.asarray(p, np.float64), frame.height - len(known), strange


def _labels(cells: pl.Series, target: Target, first: int) -> Any:
    """Class numbers, -1 where missing; or amounts, NaN where missing."""
    parsed = parse(cells)
    if not target.is_classes:
        return _amounts(cells, parsed, target, first)
    found = np.maximum(codes(cells, target.classes), _by_number(parsed.numbers, target.classes))
    strange = cells.filter((found < 0) & cells.is_not_null().to_numpy())
    if len(strange):
        raise DataError(
            f"The target {target.name!r} has {len(strange):,} cells with a class that the network "
            f"does not know, such as {shown(str(strange[0]))}. It knows "
            f"{', '.join(map(plain, target.classes))}. Leave these rows out, or train anew."
        )
    return found


def _amounts(cells: pl.Series, parsed: Parsed, target: Target, first: int) -> Any:
    """The numbers of a regression's target, NaN where missing."""
    if parsed.others:
        raise DataError(
            f"The target {target.name!r} holds {parsed.others:,} cells that are no numbers, "
            f"such as {shown(parsed.example)}. Correct them, or leave them empty."
        )
    far = np.abs(parsed.numbers - target.mean) > FARTHEST * target.scale
    huge = huge_at(cells, far, parsed.huge)
    if huge is not None:
        said = huge._replace(row=huge.row + first)
        raise DataError(
            f"The target {target.name!r} holds {said}. Correct such cells, or leave them empty."
        )
    return parsed.numbers


def _by_number(numbers: Any, classes: tuple[str, ...]) -> Any:
    """Class numbers where classes are written as numbers: 1.0 is the class 1."""
    found = np.full(len(numbers), -1, np.int64)
    for i, name in enumerate(classes):
        try:
            found[numbers == float(name)] = i
        except ValueError:
            continue
    return found


def _constant(target: Target) -> Any:
    """The shares of the classes, or the mean, of the table that the model was trained on."""
    if not target.is_classes:
        return np.array([target.mean])
    return np.array(target.counts) / sum(target.counts)
