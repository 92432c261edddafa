"""Where the rows of a table come from: from memory, or from a file that is larger than it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from glassnet.tables import columns, reading
from glassnet.tables.columns import Progress, Table, Target, silent
from glassnet.tables.reading import Stream
from glassnet.tables.settings import Settings

if TYPE_CHECKING:
    import polars as pl


class TableSource(Protocol):
    """What training asks of a table."""

    def column(self, name: str) -> pl.Series:
        """One column as a whole."""

    def describe(
        self, target: Target, y: Any, rows: Any, settings: Settings, apart: Collection[str]
    ) -> Table:
        """The table that the training rows describe."""

    def sample(self, rows: Any, seed: int) -> pl.DataFrame:
        """These rows, or where they are more than memory takes, some of them."""

    def inputs(self, table: Table, parts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The network's inputs for the rows of each part."""


@dataclass(frozen=True)
class InMemory:
    """A table in memory."""

    frame: pl.DataFrame
    progress: Progress = silent

    def column(self, name: str) -> pl.Series:
        """One column."""
        return columns.column_of(self.frame, name)

    def describe(
        self, target: Target, y: Any, rows: Any, settings: Settings, apart: Collection[str]
    ) -> Table:
        """The table that the training rows describe."""
        return columns.find_table(
            self.frame, target, y, rows, settings.columns, apart=apart, progress=self.progress
        )

    def sample(self, rows: Any, seed: int) -> pl.DataFrame:
        """All of these rows."""
        found: pl.DataFrame = self.frame if len(rows) == self.frame.height else self.frame[rows]
        return found

    def inputs(self, table: Table, parts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Arrays in memory."""
        return {name: table.inputs(self.frame[rows])[0] for name, rows in parts.items()}


@dataclass(frozen=True)
class OnDisk:
    """A table that is read in batches."""

    stream: Stream
    progress: Progress = silent

    def column(self, name: str) -> pl.Series:
        """One column, which memory must hold."""
        return self.stream.column(name)

    def describe(
        self, target: Target, y: Any, rows: Any, settings: Settings, apart: Collection[str]
    ) -> Table:
        """The table, by passes over all batches."""
        return columns.find_streamed(
            self.stream, target, y, rows, settings.columns, apart=apart, seed=settings.seed,
            progress=self.progress,
        )  # fmt: skip

    def sample(self, rows: Any, seed: int) -> pl.DataFrame:
        """At most 100,000 of these rows."""
        return self.stream.rows(columns.sample(self.stream, rows, seed))

    def inputs(self, table: Table, parts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Arrays in files."""
        return columns.spooled(self.stream, table, parts)


def source_of(frame: Any, progress: Progress = silent) -> TableSource:
    """What `tables.read` takes, or gave; `progress` is told how far it is."""
    found = reading.read(frame)
    return OnDisk(found, progress) if isinstance(found, Stream) else InMemory(found, progress)
