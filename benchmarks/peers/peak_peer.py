"""The FMA peak as a peer: it takes its turn in each round, on as many threads as the others."""

from __future__ import annotations

from benchmarks import peak
from benchmarks.worker import Worker


def train(task, threads, form):
    loop = peak.Peak()
    return Worker(lambda: [peak.flops() * threads], lambda units: peak.run(loop, units, threads))


predict = train
