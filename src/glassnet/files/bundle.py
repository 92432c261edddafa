"""Named arrays and a JSON text in one safetensors file, written so that it is whole or absent.

The header's metadata holds the text and a SHA-256 over everything else, so that a torn or altered
file is told from a whole one.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from glassnet.atomic_file import replace_file
from glassnet.errors import FileFormatError, SettingError
from glassnet.files.header import KINDS, MOST_HEADER, Header, read_header
from glassnet.files.text import clipped, from_text, to_text


def write(path: str | Path, arrays: Mapping[str, Any], text: Mapping[str, Any]) -> None:
    """Write arrays and JSON-able values to `path`, replacing what is there only at the very end."""
    from safetensors.numpy import save

    plain = {name: _plain(name, a) for name, a in arrays.items()}
    kept = to_text(text)
    data = _ordered(save(plain, {"glassnet": kept, "sha256": _digest(plain, kept)}))
    if int.from_bytes(data[:8], "little") > MOST_HEADER:
        raise SettingError(
            f"{path} cannot be written: names and settings take more than the "
            f"{MOST_HEADER:,} B that a safetensors file may have for them."
        )
    replace_file(Path(path), data)


def _ordered(data: bytes) -> bytes:
    """The same file, its header in one order: safetensors puts the metadata in any."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def _plain(name: str, value: Any) -> Any:
    """The array in this machine's byte order, its numbers one behind the other."""
    array = np.asarray(value)
    if array.dtype.newbyteorder("<").str not in {np.dtype(kind).str for kind in KINDS.values()}:
        raise SettingError(f"A file holds arrays of numbers; {name!r} is of {array.dtype}.")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(native).reshape(array.shape)


def read(path: str | Path) -> tuple[dict[str, Any], Any]:
    """(arrays, text) of a whole file; FileFormatError for anything else. The arrays are views."""
    path = Path(path)
    with _opened(path) as file:
        try:
            header = read_header(file, os.fstat(file.fileno()).st_size)
            arrays = _arrays(header, file.read(header.rest))
        except (ValueError, RecursionError) as error:
            raise FileFormatError(
                f"{path} is not a whole Glassnet file: {clipped(str(error)).rstrip('.')}. It may "
                "be damaged or cut short; take an earlier copy."
            ) from error
    if _digest(arrays, header.text) != header.sha256:
        raise FileFormatError(
            f"{path} is damaged: its checksum does not match what it holds. Take an earlier copy."
        )
    try:
        return arrays, from_text(header.text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(
            f"{path} holds no text that can be read: {clipped(str(error)).rstrip('.')}. Take an "
            "earlier copy."
        ) from error


def _opened(path: Path) -> BinaryIO:
    """The file, ready to be read; a folder, a device or a pipe is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a folder" if path.is_dir() else "a device or a pipe"
            raise FileFormatError(f"{path} is {kind}, not a file. Name the file itself.")
        return path.open("rb")
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except PermissionError:
        raise PermissionError(
            f"{path} may not be read by you. Ask its owner, or change its permissions."
        ) from None


def _arrays(header: Header, data: bytes) -> dict[str, Any]:
    """Views of the bytes."""
    if len(data) < header.rest:
        raise FileFormatError("it became shorter while it was read")
    return {
        name: np.frombuffer(data[:0] if p.start == p.stop else data, p.kind,
                            (p.stop - p.start) // p.kind.itemsize,
                            0 if p.start == p.stop else p.start).reshape(p.shape)
        for name, p in header.places.items()
    }  # fmt: skip


def _digest(arrays: Mapping[str, Any], text: str) -> str:
    found = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        found.update(array.reshape(-1).view(np.uint8))
    return found.hexdigest()
