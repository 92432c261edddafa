"""Arrays on their way into a network: checked, split."""

from glassnet.data.arrays import (
    Rows,
    as_array,
    check_inputs,
    check_largest,
    check_targets,
    check_weights,
    class_numbers,
    listed,
    same_length,
)
from glassnet.data.mapped import mapped
from glassnet.data.split import row_numbers, split_rows

__all__ = [
    "Rows", "as_array", "check_inputs", "check_largest", "check_targets", "check_weights",
    "class_numbers", "listed", "mapped", "row_numbers", "same_length", "split_rows",
]  # fmt: skip
