"""From which size of a step a second thread pays: `python -m benchmarks.threads`.

Networks of two hidden layers of one width, at several batch sizes; the time of a step on one thread
and on several, and its share of the first. Both take turns, in bursts that are short enough to fall
between those of other processes, and the least time counts. The threads are bound to a core each
where the system can do that: where they go is not what is measured. The last column is the
most threads that `threads=None` tries.
"""

from __future__ import annotations

import argparse
import os
import threading
import time

import numpy as np

import glassnet as gn
from glassnet.engines.engine import Work
from glassnet.engines.native.engine import NativeEngine
from glassnet.engines.native.threads.pool import wanted_threads
from glassnet.train.fit import start_slots

WIDTHS = [4, 8, 16, 32, 64, 96, 128, 192, 256, 512]
BATCHES = [16, 32, 64, 128, 256, 1024]
BURST = 0.003  # seconds
ROWS = 2048


class Runner:
    """Steps of a network on so many threads."""

    def __init__(self, width, batch, threads):
        rng = np.random.default_rng(0)
        rows = [rng.standard_normal((ROWS, width), np.float32), rng.integers(0, 10, ROWS)]
        hidden = [gn.Dense(width, "relu") for _ in range(2)]
        net = gn.Network([*hidden, gn.Dense(10, "softmax")], input_shape=(width,), seed=0)
        program = net.training_program(optimizer="adam")
        slots = start_slots(net, program).values()
        arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
        self.prepared = NativeEngine(threads).trainer(program)
        values = dict(zip([*program.inputs, *program.state], [*rows, *arrays], strict=True))
        self.work = Work(values, True, ROWS, batch, 0, 1, 1e-3, 7)
        self.seconds(1)

    def fitting(self):
        """How many steps fill a burst."""
        steps = 1
        while min(self.seconds(steps) for _ in range(5)) * steps < BURST / 1.5:
            steps *= 2
        return steps

    def seconds(self, steps):
        """Of a step, on average over so many."""
        self.work.stop = steps
        began = time.perf_counter()
        self.prepared.run(self.work, lambda: False)
        return (time.perf_counter() - began) / steps

    @property
    def operations(self):
        """Products of a step for each sample."""
        ((kernel, *_),) = self.prepared._made.values()  # noqa: SLF001
        return kernel.operations


def bind():
    """Each thread to a core of its own."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(os.getpid()))
        for thread in threading.enumerate():
            number = thread.name.removeprefix("glassnet-")
            core = int(number) if number.isdigit() else 0
            os.sched_setaffinity(thread.native_id, {cores[core % len(cores)]})


def compared(width, batch, threads, rounds):
    """(products of a step, seconds on one thread, seconds on several)."""
    runners = [Runner(width, batch, count) for count in (1, threads)]
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    bind()
    steps, best = runners[0].fitting(), [float("inf")] * 2
    for _ in range(rounds):
        best = [min(b, r.seconds(steps)) for b, r in zip(best, runners, strict=True)]
    if cores:
        os.sched_setaffinity(0, cores)
    return runners[0].operations, *best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    chosen = parser.parse_args()
    os.environ["GLASSNET_CACHE"] = "off"
    print(f"   network  batch     products       1 thread   {chosen.threads} threads  share   most")
    for width in chosen.widths:
        for batch in chosen.batches:
            operations, one, several = compared(width, batch, chosen.threads, chosen.rounds)
            most = max(wanted_threads(operations, batch))
            print(
                f"{width:4d}-{width}-{width}-10 {batch:6d} {operations * batch:12,d} "
                f"{one * 1e6:11.2f} us {several * 1e6:9.2f} us {several / one:6.2f} {most:6d}"
            )


if __name__ == "__main__":
    main()
