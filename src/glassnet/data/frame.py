"""Tables from CSV files: columns of text, in which a missing cell is null.

Cells and column names are stripped of the spaces around them. What counts as missing everywhere is
in `dialect.MISSING`; what does so only among numbers is in `cells.NO_NUMBER`.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.data.dialect import MISSING, Dialect, Say, find_dialect
from glassnet.data.encoding import UTF8, WINDOWS, decoded
from glassnet.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_MOSTLY = 0.95
# In small and capital letters: to look for these is quicker than to change the cells.
_MISSING = sorted(
    {"".join(word) for m in MISSING for word in itertools.product(*zip(m, m.upper(), strict=True))}
)
# 3 or 3,5 or 1.250.000,5: numbers as they are written where the comma is decimal
_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)?(,\d+)?([eE][+-]?\d+)?$"


def read_csv(
    path: str | Path,
    *,
    header: bool | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    say: Say = lambda _: None,
) -> pl.DataFrame:
    """The columns of a CSV file, all of them text.

    header     whether the first line holds the names of the columns
    separator  "," or ";" or "|" or a tab; encoding  "utf-8", "cp1252", "utf-16", ...

    These are found out where they are not given; `say` is told what is unusual.
    """
    path = Path(path)
    heard: list[str] = []
    found = find_dialect(
        path, header=header, separator=separator, encoding=encoding, say=heard.append
    )
    try:
        frame = _read(path, found)
    except UnicodeDecodeError:
        if encoding or found.encoding != UTF8:
            raise DataError(
                f"{path} is not in {encoding or found.encoding}. Leave encoding out, so that it is "
                "found out, or save the file again as CSV in UTF-8."
            ) from None
        return read_csv(path, header=header, separator=separator, encoding=WINDOWS, say=say)
    frame = without_blank_lines(frame)
    if not frame.height:
        raise DataError(f"{path} has a line of column names, but no rows.")
    commas = comma_columns(frame) if found.separator != "," else []
    if commas:
        listed = ", ".join(commas[:5]) + (", ..." if len(commas) > 5 else "")
        heard.append(f"{path.name}: decimal commas in {listed}")
    for remark in heard:
        say(remark)
    return with_points(frame, commas)


def _read(path: Path, dialect: Dialect) -> pl.DataFrame:
    import polars as pl

    source: Any = path
    if dialect.encoding != UTF8:
        with path.open("rb") as file:
            source = "".join(decoded(file, dialect.encoding)).removeprefix("\ufeff").encode()
    try:
        return parse_csv(source, dialect, skip=dialect.has_names)
    except pl.exceptions.PolarsError as error:
        if "utf-8" in str(error).lower() and dialect.encoding == UTF8:
            raise UnicodeDecodeError("utf-8", b"", 0, 0, "") from None
        raise DataError(reason(path, dialect, str(error))) from None


def parse_csv(source: Any, dialect: Dialect, *, skip: bool) -> pl.DataFrame:
    """The rows of a CSV file or of a part of it, cleaned; skip says that its first line is none."""
    import polars as pl

    schema = None if skip else dict.fromkeys(dialect.names, pl.String)
    frame = pl.read_csv(
        source, has_header=skip, infer_schema=False, separator=dialect.separator, schema=schema
    )
    if frame.width != len(dialect.names):
        raise pl.exceptions.ComputeError("lines of different lengths")
    frame.columns = list(dialect.names)
    return clean(frame)


def clean(frame: pl.DataFrame) -> pl.DataFrame:
    """Text without the spaces around it; null where it stands for a missing cell."""
    import polars as pl

    cell = pl.col(pl.String)
    known = pl.when(cell.is_in(_MISSING)).then(None).otherwise(cell)
    return frame.with_columns(cell.str.strip_chars()).with_columns(known.name.keep())


def without_blank_lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Only rows with something in them; in a single column an empty line is a missing cell."""
    import polars as pl

    return frame.filter(~pl.all_horizontal(pl.all().is_null())) if frame.width > 1 else frame


def comma_columns(frame: pl.DataFrame) -> list[str]:
    """Columns of numbers that are written with a decimal comma."""
    import polars as pl

    found = []
    for cells in frame.iter_columns():
        known = cells.drop_nulls()
        if cells.dtype != pl.String or not known.str.contains(",", literal=True).any():
            continue
        if known.str.contains(_COMMA).sum() >= _MOSTLY * len(known):
            found.append(cells.name)
    return found


def with_points(frame: pl.DataFrame, commas: Collection[str]) -> pl.DataFrame:
    """The same table, in which these columns have decimal points: 1.250,5 becomes 1250.5."""
    import polars as pl

    cell = pl.col(list(commas))
    plain = cell.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    fits = cell.str.contains(_COMMA)
    return frame.with_columns(pl.when(fits).then(plain).otherwise(cell)) if commas else frame


def reason(path: Path, dialect: Dialect, message: str) -> str:
    """Why polars could not read the file, in words about the file."""
    width, mark = len(dialect.names), dialect.separator
    encoding = dialect.encoding
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        rows = csv.reader(file, delimiter=mark)
        try:
            for number, row in enumerate(rows, 0 if dialect.has_names else 1):
                if len(row) > width:
                    return (
                        f"{path} is no table: row {number} has {len(row)} cells, but there are "
                        f"{width} column names. A cell that holds {mark!r} must be in quotes."
                    )
        except csv.Error as error:
            message = str(error)
    return f"{path} is no table that can be read: {message.splitlines()[0]}. Look at its quotes."
