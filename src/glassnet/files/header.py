"""The head of a safetensors file, believed only where it agrees with itself and with the file.

Eight bytes of length, JSON, arrays. The JSON has the kind, the shape and the place of each array;
they must fill the rest of the file without a gap, so that nothing is allocated that is not there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from glassnet.errors import FileFormatError
from glassnet.files.text import clipped, from_text

MOST_HEADER = 100_000_000  # bytes: the safetensors format's own limit
MOST_AXES = 63  # NumPy's 64, less the batch
KINDS = {
    "BOOL": "?", "I8": "<i1", "U8": "<u1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4",
    "I64": "<i8", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip


@dataclass(frozen=True)
class ArrayExtent:
    """Where the numbers of an array lie, counted from behind the header."""

    kind: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Header:
    """Places of the arrays; Glassnet's own text; the checksum; bytes that follow."""

    places: dict[str, ArrayExtent]
    text: str
    sha256: str
    rest: int


def read_header(file: BinaryIO, size: int) -> Header:
    """The header of a file of so many bytes; FileFormatError or ValueError where it lies."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, MOST_HEADER):
        raise FileFormatError("its header is longer than the file")
    entries = from_text(file.read(length))
    if not isinstance(entries, dict):
        raise FileFormatError("its header is no dict")
    text, sha256 = _ours(entries.pop("__metadata__", None))
    places = {name: _place(name, entry) for name, entry in entries.items()}
    rest = size - 8 - length
    _check_gaps(places, rest)
    return Header(places, text, sha256, rest)


def _ours(metadata: Any) -> tuple[str, str]:
    """Glassnet's text and its checksum."""
    if not isinstance(metadata, dict):
        raise FileFormatError("it has no '__metadata__' of Glassnet's")
    found = [metadata.get("glassnet"), metadata.get("sha256")]
    if not all(isinstance(one, str) and one.isascii() for one in found):
        raise FileFormatError("its '__metadata__' is not Glassnet's")
    return str(found[0]), str(found[1])


def _place(name: str, entry: Any) -> ArrayExtent:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FileFormatError(f"it does not say what array {clipped(name)!r} is")
    kind, shape, ends = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise FileFormatError(f"array {clipped(name)!r} is of a kind {clipped(repr(kind))}")
    if not (_sizes(shape) and len(shape) <= MOST_AXES and _sizes(ends) and len(ends) == 2):
        raise FileFormatError(f"array {clipped(name)!r} has no shape or no place that could be")
    dtype = np.dtype(KINDS[kind])
    if math.prod(shape) * dtype.itemsize != ends[1] - ends[0]:
        raise FileFormatError(
            f"array {clipped(name)!r} of shape {tuple(shape)} does not take {ends[1] - ends[0]} B"
        )
    return ArrayExtent(dtype, tuple(shape), ends[0], ends[1])


def _sizes(value: Any) -> bool:
    """Whether this is a list of sizes: whole numbers, none below 0, none that NumPy cannot hold."""
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**62 for n in value)


def _check_gaps(places: dict[str, ArrayExtent], rest: int) -> None:
    end = 0
    for place in sorted(places.values(), key=lambda p: (p.start, p.stop)):
        if place.start != end:
            raise FileFormatError("its arrays overlap or leave gaps")
        end = place.stop
    if end != rest:
        raise FileFormatError(f"its arrays take {end:,} B, but {rest:,} B follow its header")
