"""Files that are whole or absent.

Writing goes to a temporary file beside the target, which is synced to the disk and then takes the
target's name in one step; then the folder is synced, so that the new name lasts.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import time
from pathlib import Path

_STALE = 3600  # seconds after which a temporary file is nobody's any more


def replace_file(path: Path, data: bytes) -> None:
    """Put these bytes at `path` so that a crash leaves the old file or the new one, whole.

    An OSError says that the old file, if there was one, is as it was. A link stays a link, and
    what is a device or a pipe (/dev/stdout) is written to.
    """
    path = Path(os.path.realpath(path))
    try:
        special = path.exists() and not (path.is_file() or path.is_dir())
        if special:
            path.write_bytes(data)
        else:
            _replace(path, data)
    except OSError as error:
        raise not_written(path, error) from error


def append_to_file(path: Path, data: bytes) -> None:
    """Put these bytes behind what is at `path`; an OSError names the file and the next step."""
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise not_written(path, error, appended=True) from error


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        _remove(temporary)
        raise
    _sync_folder(path.parent)


def _remove(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:  # the folder itself is gone, or was never one
        return


def not_written(path: Path, error: OSError, *, appended: bool = False) -> OSError:
    """The same error, saying what was to be written, and what became of the file before."""
    whole, folder = os.path.isfile(path), os.path.isdir(path)  # noqa: PTH112, PTH113 - raise never
    before = " The file that was there is as it was." if whole and not appended else ""
    if folder:
        step = "Name a file in it."
    else:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        step = "Make room, or save elsewhere." if full else "Save elsewhere."
    said = error.strerror or str(error)
    return type(error)(error.errno, f"{path} could not be written: {said}.{before} {step}")


def _sweep(path: Path) -> None:
    """Remove what a crash left half written long ago."""
    for torn in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        try:
            if time.time() - torn.stat().st_mtime > _STALE:
                torn.unlink(missing_ok=True)
        except OSError:  # another process was quicker
            continue


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
