"""From the call of fit to the end of the first step: cold cache and warm, each in a new process.

    python -m benchmarks.first_step [ROUNDS]

Everything that `import glassnet` and `import glassnet.train` load is there before the call; what
the engine loads on its own counts. Bytecode is warm. Medians, with the least and the most.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

NETS = {"10-10-10-1, batch 32": [10, 10, 10, 1], "784-128-10, batch 32": [784, 128, 10]}
ROWS = 32
TARGETS = {"cold": 0.3, "warm": 0.02}  # seconds, for the first


def first_step(sizes):
    """Seconds of one step of a new network, and of the processor in it."""
    import numpy as np

    import glassnet as gn
    import glassnet.train

    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, sizes[0])).astype("f4")
    y = rng.normal(size=(ROWS, sizes[-1])).astype("f4")
    layers = [*(gn.Dense(n, "tanh") for n in sizes[1:-1]), gn.Dense(sizes[-1])]
    net = gn.Network(layers, input_shape=(sizes[0],))
    start, worked = time.perf_counter(), time.process_time()
    net.fit(x, y, epochs=1, batch_size=ROWS, engine="native", verbose=0)
    return {"wall": time.perf_counter() - start, "cpu": time.process_time() - worked}


def ask(sizes, cache, bytecode):
    """The answer of a new process."""
    surroundings = {"GLASSNET_CACHE": cache, "PYTHONPYCACHEPREFIX": bytecode}
    surroundings["PYTHONDONTWRITEBYTECODE"] = ""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.first_step", "--child", json.dumps(sizes)],
        env={**os.environ, **surroundings}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def measure(sizes, rounds, bytecode):
    """{"cold": answers, "warm": answers}, in turn."""
    found = {"cold": [], "warm": []}
    for turn in range(rounds + 1):
        with tempfile.TemporaryDirectory() as cache:
            for answers in found.values():
                answer = ask(sizes, cache, bytecode)
                if turn:  # the first turn writes the bytecode
                    answers.append(answer)
    return found


def main():
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(first_step(json.loads(sys.argv[2]))))
        return
    rounds = int(sys.argv[1]) if sys.argv[1:] else 9
    print(f"{'network':24s} {'cache':6s} {'median':>8s} {'least':>8s} {'most':>8s} {'cpu':>8s}  ms")
    with tempfile.TemporaryDirectory() as bytecode:
        for name, sizes in NETS.items():
            for cache, answers in measure(sizes, rounds, bytecode).items():
                wall = [1e3 * a["wall"] for a in answers]
                cpu = statistics.median(1e3 * a["cpu"] for a in answers)
                figures = statistics.median(wall), min(wall), max(wall), cpu
                print(f"{name:24s} {cache:6s}" + "".join(f" {f:8.1f}" for f in figures))
    print(f"Targets for the first: {TARGETS['cold']} s cold, {TARGETS['warm']} s warm.")


if __name__ == "__main__":
    main()
