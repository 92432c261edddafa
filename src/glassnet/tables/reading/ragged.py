"""Rows of a CSV file with fewer cells than there are columns: polars fills them up in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from glassnet.tables.reading.dialect import Dialect


class Short(NamedTuple):
    """Rows with too few cells.

    n_rows  how many; row  the number of the first, from 1; n_cells  how many it has, of `width`
    n_seen  rows that were looked at
    """

    n_rows: int
    row: int
    n_cells: int
    width: int
    n_seen: int

    def __str__(self) -> str:
        cells = "cell" if self.n_cells == 1 else "cells"
        rows = "row is" if self.n_rows == 2 else "rows are"
        more = f" ({self.n_rows - 1:,} more {rows} too short)" if self.n_rows > 1 else ""
        return (
            f"row {self.row:,} has {self.n_cells} {cells}, but there are {self.width} column names"
            f"{more}: what is not there is missing"
        )


def short_rows(blocks: Iterable[bytes], dialect: Dialect, *, has_names: bool) -> Short | None:
    """The rows of a text that are too short; None where there are none.

    blocks  the text in UTF-8, cut anywhere; has_names  whether its first row holds names
    """
    width = len(dialect.names)
    counts = np.concatenate(list(_cells(blocks, dialect)))[int(has_names) :]
    short = np.flatnonzero(counts < width)
    if not len(short):
        return None
    return Short(len(short), int(short[0]) + 1, int(counts[short[0]]), width, len(counts))


def _cells(blocks: Iterable[bytes], dialect: Dialect) -> Iterator[Any]:
    """How many cells each row has (n,), some rows at a time; blank lines are no rows."""
    end, rest = dialect.line_end.encode(), b""
    for block in chain(blocks, [end]):
        counts, rest = _cells_of(rest + block, dialect.separator.encode(), end)
        yield counts


def _cells_of(text: bytes, mark: bytes, end: bytes) -> tuple[Any, bytes]:
    """The same for the whole rows of a text that begins with one, and what is left of it."""
    letters = np.frombuffer(text, np.uint8)
    ends, marks = letters == ord(end), letters == ord(mark)
    if b'"' in text:
        plain = ~np.logical_xor.accumulate(letters == ord('"'))
        ends, marks = ends & plain, marks & plain
    stops = np.flatnonzero(ends)
    starts = np.concatenate([[0], stops + 1])
    counts = 1 + np.diff(np.searchsorted(np.flatnonzero(marks), stops), prepend=0)
    rows = zip(counts, starts, stops, strict=False)
    blank = [count == 1 and not text[start:stop].strip() for count, start, stop in rows]
    return counts[~np.array(blank, bool)], text[starts[-1] :]
