"""Permutation importance: how much worse the answers are once a column is shuffled.

(Breiman, 2001, section 10; Fisher, Rudin & Dominici, 2019.) The raw cells of one column of the
table are dealt out anew among the rows, and the rows go through the whole network again. Text is
read only once: of what the network is given, all that stems from the column is dealt out together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import metrics, philox
from glassnet.tables.score import score

if TYPE_CHECKING:
    import polars as pl

    from glassnet.tables import TableModel

REPETITIONS = 5
_FEWEST_ROWS, _MOST_ROWS = 100, 1000
_CELLS = 5e8  # that are predicted from in all; where there are more columns, fewer rows are taken
_AT_ONCE = 20_000  # rows in one prediction
Arrays = dict[str, Any]


@dataclass(frozen=True)
class Importance:
    """By how much the metric gets worse: for each column (row) and repetition (column).

    n_rows  how many rows were used; base  the metric before anything is shuffled
    """

    worse: Any
    n_rows: int
    base: float

    @property
    def mean(self) -> Any:
        """For each column."""
        return self.worse.mean(axis=1)

    @property
    def spread(self) -> Any:
        """The standard deviation over the repetitions."""
        return self.worse.std(axis=1)

    @property
    def order(self) -> list[int]:
        """The columns by importance, the largest first."""
        order: list[int] = np.argsort(-np.nan_to_num(self.mean), kind="stable").tolist()
        return order


def drawn(n_rows: int, n_columns: int, seed: int = 0) -> Any:
    """The rows that importance is measured on, in rising order: a sample where there are many."""
    affordable = int(_CELLS / REPETITIONS / max(1, n_columns) ** 2)
    n = min(n_rows, max(_FEWEST_ROWS, min(_MOST_ROWS, affordable)))
    return np.sort(_dealt(n_rows, seed, 0, 0)[:n])


def importances(
    model: TableModel,
    frame: pl.DataFrame,
    y: Any,
    columns: list[str],
    metric: str,
    *,
    seed: int = 0,
    repetitions: int = REPETITIONS,
) -> Importance:
    """The importance of columns for a metric, on rows that training has not seen.

    y  the rows' class numbers or amounts
    """
    n = frame.height
    arrays = _inputs(model, frame)
    base = score(metric, y, _answers(model, arrays))
    origin = origins(model, frame, columns)
    worse = np.empty((len(columns), repetitions))
    jobs = [(c, r) for c in range(len(columns)) for r in range(repetitions)]
    together = max(1, _AT_ONCE // n)
    for start in range(0, len(jobs), together):
        some_jobs = jobs[start : start + together]
        p = _answers(model, _shuffled(arrays, origin, some_jobs, seed))
        for k, job in enumerate(some_jobs):
            worse[job] = score(metric, y, p[k * n : (k + 1) * n])
    sign = -1 if metrics.find(metric).higher_is_better else 1
    return Importance(sign * (worse - base), n, base)


def _inputs(model: TableModel, frame: pl.DataFrame) -> Arrays:
    arrays, _ = model.table.inputs(frame)
    return arrays


def _answers(model: TableModel, arrays: Arrays) -> Any:
    return np.asarray(model.answers(arrays), np.float64)


def origins(model: TableModel, frame: pl.DataFrame, columns: list[str]) -> Arrays:
    """Which column of the table each column of each input stems from: its number, or -1.

    Columns are moved by a row, half of them at a time, as the binary digits of their numbers say;
    what moves in an input then spells the number of its column. What is constant has none.
    """
    before = _inputs(model, frame)
    found = {name: np.zeros(_flat(array).shape[1], np.int64) for name, array in before.items()}
    down = np.roll(np.arange(frame.height), 1)
    for digit in range(len(columns).bit_length()):
        moved = [name for k, name in enumerate(columns, 1) if k >> digit & 1]
        after = _inputs(model, frame.with_columns([frame[name][down] for name in moved]))
        for name, numbers in found.items():
            old, new = _flat(before[name]), _flat(after[name])
            same = (old == new) | ((old != old) & (new != new))  # NaN  # noqa: PLR0124
            found[name] = numbers + ((~same.all(axis=0)).astype(np.int64) << digit)
    return {name: numbers - 1 for name, numbers in found.items()}


def _shuffled(arrays: Arrays, origin: Arrays, jobs: Any, seed: int) -> Arrays:
    """The rows once for each job (column, repetition), that column being shuffled there."""
    found = {name: np.concatenate([array] * len(jobs)) for name, array in arrays.items()}
    for k, (column, repetition) in enumerate(jobs):
        for name, array in arrays.items():
            (stemming,) = np.nonzero(origin[name] == column)
            if len(stemming):
                n = len(array)
                rows = _dealt(n, seed, column + 1, repetition)
                part = _flat(found[name])[k * n : (k + 1) * n]
                part[:, stemming] = _flat(array)[np.ix_(rows, stemming)]
    return found


def _flat(array: Any) -> Any:
    """(n, columns), without a copy."""
    return array.reshape(len(array), -1)


def _dealt(n: int, seed: int, column: int, repetition: int) -> Any:
    return philox.permutation(n, seed, philox.IMPORTANCE, column, repetition)
