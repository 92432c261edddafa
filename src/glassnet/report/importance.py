"""Permutation importance: how much worse the answers are once a column is shuffled.

(Breiman, 2001, section 10; Fisher, Rudin & Dominici, 2019.) The raw cells of one column of the
table are dealt out anew among the rows, and the rows go through the whole network again. Of what
the first dense layer gets, only the numbers that stem from the column change, so only these are
multiplied anew: the work grows with the number of columns, not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import metrics, philox
from glassnet.tables.columns import Progress, silent
from glassnet.tables.score import score, scores

if TYPE_CHECKING:
    from glassnet.tables.first_layer import FirstLayer

REPETITIONS = 5
_FEWEST_ROWS, _MOST_ROWS = 100, 1000
_ROWS = 5_000_000  # that are predicted in all; where there are more columns, fewer rows are taken
_AT_ONCE = 20_000  # rows in one prediction


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
    affordable = _ROWS // REPETITIONS // max(1, n_columns)
    n = min(n_rows, max(_FEWEST_ROWS, min(_MOST_ROWS, affordable)))
    return np.sort(_dealt(n_rows, seed, 0, 0)[:n])


def importances(
    model: FirstLayer,
    x: Any,
    y: Any,
    columns: list[str],
    metric: str,
    *,
    seed: int = 0,
    repetitions: int = REPETITIONS,
    progress: Progress = silent,
) -> Importance:
    """The importance of columns for a metric, on rows that training has not seen.

    x  what the model's first layer gets (n, D)
    y  the rows' class numbers or amounts
    progress  is told again and again how many columns are weighed
    """
    n, z = len(x), x @ model.weight + model.bias  # (n, U)
    base = score(metric, y, _answers(model, z))
    jobs = [(c, r) for c in range(len(columns)) for r in range(repetitions)]
    changes = _changes(model, x, columns, jobs, seed)
    worse = np.empty(len(jobs))
    together = max(1, _AT_ONCE // n)
    for first in range(0, len(jobs), together):
        count = min(together, len(jobs) - first)
        shuffled = np.stack([z + next(changes) for _ in range(count)])  # (jobs, n, U)
        p = _answers(model, shuffled.reshape(count * n, -1))
        worse[first : first + count] = scores(metric, y, p)
        progress("columns weighed", (first + count) // repetitions, len(columns))
    sign = -1 if metrics.find(metric).higher_is_better else 1
    return Importance(sign * (worse.reshape(len(columns), repetitions) - base), n, base)


def _answers(model: FirstLayer, z: Any) -> Any:
    return np.asarray(model.answers(z), np.float64)


def _changes(
    model: FirstLayer, x: Any, columns: list[str], jobs: list[tuple[int, int]], seed: int
) -> Iterator[Any]:
    """What shuffling adds to the sums of the first layer (n, U), for each column and repetition."""
    stemming: dict[str, list[int]] = {name: [] for name in columns}
    for place, name in enumerate(model.columns):
        stemming.get(name, []).append(place)
    for column, repetition in jobs:
        places = stemming[columns[column]]
        part = x[:, places]
        rows = _dealt(len(x), seed, column + 1, repetition)
        yield (part[rows] - part) @ model.weight[places]


def _dealt(n: int, seed: int, column: int, repetition: int) -> Any:
    return philox.permutation(n, seed, philox.IMPORTANCE, column, repetition)
