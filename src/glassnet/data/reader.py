"""Tables from wherever they are: `read` takes a path or an object, and finds out what it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from glassnet.data.dialect import Say
from glassnet.data.foreign import from_array, from_arrays, from_object
from glassnet.data.frame import clean, read_csv
from glassnet.data.stream import Stream, too_large
from glassnet.errors import DataError, UnknownNameError

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
    stream: bool | str = "auto",
    say: Say | None = None,
) -> pl.DataFrame | Stream:
    """A table, from a file or from an object.

    source  the path of a CSV, Parquet, npy or npz file; a DataFrame of pandas, polars, pyarrow or
            another library that narwhals knows; an array; a dict of columns
    header, separator, encoding  of a CSV file, where they are not found out rightly
    stream  True reads a CSV or Parquet file in batches, again and again, and never holds it as a
            whole; "auto" does so where its columns would take more than half of the free memory
    say     is told what is unusual about a file; by default it stands on stderr

    >>> read({"size": [1.5, 2.5], "kind": ["a", " NA "]}).to_dict(as_series=False)
    {'size': [1.5, 2.5], 'kind': ['a', None]}
    """
    if str(stream) not in _STREAM:
        raise UnknownNameError("way to stream", stream, _STREAM)
    if isinstance(source, Stream):
        return source
    if not isinstance(source, str | Path):
        return _some(from_object(source), "The table")
    path, say = Path(source), say or _to_stderr
    kind = _start(path)
    options: dict[str, Any] = {
        "header": header,
        "separator": separator,
        "encoding": encoding,
        "say": say,
    }
    if kind in {_PARQUET, b""} and (stream is True or (stream == "auto" and too_large(path))):
        return Stream(path, is_parquet=kind == _PARQUET, **options)
    if kind == b"":
        return read_csv(path, **options)
    return _some(_read_typed(path, kind), str(path))


def _to_stderr(remark: str) -> None:
    print(remark, file=sys.stderr)


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


def _read_typed(path: Path, kind: bytes) -> pl.DataFrame:
    import polars as pl

    try:
        if kind == _PARQUET:
            return clean(pl.read_parquet(path))
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if kind == _NPY:
                return clean(from_array(found))
            return from_arrays({name: found[name] for name in found.files}, path)
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
