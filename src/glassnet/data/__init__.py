"""Data on their way into a network: arrays, splits, tables."""

from glassnet.data.arrays import (
    Rows,
    as_array,
    check_inputs,
    check_targets,
    check_weights,
    class_numbers,
    listed,
    same_length,
)
from glassnet.data.column import KINDS, CategoryColumn, DateColumn, FlagColumn, NumberColumn
from glassnet.data.frame import COMMAS_ARE_DECIMAL, read_csv
from glassnet.data.reader import read
from glassnet.data.split import split_rows
from glassnet.data.spool import find_streamed, spooled
from glassnet.data.stream import Stream
from glassnet.data.table import Table, column_of, find_table
from glassnet.data.target import Target, find_target

__all__ = [
    "COMMAS_ARE_DECIMAL", "KINDS", "CategoryColumn", "DateColumn", "FlagColumn", "NumberColumn",
    "Rows", "Stream", "Table", "Target", "as_array", "check_inputs", "check_targets",
    "check_weights", "class_numbers", "column_of", "find_streamed", "find_table", "find_target",
    "listed", "read", "read_csv", "same_length", "split_rows", "spooled",
]  # fmt: skip
