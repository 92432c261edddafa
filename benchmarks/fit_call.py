"""What a call of fit costs beside its steps: `python -m benchmarks.fit_call`.

Three calls of two steps each, in milliseconds, medians of some rounds:

    again            a network that was fitted a moment ago
    same structure   a new network, of a structure that this process has fitted
    warm cache       a structure that is new to the process, whose compiled code lies in the cache
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

WIDTHS = range(5, 24)
ROUNDS = 60


def network(width, seed=0):
    import glassnet as gn

    layers = [gn.Dense(width, "relu"), gn.Dense(width, "relu"), gn.Dense(1)]
    return gn.Network(layers, input_shape=(10,), seed=seed)


def milliseconds(net):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((64, 10), np.float32), rng.standard_normal((64, 1), np.float32)
    began = time.perf_counter()
    net.fit(x, y, epochs=1, batch_size=32, verbose=0)
    return 1e3 * (time.perf_counter() - began)


def child():
    """Every width once: the first call is not counted, for it loads what fits need."""
    print(*[milliseconds(network(width)) for width in WIDTHS][1:])


def main():
    with tempfile.TemporaryDirectory() as folder:
        known = {**os.environ, "GLASSNET_CACHE": folder}
        command = [sys.executable, "-m", "benchmarks.fit_call", "child"]
        runs = [
            subprocess.run(command, env=known, check=True, text=True, stdout=subprocess.PIPE)
            for _ in range(2)
        ]
    net = network(10)
    milliseconds(net)
    again = [milliseconds(net) for _ in range(ROUNDS)]
    same = [milliseconds(network(10, seed)) for seed in range(ROUNDS)]
    warm = [float(text) for text in runs[1].stdout.split()]
    for name, found in (("again", again), ("same structure", same), ("warm cache", warm)):
        print(f"{name:<16}{statistics.median(found):8.2f} ms   (least {min(found):.2f})")


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else main()
