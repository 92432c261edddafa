"""A look at the memory that is free, before training begins rather than in the midst of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from glassnet.errors import OutOfMemoryError

_CGROUP = Path("/sys/fs/cgroup")


def check_memory(needed: int, batch_size: int) -> None:
    """OutOfMemoryError where so many bytes are surely not there."""
    free = available()
    if free is not None and needed > free:
        raise OutOfMemoryError(
            f"One step needs about {_text(needed)} for weights, the optimizer's arrays and the "
            f"values of {batch_size} rows, and {_text(free)} of memory are free. Try a smaller "
            "batch_size, narrower layers, dtype='float32', or an optimizer that keeps fewer arrays "
            "(SGD)."
        )


def available() -> int | None:
    """Bytes that this process could still get; None where the system does not tell."""
    known = [n for n in (_of_machine(), _of_group()) if n is not None]
    return min(known) if known else None


def _of_machine() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_group() -> int | None:
    """What a container's limit leaves."""
    with contextlib.suppress(OSError, ValueError):
        most = int((_CGROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        return max(0, most - used)
    return None


def _text(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
