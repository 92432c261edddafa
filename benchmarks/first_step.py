"""From the call of fit to the end of the first step: cold cache and warm, each in a new process.

    python -m benchmarks.first_step [ROUNDS [NETWORK ...]]

Everything that `import glassnet` and `import glassnet.train` load is there before the call; what
the engine loads on its own counts. Bytecode is warm. Medians, with the least and the most. The
second table says where the time goes where nothing is in the cache, from processes of their own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = 32
CACHES = "cold", "warm"
TARGETS = "0.3 s cold and 20 ms warm; LeNet 1.5 s and 50 ms; ResNet-20 3 s and 100 ms"
# (module, name there, stage): what is called within another of them counts twice.
CALLS = [("glassnet.train.fit", "build_program", "program"),
         ("glassnet.loops.lower", "lower", "nests"),
         ("glassnet.engines.native.loop", "arrange", "nests"),
         ("glassnet.engines.native.loop", "_write", "text"),
         ("glassnet.engines.native.ir.module", "Module.__str__", "text"),
         ("llvmlite.binding", "parse_assembly", "parsing"),
         ("llvmlite.binding.targets", "TargetMachine.emit_object", "machine code")]  # fmt: skip
LOADED = ["glassnet.engines.native.loop", "glassnet.engines.native.binary.compile"]


def dense(*sizes):
    """(network, x, y, settings of fit): tanh, and a linear last layer."""
    import numpy as np

    import glassnet as gn

    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, sizes[0])).astype("f4")
    y = rng.normal(size=(ROWS, sizes[-1])).astype("f4")
    layers = [*(gn.Dense(n, "tanh") for n in sizes[1:-1]), gn.Dense(sizes[-1])]
    return gn.Network(layers, input_shape=(sizes[0],)), x, y, {}


def table(columns, codes):
    """A table of codes as one-hot columns, with dropout, AdamW and clipping."""
    import numpy as np

    import glassnet as gn

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, codes, (ROWS, columns)), rng.integers(0, 2, ROWS)
    start = gn.Input((columns,), dtype="int64")
    h = gn.OneHot([codes] * columns)(start)
    for n in (64, 32):
        h = gn.Dropout(0.3)(gn.Dense(n, "relu")(h))
    net = gn.Network(inputs=[start], outputs=gn.Dense(2, "softmax")(h))
    return net, x, y, {"optimizer": gn.optim.AdamW(clip_norm=1.0)}


def row(name):
    """A row of the benchmark: a network of images, one of its batches."""
    from benchmarks.peers.glassnet_peer import network
    from benchmarks.tasks import TABLE

    task = TABLE[name]
    x, y = (array[: task.batch] for array in task.data())
    return network(task), x, y, {"batch_size": task.batch}


NETWORKS = {
    "10-10-10-1": lambda: dense(10, 10, 10, 1),
    "30-64-64-1": lambda: dense(30, 64, 64, 1),
    "784-128-10": lambda: dense(784, 128, 10),
    "784-512-512-10": lambda: dense(784, 512, 512, 10),
    "table, 8 columns of 5": lambda: table(8, 5),
    "table, 40 columns of 4": lambda: table(40, 4),
    "lenet": lambda: row("lenet"),
    "resnet-20": lambda: row("resnet-20"),
}


def first_step(name, watch):
    """Seconds of one step of a new network, of the processor in it, and of each stage."""
    import glassnet.train  # noqa: F401 - loaded before the call

    net, x, y, settings = NETWORKS[name]()
    stages = {}
    start, worked = time.perf_counter(), time.process_time()
    if watch:
        for module in LOADED:
            __import__(module)
        stages["imports"] = time.perf_counter() - start
        for call in CALLS:
            replace(*call, stages)
    settings = {"epochs": 1, "batch_size": ROWS, "engine": "native", "verbose": 0} | settings
    net.fit(x, y, **settings)
    wall, cpu = time.perf_counter() - start, time.process_time() - worked
    return {"wall": wall, "cpu": cpu, "stages": stages}


def replace(module, path, stage, stages):
    """From now on, the seconds of a function are added to those of its stage."""
    *owners, name = path.split(".")
    owner = sys.modules[module]
    for part in owners:
        owner = getattr(owner, part)
    function = getattr(owner, name)

    def timed(*args, **settings):
        start = time.perf_counter()
        result = function(*args, **settings)
        stages[stage] = stages.get(stage, 0.0) + time.perf_counter() - start
        return result

    setattr(owner, name, timed)


def ask(name, cache, bytecode, watch=False):
    """The answer of a new process."""
    surroundings = {"GLASSNET_CACHE": cache, "PYTHONPYCACHEPREFIX": bytecode}
    surroundings["PYTHONDONTWRITEBYTECODE"] = ""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.first_step", "--child", json.dumps([name, watch])],
        env={**os.environ, **surroundings}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def measure(name, rounds, bytecode):
    """{"cold": answers, "warm": answers, "stages": answers}, in turn."""
    found = {"cold": [], "warm": [], "stages": []}
    for turn in range(rounds + 1):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            answers = [ask(name, first, bytecode), ask(name, first, bytecode),
                       ask(name, second, bytecode, True)]  # fmt: skip
        if turn:  # the first turn writes the bytecode
            for kept, answer in zip(found.values(), answers, strict=True):
                kept.append(answer)
    return found


def show(name, found):
    """Two lines of times."""
    for cache in CACHES:
        wall = [1e3 * a["wall"] for a in found[cache]]
        cpu = statistics.median(1e3 * a["cpu"] for a in found[cache])
        figures = statistics.median(wall), min(wall), max(wall), cpu
        print(f"{name:24s} {cache:6s}" + "".join(f" {f:8.1f}" for f in figures), flush=True)


def show_stages(name, answers):
    """One line of stages."""
    names = ["imports", *dict.fromkeys(stage for *_, stage in CALLS)]
    times = [statistics.median(1e3 * a["stages"][s] for a in answers) for s in names]
    rest = statistics.median(1e3 * a["wall"] for a in answers) - sum(times)
    print(f"{name:24s}" + "".join(f" {t:12.1f}" for t in [*times, rest]))


def main():
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(first_step(*json.loads(sys.argv[2]))))
        return
    rounds = int(sys.argv[1]) if sys.argv[1:] else 9
    print(f"{'network':24s} {'cache':6s}   median    least     most      cpu  ms")
    with tempfile.TemporaryDirectory() as bytecode:
        found = {n: measure(n, rounds, bytecode) for n in sys.argv[2:] or NETWORKS}
    for name, answers in found.items():
        show(name, answers)
    stages = ["imports", *dict.fromkeys(stage for *_, stage in CALLS), "rest"]
    print(f"\n{'cold, by stage, ms':24s}" + "".join(f" {s:>12s}" for s in stages))
    for name, answers in found.items():
        show_stages(name, answers["stages"])
    print(f"\nTargets: {TARGETS}.")


if __name__ == "__main__":
    main()
