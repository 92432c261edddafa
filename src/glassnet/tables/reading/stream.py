"""A table that stays where it lies: read in batches, again and again, by whoever needs its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, UnknownNameError, brief
from glassnet.memory import free_memory
from glassnet.tables.columns.cells import parse

if TYPE_CHECKING:
    import polars as pl

_SHARE = 0.5  # of the free memory that a table may take


def too_large(needed: int) -> bool:
    """Whether so many bytes are too much of the free memory."""
    free = free_memory()
    return free is not None and needed > _SHARE * free


class Stream(ABC):
    """The columns of a table, of which some rows at a time are in memory.

    source   the path of a file, or what an array is called in messages
    columns  their names
    """

    def __init__(self, source: Any, columns: list[str]) -> None:
        self.source, self.columns = source, columns

    def __repr__(self) -> str:
        return f"<stream of {self.source}: {', '.join(map(brief, self.columns))}>"

    @abstractmethod
    def _batches(self, only: str | None) -> Iterator[pl.DataFrame]:
        """All rows, in their order, some at a time; with `only`, other columns may be missing."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows, in their order, some at a time."""
        return self._batches(None)

    def first(self) -> pl.DataFrame:
        """The first batch; DataError where there is none."""
        found = next(self.batches(), None)
        if found is None or not found.height or not found.width:
            width = len(self.columns)
            raise DataError(f"{self.source} has {width} columns and 0 rows: nothing to do.")
        return found

    def column(self, name: str) -> pl.Series:
        """One column as a whole; text that is all numbers becomes numbers, which are smaller."""
        import polars as pl

        if name not in self.columns:
            raise UnknownNameError("column", name, self.columns)
        numbers = []
        for cells in self._column(name):
            parsed = parse(cells) if cells.dtype == pl.String else None
            if parsed is None or parsed.foreign:
                return pl.concat(list(self._column(name)))
            numbers.append(pl.Series(name, parsed.numbers))
        return pl.concat(numbers)

    def _column(self, name: str) -> Iterator[pl.Series]:
        return (batch[name] for batch in self._batches(name))

    def rows(self, chosen: Any) -> pl.DataFrame:
        """Some rows as a whole, by their numbers in rising order."""
        import polars as pl

        parts: list[pl.DataFrame] = [batch[at] for batch, at in self.chosen(chosen)]
        return pl.concat(parts)

    def chosen(self, rows: Any) -> Iterator[tuple[pl.DataFrame, Any]]:
        """Batches in which chosen rows lie, in rising order, and where these are."""
        first = 0
        for batch in self.batches():
            start, end = np.searchsorted(rows, (first, first + batch.height))
            if end > start:
                yield batch, rows[start:end] - first
            first += batch.height
