"""How a CSV file is written: its letters, what separates its cells, whether names come first."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glassnet.errors import DataError
from glassnet.tables.reading.encoding import UTF8, check_encoding, decoded, find_encoding

MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "?")  # in small or capital letters
SEPARATORS = "\t;|,"  # a comma last: it may stand in numbers
_START, _MOST = 1 << 16, 1 << 26  # bytes by which a file is judged: more where lines are long
_LINES = 20  # by which its separator is
_ROWS = 1000  # by which its names are
_MOSTLY = 0.95
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_YEARS = range(1800, 2201)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    names  of the columns; has_names  whether the first line holds them
    line_end  the last letter of a line: old ones of the Mac end in a carriage return
    """

    encoding: str
    separator: str
    names: tuple[str, ...]
    has_names: bool
    line_end: str = "\n"


def find_dialect(
    path: Path, *, header: bool | None, separator: str | None, encoding: str | None, say: Say
) -> Dialect:
    """How a file is written; what the user says of it holds."""
    start, whole = _start(path)
    kind = check_encoding(encoding) if encoding else find_encoding(path, start)
    text = _decode(path, start, kind).removeprefix("\ufeff").lstrip()
    mark = separator or _separator(text)
    rows = _rows(text, mark, whole=whole)
    if not rows:
        raise DataError(f"{path} is empty.")
    has_names = _has_names(rows) if header is None else header
    names = _names(path, rows[0]) if has_names else _numbered(len(rows[0]))
    found = Dialect(kind, mark, names, has_names, _line_end(text))
    _say(path, found, say, asked=header is not None)
    return found


def _line_end(text: str) -> str:
    """What stands at the end of each line, outside of quotes."""
    plain = re.sub(r'"[^"]*"', "", text)
    return "\r" if "\r" in plain and "\n" not in plain else "\n"


def _say(path: Path, found: Dialect, say: Say, *, asked: bool) -> None:
    """What a reader may not expect."""
    if found.encoding not in {UTF8, "ascii"}:
        say(f"{path.name} is read as {found.encoding}; encoding='...' says otherwise")
    if found.separator != ",":
        say(f"{path.name}: cells are separated by {found.separator!r}")
    if not found.has_names and not asked:
        say(
            f"{path.name} has no line of column names, so they are called column_1 to "
            f"column_{len(found.names)}; header=True says otherwise"
        )


def _start(path: Path) -> tuple[bytes, bool]:
    """The first bytes of a file, of some lines at least, and whether these are all."""
    try:
        with path.open("rb") as file:
            start = file.read(_START)
            whole = len(start) < _START
            while not whole and len(start) < _MOST and _line_ends(start) <= _LINES:
                more = file.read(len(start))
                whole = len(more) < len(start)
                start += more
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if not start.strip():
        raise DataError(f"{path} is empty.")
    return start, whole


def _line_ends(start: bytes) -> int:
    return max(start.count(b"\n"), start.count(b"\r"))


def _decode(path: Path, start: bytes, encoding: str) -> str:
    import io

    try:
        return next(decoded(io.BytesIO(start), encoding))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not in {encoding}: byte {error.start} stands for no letter. "
            "Leave encoding out, so that it is found out."
        ) from None


def _separator(text: str) -> str:
    """What stands equally often in every line, outside of quotes; else most often in the first."""
    lines = [line for line in text.splitlines() if line.strip()][:_LINES]
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines]
    for mark in SEPARATORS:
        counts = {line.count(mark) for line in plain}
        if len(counts) == 1 and counts != {0}:
            return mark
    return max(reversed(SEPARATORS), key=plain[0].count)


def _rows(text: str, separator: str, *, whole: bool) -> list[list[str]]:
    """The first rows, as text without the spaces around it."""
    lines = text.splitlines(keepends=True)
    lines = lines if whole or len(lines) < 2 else lines[:-1]  # the last may be cut off
    try:
        found = list(csv.reader(lines[: _ROWS + 1], delimiter=separator))
    except csv.Error:
        found = [lines[0].split(separator)]
    return [[cell.strip() for cell in row] for row in found if row]


def _has_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is unlike those below it."""
    first, below = rows[0], rows[1:]
    if not below:
        return not all(_is_number(cell) for cell in first)
    if len(set(first)) < len(first):
        return not any(_is_number(cell) for cell in first)
    if _counts_up([cell for cell in first if _is_number(cell)]):
        return True
    if all(_is_number(cell) for cell in first):
        return False
    numbers, again = False, True
    for cell, column in zip(first, zip(*_even(below, len(first)), strict=True), strict=True):
        known = [c for c in column if c.lower() not in MISSING]
        if sum(map(_is_number, known)) >= _MOSTLY * max(1, len(known)) and known:
            if not _is_number(cell) and cell.lower() not in MISSING:
                return True
            numbers = numbers or _is_number(cell)
        elif cell.lower() not in MISSING:
            again = again and (cell in known or _is_unique(known))
    return not (again if numbers else again and _repeats(first, below))


def _counts_up(cells: Sequence[str]) -> bool:
    """0, 1, 2, ... or years: numbers that are names."""
    if not all(cell.isdecimal() for cell in cells) or len(cells) < 2:
        return False
    found = [int(cell) for cell in cells]
    steps = {b - a for a, b in itertools.pairwise(found)}
    return steps == {1} and (found[0] == 0 or found[0] in _YEARS)


def _is_unique(known: Sequence[str]) -> bool:
    """Names of things, say: that one does not come again tells nothing."""
    return len(set(known)) > len(known) / 2


def _repeats(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether every cell of a row of words comes again below it."""
    columns = zip(first, zip(*_even(below, len(first)), strict=True), strict=True)
    return all(cell in column for cell, column in columns)


def _even(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    return [[*row[:width], *[""] * (width - len(row))] for row in rows]


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def _names(path: Path, cells: Sequence[str]) -> tuple[str, ...]:
    names = [cell or f"column_{i}" for i, cell in enumerate(cells, 1)]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise DataError(
            f"{path} has more than one column called {', '.join(map(repr, twice))}. "
            "Rename them, so that each name occurs once."
        )
    return tuple(names)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"column_{i}" for i in range(1, count + 1))
