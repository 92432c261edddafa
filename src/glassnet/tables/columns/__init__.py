"""Columns: what they hold, and what they become as inputs of a network."""

from glassnet.tables.columns.column import (
    KINDS,
    CategoryColumn,
    DateColumn,
    FlagColumn,
    NumberColumn,
)
from glassnet.tables.columns.out_of_core import find_streamed, spooled
from glassnet.tables.columns.table import Progress, Table, column_of, find_table, silent
from glassnet.tables.columns.target import Target, find_target
from glassnet.tables.columns.text import TextColumn

__all__ = [
    "KINDS", "CategoryColumn", "DateColumn", "FlagColumn", "NumberColumn", "Progress", "Table",
    "Target", "TextColumn", "column_of", "find_streamed", "find_table", "find_target", "silent",
    "spooled",
]  # fmt: skip
