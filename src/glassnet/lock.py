"""A folder into which one process at a time may write.

The lock is the operating system's, on a file in the folder: it ends when its process ends, however
that ends, so that none is ever left over. A file that merely stands there would have to be judged:
its process may be dead, or its number be another's by now. What the file says is for people only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from glassnet.atomic_file import not_written
from glassnet.errors import InUseError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

NAME = ".lock"
_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES}
# File systems that know no locks, as some of clusters: there it is as it would be without us.
_UNKNOWN = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}
_FAR = 1 << 20  # Windows lets nobody read what is locked: a byte far behind the text is
_LONGEST = 200  # letters of a name in the file


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made if need be; InUseError where another process or fit holds it."""
    path, made = folder / NAME, not folder.exists()
    try:
        handle = _held(path)
    except OSError as error:
        raise not_written(path, error) from error
    try:
        yield
    finally:
        _let_go(handle, path)
        if made:
            with contextlib.suppress(OSError):  # something is in it by now
                folder.rmdir()


def _held(path: Path) -> int:
    """The open file, locked."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # who held it removed the folder, just now
            continue
        try:
            if _taken(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # who held it removed the file, just now


def _taken(handle: int, path: Path) -> bool:
    """Lock and sign the open file; False where it has lost its name before it was locked."""
    if not _lock(handle):
        raise InUseError(_in_use(path.parent, handle))
    if not _is_at(handle, path):
        return False
    _sign(handle)
    return True


def _let_go(handle: int, path: Path) -> None:
    """Remove the file: while it is locked, or on Windows, which removes no open one, after that."""
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            path.unlink()
    os.close(handle)
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            path.unlink()


def _lock(handle: int) -> bool:
    """Lock the file, if nobody else has."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno not in _UNKNOWN:
            raise
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file still has its name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    """Say who holds the lock; a full disk has no room for that."""
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()} {platform.node()}".encode())


def _in_use(folder: Path, handle: int) -> str:
    """Who holds it, and what to do."""
    os.lseek(handle, 0, os.SEEK_SET)
    number, _, node = os.read(handle, _LONGEST).decode(errors="replace").partition(" ")
    here = node == platform.node()
    if here and number == str(os.getpid()):
        who, step = "another fit of this process", "Give each fit a folder of its own"
    else:
        process = f"process {number}" if number.isdigit() else "another process"
        who = process if here or not node.isprintable() or not node else f"{process} on {node}"
        step = "Wait until it ends or stop it, or name another folder"
    return f"{folder} is in use: {who} trains into it. {step}."
