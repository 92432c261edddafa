"""Child processes: their surroundings, and the parent's end of the pipe."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def surroundings(threads, scratch):
    """The environment of a child: so many threads in each library, caches in a scratch folder."""
    count = str(threads)
    found = os.environ | {
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "jax",
        "KERAS_HOME": str(scratch / "keras"),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "TORCHINDUCTOR_CACHE_DIR": str(scratch / "inductor"),
        "JAX_COMPILATION_CACHE_DIR": str(scratch / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "",  # bytecode is kept, as where people work
    }
    if threads == 1:
        found["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    return found


def installed(library):
    return importlib.util.find_spec(library) is not None


class LostError(Exception):
    """A child has died, or takes too long."""


class Pipe:
    """One child, and a line for a line with it."""

    def __init__(self, name, threads, scratch, limit):
        self.name, self.limit = name, limit
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the child
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.child", name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=surroundings(threads, scratch),
        )  # fmt: skip

    def ask(self, command, argument):
        """Say a command, wait for its answer. A child that does not give one is ended."""
        try:
            print(json.dumps([command, argument]), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return self._lost("the process died")
        if not select.select([self.process.stdout], [], [], self.limit)[0]:
            return self._lost(f"took more than {self.limit} s")
        line = self.process.stdout.readline()
        return json.loads(line) if line else self._lost("the process died")

    def _lost(self, why):
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().strip().splitlines()
        self.close()
        raise LostError(f"{why}; it said: {said[-1][:200]}" if said else why)

    def close(self):
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(BrokenPipeError):
                end.close()
