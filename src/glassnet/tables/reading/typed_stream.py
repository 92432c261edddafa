"""Tables whose cells have types, read in batches: Parquet files, and arrays, in files or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.errors import DataError
from glassnet.tables.reading.foreign import from_array
from glassnet.tables.reading.frame import clean
from glassnet.tables.reading.stream import Stream

if TYPE_CHECKING:
    import polars as pl

_BATCH_ROWS = 1 << 16  # at most,
_BATCH = 1 << 26  # and at most so many bytes
_CELL = 16  # bytes of memory for each cell of a Parquet file


def _rows_of(row_bytes: int) -> int:
    """How many rows of such a size are read together."""
    return max(1, min(_BATCH_ROWS, _BATCH // max(1, row_bytes)))


class ParquetStream(Stream):
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        import polars as pl

        super().__init__(path, list(pl.read_parquet_schema(path)))
        self.first()

    @staticmethod
    def needed(path: Path) -> int:
        """Bytes of memory that the whole table would take."""
        import polars as pl

        try:
            rows = pl.scan_parquet(path).select(pl.len()).collect().item()
            return int(rows) * len(pl.read_parquet_schema(path)) * _CELL
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{path} cannot be read as Parquet: {error}.") from None

    def _batches(self, only: str | None) -> Iterator[pl.DataFrame]:
        import polars as pl

        lazy = pl.scan_parquet(self.source)
        lazy = lazy if only is None else lazy.select(only)
        count = lazy.select(pl.len()).collect().item()
        some = _rows_of(_CELL * (len(self.columns) if only is None else 1))
        for first in range(0, count, some):
            yield clean(lazy.slice(first, some).collect())


class ArrayStream(Stream):
    """An array of rows and columns, or of records: mapped from a file, say, and larger than memory.

    source  what messages call it
    """

    def __init__(self, array: Any, source: Any) -> None:
        super().__init__(source, from_array(array[:1] if array.ndim else array).columns)
        self._array = array
        self.first()

    def _batches(self, only: str | None) -> Iterator[pl.DataFrame]:
        some = _rows_of(self._array[:1].nbytes)
        for first in range(0, len(self._array), some):
            yield clean(from_array(self._array[first : first + some]))

    def rows(self, chosen: Any) -> pl.DataFrame:
        """Some rows as a whole, by their numbers."""
        return clean(from_array(self._array[chosen]))
