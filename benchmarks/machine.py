"""What the numbers were measured on: the CPU and the versions; no names of hosts or folders."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = ["glassnet", "jax", "jaxlib", "keras", "llvmlite", "numpy", "onnxruntime",
            "scikit-learn", "tinygrad", "torch"]  # fmt: skip
TOLD = {"sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "asimd",
        "sve", "sve2"}  # fmt: skip


def machine():
    """A dictionary for the JSON file."""
    info = _cpuinfo()
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": info.get("model name", platform.processor() or platform.machine()),
        "family": f"family {info['cpu family']}, model {info['model']}" if "model" in info else "",
        "flags": sorted(TOLD & set(info.get("flags", info.get("Features", "")).split())),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: v for name in PACKAGES if (v := _version(name))},
    }


def load():
    """Processes that wanted to run in the last minute, on average: more than ours is noise."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def free_memory():
    """Bytes that can be had, or None where the system does not say."""
    path = Path("/proc/meminfo")
    if not path.exists():
        return None
    table = dict(line.split(":") for line in path.read_text(encoding="ascii").splitlines())
    return int(table["MemAvailable"].split()[0]) * 1024


def _cpuinfo():
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
