"""Tables from CSV files: columns of text, in which a missing cell is null.

Cells and column names are stripped of the spaces around them. What counts as missing everywhere is
in `dialect.MISSING`; what does so only among numbers is in `cells.NO_NUMBER`.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.errors import DataError, SettingError, brief
from glassnet.tables.reading.dialect import MISSING, Dialect, Say, find_dialect
from glassnet.tables.reading.encoding import UTF8, WINDOWS, decoded
from glassnet.tables.reading.ragged import short_rows

if TYPE_CHECKING:
    import polars as pl

_MOSTLY = 0.95
# In small and capital letters: to look for these is quicker than to change the cells.
_MISSING = sorted(
    {"".join(word) for m in MISSING for word in itertools.product(*zip(m, m.upper(), strict=True))}
)
# 3 or 3,5 or 1.250.000,5: numbers as they are written where the comma is decimal
_POINT = r"^[+-]?0\.\d"  # no thousands
COMMAS_ARE_DECIMAL = "decimal commas"
_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)?(,\d+)?([eE][+-]?\d+)?$"


def read_csv(
    path: str | Path,
    *,
    header: bool | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    say: Say = lambda _: None,
) -> pl.DataFrame:
    """The columns of a CSV file, all of them text.

    header     whether the first line holds the names of the columns
    separator  "," or ";" or "|" or a tab; encoding  "utf-8", "cp1252", "utf-16", ...
    decimal    "," or ".": with a comma, 1.250 is a thousand and more

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
        return read_csv(
            path, header=header, separator=separator, encoding=WINDOWS, decimal=decimal, say=say
        )
    whole, frame = frame, without_blank_lines(frame)
    if not frame.height:
        raise DataError(f"{path} has a line of column names, but no rows.")
    if may_be_ragged(frame):
        short = short_rows(_blocks(path, found), found, has_names=found.has_names)
        if short and frame.height <= short.n_seen <= whole.height:  # else quotes are no quotes
            heard.append(f"{path.name}: {short}")
    commas = comma_columns(frame, found, decimal)
    say_commas(path, commas, heard.append)
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


def _blocks(path: Path, dialect: Dialect) -> Iterator[bytes]:
    """A file in UTF-8, some of it at a time."""
    with path.open("rb") as file:
        for text in decoded(file, dialect.encoding):
            yield text.encode()


def may_be_ragged(frame: pl.DataFrame) -> bool:
    """Whether a row may have too few cells: then it lacks the last."""
    return frame.width > 1 and frame[frame.columns[-1]].null_count() > 0


def parse_csv(source: Any, dialect: Dialect, *, skip: bool) -> pl.DataFrame:
    """The rows of a CSV file or of a part of it, cleaned; skip says that its first line is none."""
    import polars as pl

    schema = None if skip else dict.fromkeys(dialect.names, pl.String)
    frame = pl.read_csv(
        source, has_header=skip, infer_schema=False, separator=dialect.separator, schema=schema,
        eol_char=dialect.line_end,
    )  # fmt: skip
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


def comma_columns(frame: pl.DataFrame, dialect: Dialect, decimal: str | None) -> list[str]:
    """Columns of numbers that are written with a decimal comma, or with points for thousands.

    Where one column has decimal commas, the points of another stand for thousands if they can.
    """
    if check_decimal(decimal) == "." or (decimal is None and dialect.separator == ","):
        return []
    possible = [cells for cells in frame.iter_columns() if _may_have_commas(cells)]
    if decimal is None and not any(_has(cells, ",") for cells in possible):
        return []
    return [cells.name for cells in possible if _has(cells, ",") or _has(cells, ".")]


def _may_have_commas(cells: pl.Series) -> bool:
    """Whether a column can be read as numbers with decimal commas."""
    import polars as pl

    known = cells.drop_nulls()
    if cells.dtype != pl.String or not len(known) or known.str.contains(_POINT).any():
        return False
    return bool(known.str.contains(_COMMA).sum() >= _MOSTLY * len(known))


def _has(cells: pl.Series, letter: str) -> bool:
    return bool(cells.str.contains(letter, literal=True).any())


def check_decimal(decimal: str | None) -> str | None:
    """What separates whole from fraction; SettingError where it is neither point nor comma."""
    if decimal not in {None, ",", "."}:
        raise SettingError(f"decimal is ',' or '.', got {decimal!r}.")
    return decimal


def say_commas(path: Path, commas: Sequence[str], say: Say) -> None:
    """Where commas are decimal."""
    if commas:
        listed = ", ".join(map(brief, commas[:5])) + (", ..." if len(commas) > 5 else "")
        say(f"{path.name}: {COMMAS_ARE_DECIMAL} in {listed}")


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
