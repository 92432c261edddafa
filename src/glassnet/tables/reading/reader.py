"""Tables from wherever they are: `read` takes a path or an object, and finds out what it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from glassnet.errors import DataError, UnknownNameError, plain
from glassnet.tables.reading.csv_stream import CsvStream
from glassnet.tables.reading.dialect import Say
from glassnet.tables.reading.foreign import from_array, from_arrays, from_object
from glassnet.tables.reading.frame import clean, read_csv
from glassnet.tables.reading.stream import Stream, too_large
from glassnet.tables.reading.typed_stream import ArrayStream, ParquetStream

if TYPE_CHECKING:
    import polars as pl

_PARQUET, _NPY, _ZIP = b"PAR1", b"\x93NUMPY", b"PK\x03\x04"
_STREAM = ("auto", "True", "False")


def read(
    source: Any,
    *,
    header: bool | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    stream: bool | str = "auto",
    say: Say | None = None,
) -> pl.DataFrame | Stream:
    """A table, from a file or from an object.

    source  the path of a CSV, Parquet, npy or npz file; a DataFrame of pandas, polars, pyarrow or
            another library that narwhals knows; an array, memory-mapped too; a dict of columns
    header, separator, encoding, decimal  of a CSV file, where they are not found out rightly
    stream  True reads a CSV, Parquet or npy file or an array in batches, again and again, and never
            holds it as a whole; "auto" does so where its columns would take more than half of the
            free memory
    say     is told what is unusual about a file; by default it stands on stderr

    >>> read({"size": [1.5, 2.5], "kind": ["a", " NA "]}).to_dict(as_series=False)
    {'size': [1.5, 2.5], 'kind': ['a', None]}
    """
    if str(stream) not in _STREAM:
        raise UnknownNameError("way to stream", stream, _STREAM)
    if isinstance(source, Stream):
        return source
    if isinstance(source, np.ndarray):
        return _of_array(source, stream)
    if not isinstance(source, str | Path):
        return _some(from_object(source), "The table")
    path, say = Path(source), say or _to_stderr
    kind = _start(path)
    if kind == b"":
        options: dict[str, Any] = {"header": header, "separator": separator, "encoding": encoding,
                                   "decimal": decimal}  # fmt: skip
        if _in_batches(stream, lambda: CsvStream.needed(path)):
            return CsvStream(path, **options, say=say)
        return read_csv(path, **options, say=say)
    return _read_typed(path, kind, stream)


def _in_batches(stream: bool | str, needed: Callable[[], int]) -> bool:
    """Whether a table is to be read in batches; `needed` are the bytes that it takes as a whole."""
    return stream is True or (stream == "auto" and too_large(needed()))


def _of_array(array: Any, stream: bool | str) -> pl.DataFrame | Stream:
    """A table from an array; one that is mapped from a file stays there where it is too large."""
    if _in_batches(stream, lambda: int(array.nbytes)):
        return ArrayStream(array, "The table")
    return _some(clean(from_array(array)), "The table")


def _to_stderr(remark: str) -> None:
    print(plain(remark), file=sys.stderr)


def _start(path: Path) -> bytes:
    """By what a file begins, of the kinds that are known; of a text nothing."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    return next((kind for kind in (_PARQUET, _NPY, _ZIP) if start.startswith(kind)), b"")


def _read_typed(path: Path, kind: bytes, stream: bool | str) -> pl.DataFrame | Stream:
    import polars as pl

    try:
        if kind == _PARQUET:
            if _in_batches(stream, lambda: ParquetStream.needed(path)):
                return ParquetStream(path)
            return _some(clean(pl.read_parquet(path)), str(path))
        if kind == _NPY:
            return _read_npy(path, stream)
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            frame = from_arrays({name: found[name] for name in found.files}, path)
            return _some(frame, str(path))
    except (
        pl.exceptions.PolarsError,
        BadZipFile,
        ValueError,
        OSError,
        EOFError,
        KeyError,
    ) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(_reason(path, kind, error)) from None


def _read_npy(path: Path, stream: bool | str) -> pl.DataFrame | Stream:
    if _in_batches(stream, lambda: path.stat().st_size):
        return ArrayStream(np.load(path, mmap_mode="r", allow_pickle=False), path)
    return _some(clean(from_array(np.load(path, allow_pickle=False))), str(path))


def _reason(path: Path, kind: bytes, error: Exception) -> str:
    what = {_PARQUET: "Parquet", _NPY: "npy", _ZIP: "npz"}[kind]
    if kind == _ZIP and path.suffix.lower() != ".npz":
        return f"{path} is an archive or a workbook. Export the table as CSV or Parquet first."
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{path} cannot be read as {what}: {said}."


def _some(frame: pl.DataFrame, what: str) -> pl.DataFrame:
    if not frame.width or not frame.height:
        raise DataError(f"{what} has {frame.width} columns and {frame.height} rows: nothing to do.")
    return frame
