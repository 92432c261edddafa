"""Tables larger than memory: statistics in passes over a stream, inputs on disk.

What memory holds of such a table: its target, the numbers of its rows, a sample for medians and
quartiles, a batch. The numbers for the network lie in files that are mapped into memory, and that
vanish with the arrays; they stand where `tempfile` puts its files (the variable TMPDIR moves them).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import philox
from glassnet.data import mapped
from glassnet.tables.columns.cells import words
from glassnet.tables.columns.column import CategoryColumn, of_counts
from glassnet.tables.columns.table import Progress, Table, find_table, silent

if TYPE_CHECKING:
    import polars as pl

    from glassnet.tables.columns.target import Target
    from glassnet.tables.reading.stream import Stream

_SAMPLE = 100_000  # rows for medians, quartiles and kinds,
_SAMPLE_BYTES = 1 << 25  # and how much of memory they may take
_MOST_WORDS = 500_000  # of a column: then those that came once are forgotten


def find_streamed(
    stream: Stream, target: Target, y: Any, rows: Any, kinds: Mapping[str, str],
    *, apart: Collection[str], seed: int, progress: Progress = silent,
) -> Table:  # fmt: skip
    """The table that the training rows of a stream describe.

    What columns are, medians and quartiles are those of a seeded sample of at most 100,000 training
    rows, and so are the words of texts; means, deviations, missing cells and the counts of
    categories are those of all.
    """
    some = _sample(stream, rows, seed)
    table = find_table(stream.rows(some), target, y, some, kinds, apart=apart, progress=progress)
    if not target.is_classes:
        scale = float(y[rows].std()) or 1.0
        table = replace(
            table, target=replace(table.target, mean=float(y[rows].mean()), scale=scale)
        )
    return _exact(stream, table, rows)


def _sample(stream: Stream, rows: Any, seed: int) -> Any:
    """Some of the rows, drawn by their numbers, in rising order."""
    first = next(stream.batches())
    row_bytes = max(1, first.estimated_size() // first.height)
    count = max(1000, min(_SAMPLE, _SAMPLE_BYTES // row_bytes))
    if len(rows) <= count:
        return rows
    return np.sort(rows[philox.permutation(len(rows), seed, philox.SPLIT, 1 << 32)[:count]])


class _Moments:
    """Means and deviations, batch after batch (Chan, Golub and LeVeque 1979)."""

    def __init__(self, width: int) -> None:
        self.count, self.mean, self.square = np.zeros(width), np.zeros(width), np.zeros(width)
        self.missing = np.zeros(width, bool)

    def add(self, values: Any) -> None:
        """Rows (n, width), NaN where a cell is missing."""
        known = ~np.isnan(values)
        count = known.sum(axis=0)
        mean = np.where(known, values, 0).sum(axis=0) / np.maximum(count, 1)
        square = (np.where(known, values - mean, 0) ** 2).sum(axis=0)
        both, step = np.maximum(self.count + count, 1), mean - self.mean
        self.square += square + step**2 * self.count * count / both
        self.mean += step * count / both
        self.count += count
        self.missing |= ~known.all(axis=0)

    @property
    def scale(self) -> Any:
        """Deviations; 1 where there is none."""
        found = np.sqrt(self.square / np.maximum(self.count, 1))
        return np.where(found > 0, found, 1.0)


def _exact(stream: Stream, table: Table, rows: Any) -> Table:
    """The table with what is exact only over all training rows."""
    numeric = replace(table, categories=(), texts=())
    moments = _Moments(len(table.features))
    counts: dict[str, Counter[str | None]] = {c.name: Counter() for c in table.categories}
    for batch, at in stream.chosen(rows):
        chosen = batch[at]
        if table.features:
            moments.add(numeric.inputs(chosen, np.float64)[0]["numbers"])
        for name, found in counts.items():
            _count(found, chosen[name])
    found_numbers = [
        replace(f, mean=float(mean), scale=float(scale), missing=bool(missing))
        for f, mean, scale, missing in zip(
            table.features, moments.mean, moments.scale, moments.missing, strict=True
        )
    ]
    categories = tuple(_recounted(column, counts[column.name]) for column in table.categories)
    return replace(table.with_features(found_numbers), categories=categories)


def _count(found: Counter[str | None], cells: pl.Series) -> None:
    for word, count in words(cells).value_counts().iter_rows():
        found[word] += count
    if len(found) > _MOST_WORDS:
        for word in [word for word, count in found.items() if count == 1]:
            del found[word]


def _recounted(column: CategoryColumn, counts: Counter[str | None]) -> CategoryColumn:
    n_missing = counts.pop(None, 0)
    known = {word: count for word, count in counts.items() if word is not None}
    found = of_counts(column.name, known, n_missing, asked=True).column
    return found if isinstance(found, CategoryColumn) else column


def spooled(stream: Stream, table: Table, parts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The inputs of the network for the rows of each part, in files that are mapped into memory.

    parts  by name the numbers of their rows, in rising order
    """
    like, _ = table.inputs(next(stream.batches()).head(1))
    needed = sum(a.nbytes for a in like.values()) * sum(map(len, parts.values()))
    arrays = {
        name: {
            key: mapped((len(rows), *a.shape[1:]), a.dtype, "The numbers of the table", needed)
            for key, a in like.items()
        }
        for name, rows in parts.items()
    }
    first = 0
    for batch in stream.batches():
        for name, rows in parts.items():
            start, end = np.searchsorted(rows, (first, first + batch.height))
            if end > start:
                found, _ = table.inputs(batch[rows[start:end] - first])
                for key, array in found.items():
                    arrays[name][key][start:end] = array
        first += batch.height
    return arrays
