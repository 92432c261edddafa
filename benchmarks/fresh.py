"""What only a new process can show: the first step, memory.

    python -m benchmarks.fresh first glassnet lenet
    python -m benchmarks.fresh steps glassnet lenet
    python -m benchmarks.fresh memory glassnet '{"dtype": "float64"}'

Prints one JSON object. First: seconds from a new network to the end of its first step, imports of
the library not counted. Steps: bytes of the process's peak in the first steps above what it held
before them, when the library was in use already. Memory: bytes of its peak above what it held when
the table of numbers was ready.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
import time
from pathlib import Path

from benchmarks.child import pin
from benchmarks.peers import PEERS
from benchmarks.tasks import N_LOSSES, TABLE, Task

MEMORY = Task("memory", (100, 64, 1), 1024, 1024 * 1024)
# Forms that try several ways out and keep the fastest would be timed with all of their trials.
PLAIN_FORMS = {"eager": "fused", "compiled": "fused compiled", "scan": "plain scan"}


def maker(name):
    """(task) -> Worker, with the library loaded."""
    peer = PEERS[name]
    module = importlib.import_module(f"benchmarks.peers.{peer.module}")
    return lambda task: module.train(task, 1, PLAIN_FORMS.get(peer.form, peer.form))


def cut(task, batches=1):
    """The same work with so few rows."""
    return dataclasses.replace(task, rows=batches * task.batch, epochs=1)


def first_step(name, row):
    make, task = maker(name), cut(TABLE[row])
    task.data()
    start = time.perf_counter()
    (loss,) = make(task).answers(1)
    return {"seconds": time.perf_counter() - start, "loss": float(loss)}


def steps(name, row):
    """Linux only. Another network's steps come first: whatever is loaded on the way is there."""
    make, task = maker(name), cut(TABLE[row], N_LOSSES)
    make(cut(TABLE["30-64-64-1"], 2)).answers()
    worker = make(task)
    before = from_now_on()
    losses = list(worker.answers())
    return {"bytes": status("VmHWM") - before, "loss": float(losses[-1])}


def from_now_on():
    """Bytes that are held; the peak is counted from here."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return status("VmRSS")


def memory(name, changes):
    """Linux only: the peak is put back before the fit, then read."""
    make = maker(name)
    task = dataclasses.replace(MEMORY, **json.loads(changes))
    small = dataclasses.replace(task, rows=2 * task.batch)
    make(small).seconds(1)  # the library is loaded and its kernels are built
    x, _ = task.data()
    before = from_now_on()
    make(task).run(1)
    return {"bytes": status("VmHWM") - before, "table": x.nbytes}


def status(field):
    """A number of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def main():
    pin(1)
    what, name, *rest = sys.argv[1:]
    answers = sys.stdout
    sys.stdout = sys.stderr
    kinds = {"first": first_step, "steps": steps, "memory": memory}
    print(json.dumps(kinds[what](name, *rest)), file=answers)


if __name__ == "__main__":
    main()
