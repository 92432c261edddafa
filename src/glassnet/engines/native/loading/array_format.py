"""Forms of the user's arrays: how native code reads them where they lie.

A form is a text, and part of the name of the machine code: the kind of number, and "strided" behind
it unless the numbers of a row lie side by side.

    float32    uint8    float64 strided
"""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.graph import Node

READ = frozenset({
    "float16", "float32", "float64", "bool", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64",
})  # fmt: skip
STRIDED = " strided"


def fitting(array: Any, leaf: Node) -> Any:
    """The array itself, in the shape of the leaf that it is for.

    A copy where it holds other numbers: long doubles, bytes in another order.
    """
    if array.shape[1:] != leaf.shape[1:]:  # the strides are handed over axis by axis
        array = array.reshape(len(array), *leaf.shape[1:])
    if array.dtype.name in READ and array.dtype.isnative:
        return array
    return np.asarray(array, leaf.dtype, order="C")


def format_of(array: Any) -> str:
    """The form of an array that fits."""
    side_by_side = array[:1].flags.c_contiguous and array.flags.aligned
    name: str = array.dtype.name
    return name if side_by_side else name + STRIDED


def in_format(array: Any, form: str) -> Any:
    """The array itself where it has this form; else a copy that code for the form can read."""
    if array.dtype.isnative and format_of(array) == form:
        return array
    return np.ascontiguousarray(array, form.removesuffix(STRIDED))
