"""CompiledCode code kept on disk, so that a program is compiled once on a machine.

    GLASSNET_CACHE=/some/folder   elsewhere than in the user's cache folder
    GLASSNET_CACHE=off            nowhere

Entries are written whole or not at all, carry a checksum, and are removed, those longest unused
first, when together they exceed LIMIT.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from glassnet.atomic_file import replace_file

VARIABLE = "GLASSNET_CACHE"
LIMIT = 256 * 2**20  # bytes
_OFF = {"0", "off", "no", "none", "false"}
_ENDING = ".code"
_STALE = 3600  # seconds after which a half-written file belongs to no one


def folder() -> Path | None:
    """Where entries lie; None where the cache is switched off."""
    named = os.environ.get(VARIABLE, "")
    if named.lower() in _OFF:
        return None
    if named:
        return Path(named).expanduser()
    return _convention() / "glassnet"


def _convention() -> Path:
    """The platform's folder for what can be made again."""
    home = Path("~").expanduser()
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")


class Entry(NamedTuple):
    """A file of the cache; `used` in seconds since 1970."""

    path: Path
    size: int
    used: float


def entries() -> list[Entry]:
    """What lies in the folder, the longest unused first."""
    where, found = folder(), []
    if where is None:
        return []
    with contextlib.suppress(OSError), os.scandir(where) as files:
        for file in files:
            if file.name.endswith(_ENDING):
                with contextlib.suppress(OSError):
                    stat = file.stat()
                    found.append(Entry(Path(file.path), stat.st_size, stat.st_mtime))
    return sorted(found, key=lambda entry: entry.used)


def holds(program: str) -> bool:
    """True where some form of the program has been compiled before."""
    where = folder()
    if where is None:
        return False
    with contextlib.suppress(OSError), os.scandir(where) as files:  # names are enough
        return any(f.name.startswith(f"{program}-") and f.name.endswith(_ENDING) for f in files)
    return False


def read(program: str, variant: str) -> bytes | None:
    """The bytes of an entry, which counts as used now."""
    path = _path(program, variant)
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return data


def write(program: str, variant: str, data: bytes) -> None:
    """Keep an entry; a folder that cannot be written is said once, and is no failure."""
    path = _path(program, variant)
    if path is None:
        return
    try:
        replace_file(path, data)
    except OSError as error:
        _say_once(f"{path.parent}: {error.strerror or error}")
        return
    _prune(keep=path)


def clear() -> int:
    """Remove all entries; gives back how many."""
    found = entries()
    for entry in found:
        entry.path.unlink(missing_ok=True)
    _remove_stale(age=0)
    return len(found)


def _path(program: str, variant: str) -> Path | None:
    where = folder()
    return None if where is None else where / f"{program}-{variant}{_ENDING}"


def _prune(keep: Path) -> None:
    """The longest unused entries go until the rest is within the limit."""
    found = entries()
    left = sum(entry.size for entry in found)
    for entry in found:
        if left <= LIMIT:
            break
        if entry.path != keep:
            with contextlib.suppress(OSError):
                entry.path.unlink()
            left -= entry.size
    _remove_stale(_STALE)


def _remove_stale(age: float) -> None:
    """Files that a process began to write and never finished."""
    where = folder()
    if where is None:
        return
    with contextlib.suppress(OSError):
        for path in where.glob(f".*{_ENDING}.*.tmp"):
            if time.time() - path.stat().st_mtime >= age:
                path.unlink()


@functools.cache
def _say_once(reason: str) -> None:
    print(
        f"Glassnet: compiled code cannot be kept ({reason}), so each process compiles anew. "
        f"Set {VARIABLE} to a folder that can be written, or to off.",
        file=sys.stderr,
    )
