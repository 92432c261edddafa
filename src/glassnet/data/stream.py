"""A table that stays in its file: read in batches, again and again, by whoever needs its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.cells import parse
from glassnet.data.dialect import Dialect, Say, find_dialect
from glassnet.data.encoding import UTF8, WINDOWS, decoded, find_encoding, is_utf8
from glassnet.data.frame import (
    clean,
    comma_columns,
    parse_csv,
    reason,
    with_points,
    without_blank_lines,
)
from glassnet.data.room import free_memory
from glassnet.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    import polars as pl

_BATCH = 1 << 22  # bytes of a CSV file that are read together
_BATCH_ROWS = 1 << 16  # rows of a Parquet file that are
_TEXT = 3  # bytes of memory for each byte of a CSV file
_CELL = 16  # and for each cell of a Parquet file
_SHARE = 0.5  # of the free memory that a table may take
_LONGEST = 1 << 26  # letters of a row


def too_large(path: Path) -> bool:
    """Whether the columns of a CSV or Parquet file would take too much of the free memory."""
    free = free_memory()
    return free is not None and _needed(path) > _SHARE * free


def _needed(path: Path) -> int:
    import polars as pl

    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return _TEXT * path.stat().st_size
    try:
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        return int(rows) * len(pl.read_parquet_schema(path)) * _CELL
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from None


class Stream:
    """The columns of a CSV or Parquet file, of which some rows at a time are in memory."""

    def __init__(
        self, path: Path, *, is_parquet: bool, header: bool | None, separator: str | None,
        encoding: str | None, say: Say,
    ) -> None:  # fmt: skip
        self.path = path
        self._commas: list[str] = []
        self._dialect: Dialect | None = None
        if not is_parquet:
            kind = encoding
            if kind is None and not is_utf8(path):
                kind = None if _starts_otherwise(path) else WINDOWS
            self._dialect = find_dialect(
                path, header=header, separator=separator, encoding=kind, say=say
            )
        self.columns = self._names()
        first = next(self.batches(), None)
        if first is None or not first.height:
            raise DataError(f"{path} has a line of column names, but no rows.")
        if self._dialect is not None and self._dialect.separator != ",":
            self._commas = comma_columns(first)

    def __repr__(self) -> str:
        return f"<stream of {self.path}: {', '.join(self.columns)}>"

    def _names(self) -> list[str]:
        import polars as pl

        if self._dialect is not None:
            return list(self._dialect.names)
        return list(pl.read_parquet_schema(self.path))

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows, in their order, some at a time."""
        return self._of_parquet(None) if self._dialect is None else self._of_csv(self._dialect)

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
        batches = self._of_parquet(name) if self._dialect is None else self.batches()
        return (batch[name] for batch in batches)

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

    def _of_parquet(self, only: str | None) -> Iterator[pl.DataFrame]:
        import polars as pl

        lazy = pl.scan_parquet(self.path)
        lazy = lazy if only is None else lazy.select(only)
        count = lazy.select(pl.len()).collect().item()
        for first in range(0, count, _BATCH_ROWS):
            yield clean(lazy.slice(first, _BATCH_ROWS).collect())

    def _of_csv(self, dialect: Dialect) -> Iterator[pl.DataFrame]:
        import polars as pl

        for i, text in enumerate(self._blocks(dialect)):
            try:
                frame = parse_csv(text.encode(), dialect, skip=dialect.has_names and i == 0)
            except pl.exceptions.PolarsError as error:
                raise DataError(reason(self.path, dialect, str(error))) from None
            frame = without_blank_lines(frame)
            if frame.height:
                yield with_points(frame, self._commas)

    def _blocks(self, dialect: Dialect) -> Iterator[str]:
        """The text in parts of whole rows."""
        rest = ""
        with self.path.open("rb") as file:
            for text in decoded(file, dialect.encoding, _BATCH):
                whole, rest = _cut(rest + text)
                if len(rest) > _LONGEST:
                    raise DataError(f"{self.path} has a row without an end. Look at its quotes.")
                if whole.strip():
                    yield whole.removeprefix("\ufeff")
        if rest.strip():
            yield rest.removeprefix("\ufeff")


def _starts_otherwise(path: Path) -> bool:
    """Whether the first bytes of a file tell already that it is not UTF-8."""
    with path.open("rb") as file:
        return find_encoding(path, file.read(1 << 16)) != UTF8


def _cut(text: str) -> tuple[str, str]:
    """Whole rows, and the rest: a row ends with a line that no quote is open in."""
    end = text.rfind("\n")
    quotes = text.count('"', 0, end + 1)
    while quotes % 2:
        before = text.rfind("\n", 0, end)
        quotes -= text.count('"', before + 1, end + 1)
        end = before
    return text[: end + 1], text[end + 1 :]
