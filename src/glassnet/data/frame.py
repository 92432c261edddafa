"""Tables from files: a CSV becomes columns of text, in which a missing cell is null.

Cells and column names are stripped of the spaces around them. What counts as missing everywhere is
in `MISSING`; what does so only among numbers is in `column.NO_NUMBER`.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.errors import DataError

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "?")  # in small or capital letters
_SEPARATORS = ",;\t|"
_START = 1 << 16  # bytes by which a file is judged


def read_csv(path: str | Path) -> pl.DataFrame:
    """The columns of a CSV file, all of them text. Cells are separated by , or ; or | or tabs."""
    import polars as pl

    path = Path(path)
    separator = _separator(path, _header(path))
    try:
        head = pl.read_csv(
            path, has_header=False, n_rows=1, infer_schema=False, separator=separator
        )
        frame = pl.read_csv(path, infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        raise DataError(_reason(path, separator, str(error))) from None
    frame.columns = _names(path, head.row(0))
    frame = frame.select(_clean(pl.all()))
    if frame.width > 1:
        frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))  # blank lines
    if not frame.height:
        raise DataError(f"{path} has a line of column names, but no rows.")
    return frame


def _header(path: Path) -> str:
    """The first line of a text file."""
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if not start.strip():
        raise DataError(f"{path} is empty.")
    if b"\0" in start:
        raise DataError(
            f"{path} is no text, so it is no CSV file. Export the table as CSV in UTF-8 first."
        )
    return start.decode("utf-8-sig", "replace").lstrip().splitlines()[0]


def _separator(path: Path, header: str) -> str:
    """What separates the names in the first line, outside of quotes."""
    plain = re.sub(r'"[^"]*"', "", header)
    return max(_SEPARATORS, key=plain.count)


def _names(path: Path, cells: tuple[str | None, ...]) -> list[str]:
    names = [(cell or "").strip() or f"column_{i}" for i, cell in enumerate(cells, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{path} has more than one column called {', '.join(map(repr, twice))}. "
            "Rename them, so that each name occurs once."
        )
    return names


def _clean(cell: pl.Expr) -> pl.Expr:
    import polars as pl

    cell = cell.str.strip_chars()
    return pl.when(~cell.str.to_lowercase().is_in(MISSING)).then(cell).otherwise(None).name.keep()


def _reason(path: Path, separator: str, message: str) -> str:
    """Why polars could not read the file, in words about the file."""
    if "utf-8" in message.lower():
        return f"{path} is not in UTF-8. Save it again as CSV in UTF-8."
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        try:
            width = len(next(rows))
            for number, row in enumerate(rows, 1):
                if len(row) > width:
                    return (
                        f"{path} is no table: row {number} has {len(row)} cells, but there are "
                        f"{width} column names. A cell that holds {separator!r} must be in quotes."
                    )
        except csv.Error as error:
            message = str(error)
    return f"{path} is no table that can be read: {message.splitlines()[0]}. Look at its quotes."
