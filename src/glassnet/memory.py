"""The memory that is free, looked at before work begins rather than in the midst of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from glassnet.errors import OutOfMemoryError

_GROUP = Path("/sys/fs/cgroup")
_STATUS = Path("/proc/self/status")


def free_memory() -> int | None:
    """Bytes that are free to this process, by every limit there is; None where none is told."""
    known = [n for n in (_of_machine(), _of_group(), _of_limits()) if n is not None]
    return max(0, min(known)) if known else None


def check_memory(needed: int, batch_size: int) -> None:
    """OutOfMemoryError where so many bytes are surely not there."""
    free = free_memory()
    if free is not None and needed > free:
        raise OutOfMemoryError(
            f"One step needs about {_text(needed)} for weights, the optimizer's arrays and the "
            f"values of {batch_size} rows, and {_text(free)} of memory are free. Try a smaller "
            "batch_size, narrower layers, dtype='float32', or an optimizer that keeps fewer arrays "
            "(SGD)."
        )


def _of_machine() -> int | None:
    with contextlib.suppress(OSError, KeyError, ValueError):
        return _field(Path("/proc/meminfo"), "MemAvailable")
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_group() -> int | None:
    """What a container's limit leaves."""
    with contextlib.suppress(OSError, ValueError):
        most = int((_GROUP / "memory.max").read_text(encoding="ascii"))
        return most - int((_GROUP / "memory.current").read_text(encoding="ascii"))
    return None


def _of_limits() -> int | None:
    """What ulimit leaves: of data, and of addresses."""
    with contextlib.suppress(ImportError, OSError, KeyError):
        import resource

        left = []
        for limit, used in ((resource.RLIMIT_DATA, "VmData"), (resource.RLIMIT_AS, "VmSize")):
            most, _ = resource.getrlimit(limit)
            if most != resource.RLIM_INFINITY:
                left.append(most - _field(_STATUS, used))
        return min(left) if left else None
    return None


def _text(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def _field(path: Path, name: str) -> int:
    """A line such as `VmData:  123 kB`, in bytes."""
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)
