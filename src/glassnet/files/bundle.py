"""Named arrays and a JSON text in one safetensors file, written so that it is whole or absent.

The header's metadata holds the text and a SHA-256 over everything else, so that a torn or altered
file is told from a whole one. Writing goes to a temporary file beside the target, which is synced
to the disk and then takes the target's name in one step.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError

_MOST_HEADER = 100_000_000  # bytes: the safetensors format's own limit


def write(path: str | Path, arrays: Mapping[str, Any], text: Mapping[str, Any]) -> None:
    """Write arrays and JSON-able values to `path`, replacing what is there only at the very end."""
    from safetensors.numpy import save

    plain = {name: np.ascontiguousarray(a).reshape(np.shape(a)) for name, a in arrays.items()}
    kept = json.dumps(text, allow_nan=True)
    metadata = {"glassnet": kept, "sha256": _digest(plain, kept)}
    replace_file(Path(path), save(plain, metadata))


def replace_file(path: Path, data: bytes) -> None:
    """Put these bytes at `path` so that a crash leaves the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read(path: str | Path) -> tuple[dict[str, Any], Any]:
    """(arrays, text) of a whole file; FileFormatError for anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = _bytes(Path(path))
    try:
        text = _metadata(data)
        arrays = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError,
            RecursionError) as error:  # fmt: skip
        raise FileFormatError(
            f"{path} is not a whole Glassnet file: {error}. It may be damaged or cut short; "
            "take an earlier copy."
        ) from error
    if _digest(arrays, text["glassnet"]) != text["sha256"]:
        raise FileFormatError(
            f"{path} is damaged: its checksum does not match what it holds. Take an earlier copy."
        )
    try:
        return arrays, json.loads(text["glassnet"])
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path} holds no text that can be read: {error}.") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None


def _metadata(data: bytes) -> dict[str, str]:
    """The safetensors header's metadata: 8 bytes of length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, _MOST_HEADER):
        raise ValueError("its header is longer than the file")
    header = json.loads(data[8 : 8 + length])
    metadata = header["__metadata__"]
    return {"glassnet": str(metadata["glassnet"]), "sha256": str(metadata["sha256"])}


def _digest(arrays: Mapping[str, Any], text: str) -> str:
    found = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        found.update(array.tobytes())
    return found.hexdigest()
