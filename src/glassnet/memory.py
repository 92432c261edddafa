"""The memory that is free, looked at before work begins rather than in the midst of it."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Mapping
from pathlib import Path

from glassnet.errors import OutOfMemoryError
from glassnet.spec import itemsize, shape_text

_MOST = 1 << 47  # bytes that a process can address, whatever the machine has
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


def check_arrays(shapes: Mapping[str, tuple[int, ...]], dtype: str) -> None:
    """OutOfMemoryError where arrays of these shapes surely do not fit, before one is made."""
    needed, free = _needed(shapes, dtype), free_memory()
    if needed > (_MOST if free is None else free):
        raise _too_large(shapes, dtype, f", and {_text(free or 0)} of memory are free")


def not_enough(shapes: Mapping[str, tuple[int, ...]], dtype: str) -> OutOfMemoryError:
    """The error for arrays that did not fit when they were made."""
    return _too_large(shapes, dtype, ", and there was less memory")


def _needed(shapes: Mapping[str, tuple[int, ...]], dtype: str) -> int:
    """Bytes of all arrays, and of the largest while it is drawn in float64."""
    counts = [math.prod(shape) for shape in shapes.values()]
    return itemsize(dtype) * sum(counts) + itemsize("float64") * max(counts, default=0)


def _too_large(
    shapes: Mapping[str, tuple[int, ...]], dtype: str, free: str
) -> OutOfMemoryError:  # fmt: skip
    name, shape = max(shapes.items(), key=lambda item: math.prod(item[1]))
    size = _text(itemsize(dtype) * math.prod(shape))
    return OutOfMemoryError(
        f"To draw the weights of this network takes about {_text(_needed(shapes, dtype))} ({name} "
        f"{shape_text(shape)} {dtype} alone is {size}){free}. Take narrower layers"
        + (", or dtype='float32'." if dtype == "float64" else ".")
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
