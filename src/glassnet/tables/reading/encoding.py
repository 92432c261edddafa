"""Which letters the bytes of a text file stand for."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from glassnet.errors import DataError

UTF8, WINDOWS = "utf-8-sig", "cp1252"
_BLOCK = 1 << 22  # bytes that are decoded together
_ZEROS = 0.3  # of every second byte: a text in UTF-16 has so many at least


def find_encoding(path: Path, start: bytes) -> str:
    """The encoding of a file that begins so; DataError where it is no text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        return _of_two_bytes(path, start)
    try:
        codecs.getincrementaldecoder(UTF8)().decode(start)  # the last letter may be cut off
    except UnicodeDecodeError:
        return WINDOWS
    return UTF8


def _of_two_bytes(path: Path, start: bytes) -> str:
    """UTF-16 without a mark in front: most letters have a zero before or behind them."""
    shares = [start[i::2].count(0) / max(1, len(start[i::2])) for i in (0, 1)]
    for first, second, name in ((0, 1, "utf-16-be"), (1, 0, "utf-16-le")):
        if shares[first] > _ZEROS and not shares[second]:
            return name
    raise DataError(f"{path} is no text, so it is no CSV file. Export the table as CSV in UTF-8.")


def check_encoding(name: str) -> str:
    """An encoding that Python knows."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise DataError(
            f"There is no encoding {name!r}. Try 'utf-8', 'cp1252', 'latin-1' or 'utf-16'."
        ) from None
    return UTF8 if found == "utf-8" else found


def is_utf8(path: Path) -> bool:
    """Whether a whole file is UTF-8."""
    try:
        with path.open("rb") as file:
            for _ in decoded(file, UTF8):
                pass
    except UnicodeDecodeError:
        return False
    return True


def decoded(file: BinaryIO, encoding: str, block: int = _BLOCK) -> Iterator[str]:
    """The text of a file, some of it at a time. What cp1252 leaves open becomes a mark."""
    errors = "replace" if encoding == WINDOWS else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    while found := file.read(block):
        yield decoder.decode(found)
    yield decoder.decode(b"", final=True)
