"""CSV files that are read in batches of whole rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.errors import DataError
from glassnet.tables.reading.dialect import Dialect, Say, find_dialect
from glassnet.tables.reading.encoding import UTF8, WINDOWS, decoded, find_encoding, is_utf8
from glassnet.tables.reading.frame import (
    comma_columns,
    may_be_ragged,
    parse_csv,
    reason,
    say_commas,
    with_points,
    without_blank_lines,
)
from glassnet.tables.reading.ragged import short_rows
from glassnet.tables.reading.stream import Stream

if TYPE_CHECKING:
    import polars as pl

_BATCH = 1 << 22  # bytes that are read together
_TEXT = 3  # bytes of memory for each byte of a file
_LONGEST = 1 << 26  # letters of a row


class CsvStream(Stream):
    """A CSV file; `tables.read` says what the arguments are."""

    def __init__(
        self, path: Path, *, header: bool | None = None, separator: str | None = None,
        encoding: str | None = None, decimal: str | None = None, say: Say,
    ) -> None:  # fmt: skip
        if encoding is None and not is_utf8(path):
            encoding = None if _starts_otherwise(path) else WINDOWS
        self._dialect: Dialect = find_dialect(
            path, header=header, separator=separator, encoding=encoding, say=say
        )
        self._commas: list[str] = []
        self._say: Say | None = say  # until short rows have been met
        super().__init__(path, list(self._dialect.names))
        self._commas = comma_columns(self.first(), self._dialect, decimal)
        say_commas(path, self._commas, say)

    @staticmethod
    def needed(path: Path) -> int:
        """Bytes of memory that the whole table would take."""
        return _TEXT * path.stat().st_size

    def _batches(self, only: str | None) -> Iterator[pl.DataFrame]:
        import polars as pl

        dialect, first = self._dialect, 0
        for i, text in enumerate(self._blocks()):
            skip = dialect.has_names and i == 0
            try:
                frame = parse_csv(text.encode(), dialect, skip=skip)
            except pl.exceptions.PolarsError as error:
                raise DataError(reason(self.source, dialect, str(error))) from None
            whole, frame = frame.height, without_blank_lines(frame)
            if self._say and may_be_ragged(frame):
                self._look_for_short_rows(text, first, (frame.height, whole), has_names=skip)
            first += frame.height
            if frame.height:
                yield with_points(frame, self._commas)

    def _look_for_short_rows(
        self, text: str, first: int, heights: tuple[int, int], *, has_names: bool
    ) -> None:
        """Say once that rows have too few cells; first  the number of rows in front of the text."""
        short = short_rows([text.encode()], self._dialect, has_names=has_names)
        if short and self._say and heights[0] <= short.n_seen <= heights[1]:
            self._say(f"{self.source.name}: {short._replace(row=short.row + first)}")
            self._say = None

    def _blocks(self) -> Iterator[str]:
        """The text in parts of whole rows."""
        rest = ""
        with self.source.open("rb") as file:
            for text in decoded(file, self._dialect.encoding, _BATCH):
                whole, rest = _cut(rest + text, self._dialect.line_end)
                if len(rest) > _LONGEST:
                    raise DataError(f"{self.source} has a row without an end. Look at its quotes.")
                if whole.strip():
                    yield self._from_first_row(whole)
        if rest.strip():
            yield self._from_first_row(rest)

    def _from_first_row(self, text: str) -> str:
        """Without blank lines in front, by which columns would be counted.

        In a single column a blank line is a missing cell.
        """
        text = text.removeprefix("\ufeff")
        return text.lstrip("\r\n") if len(self._dialect.names) > 1 else text


def _starts_otherwise(path: Path) -> bool:
    """Whether the first bytes of a file tell already that it is not UTF-8."""
    with path.open("rb") as file:
        return find_encoding(path, file.read(1 << 16)) != UTF8


def _cut(text: str, line_end: str) -> tuple[str, str]:
    """Whole rows, and the rest: a row ends with a line that no quote is open in."""
    end = text.rfind(line_end)
    quotes = text.count('"', 0, end + 1)
    while quotes % 2:
        before = text.rfind(line_end, 0, end)
        quotes -= text.count('"', before + 1, end + 1)
        end = before
    return text[: end + 1], text[end + 1 :]
