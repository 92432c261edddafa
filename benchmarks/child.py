"""A process that holds one library: it is told over a pipe what to open and how long to run.

    python -m benchmarks.child NAME THREADS

A line in and a line out, as JSON. What libraries print goes to stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from benchmarks.peers import HELPERS, PEERS
from benchmarks.tasks import Task
from benchmarks.worker import DeclinedError

MOST_ANSWERS = 4096


def pin(threads):
    """Stay on the first cores of those that this process may use."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:threads])


class Child:
    """The commands."""

    def __init__(self, name, threads):
        self.peer, self.threads = (PEERS | HELPERS)[name], threads
        self.worker = None

    def open(self, fields):
        """Prepare a task; its answers, or why the peer does not do it."""
        self.worker = None
        task = Task.of(fields)
        module = importlib.import_module(f"benchmarks.peers.{self.peer.module}")
        make = module.train if task.kind == "train" else module.predict
        try:
            self.worker = make(task, self.threads, self.peer.form)
        except DeclinedError as reason:
            return {"declined": str(reason)}
        answers = [float(v) for row in self.worker.answers() for v in _numbers(row)]
        return {"answers": answers[:MOST_ANSWERS]}

    def seconds(self, units):
        """Time that many units of work."""
        return {"seconds": self.worker.seconds(units)}


def _numbers(row):
    return row if hasattr(row, "__len__") else [row]


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    pin(threads)
    child = Child(name, threads)
    for line in sys.stdin:
        command, argument = json.loads(line)
        try:
            answer = getattr(child, command)(argument)
        except Exception as error:  # noqa: BLE001 - whatever a library raises is told to the parent
            text = str(error).strip().splitlines() or [""]
            answer = {"failed": f"{type(error).__name__}: {text[0][:200]}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
