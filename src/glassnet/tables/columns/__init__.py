"""Columns: what they hold, and what they become as inputs of a network."""

from glassnet.tables.columns.column import (
    KINDS,
    ROLES,
    CategoryColumn,
    DateColumn,
    FlagColumn,
    NumberColumn,
)
from glassnet.tables.columns.identifiers import IdentifierColumn, find_identifiers, identifiers
from glassnet.tables.columns.out_of_core import find_streamed, sample, spooled
from glassnet.tables.columns.pair import Pair, find_pair
from glassnet.tables.columns.table import Progress, Table, column_of, find_table, silent
from glassnet.tables.columns.target import Target, find_target
from glassnet.tables.columns.text import TextColumn

__all__ = [
    "KINDS", "ROLES", "CategoryColumn", "DateColumn", "FlagColumn", "IdentifierColumn",
    "NumberColumn", "Pair", "Progress", "Table", "Target", "TextColumn", "column_of",
    "find_identifiers", "find_pair", "find_streamed", "find_table", "find_target", "identifiers",
    "sample", "silent", "spooled",
]  # fmt: skip
