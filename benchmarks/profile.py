"""Where a step goes, nest by nest: `python -m benchmarks.profile 784-512-512-10`, or of a row of
the benchmark: `python -m benchmarks.profile resnet-20`.

The training loop is compiled with reads of the cycle counter around every nest; what they cost
(some twenty cycles each) is part of what is printed. One thread.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import time

import numpy as np

import glassnet as gn
from benchmarks.kernels import compiled
from benchmarks.peers.glassnet_peer import network
from benchmarks.tasks import MORE, TABLE
from glassnet.engines.native import ir, loop
from glassnet.engines.native.codegen import emit, nests
from glassnet.engines.native.maths import I64

MOST = 1024
ROWS = {name: task for name, task in {**TABLE, **MORE}.items() if task.stages}
cycles = np.zeros(MOST, np.int64)
labels: dict[str, int] = {}


def _cycles(b):
    module = b.module
    name = "llvm.readcyclecounter"
    found = module.globals.get(name) or ir.Function(module, ir.FunctionType(I64, []), name)
    return b.call(found, [])


def timed(label, of):
    """The method, with the cycles of what it writes added up under a label."""

    def method(self, *args, **settings):
        text = label(*args)
        at = labels.setdefault(text, len(labels))
        b = self.b if hasattr(self, "b") else args[0].b
        before = _cycles(b)
        result = of(self, *args, **settings)
        pointer = b.inttoptr(I64(cycles.ctypes.data + 8 * at), I64.as_pointer())
        b.store(b.add(b.load(pointer), b.sub(_cycles(b), before)), pointer)
        return result

    return method


def watch():
    """From now on, compiled loops count."""
    for name in ("over_samples", "over_array", "scalars"):
        own = getattr(nests.NestWriter, name)
        setattr(nests.NestWriter, name, timed(lambda nest, *_: str(nest), own))
    copy = emit.Emitter.copy_sample_major
    emit.Emitter.copy_sample_major = timed(lambda buffer: f"{buffer} copied as rows", copy)
    gather = loop.gather
    loop.gather = timed(lambda buffer, *_: f"{buffer} gathered", gather)


def cycles_per_second():
    """How fast the counter runs; it is none of the clock's business how fast the CPU does."""
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(I64, []), "run")
    b = ir.IRBuilder(function.append_basic_block())
    b.ret(_cycles(b))
    read = ctypes.CFUNCTYPE(ctypes.c_int64)(compiled(str(module)))
    first, began = read(), time.perf_counter()
    time.sleep(0.2)
    return (read() - first) / (time.perf_counter() - began)


def dense(sizes, batch):
    """(network, x, y, batch size) of relu layers and a softmax."""
    rng, n_rows = np.random.default_rng(0), batch * 64
    x = rng.standard_normal((n_rows, sizes[0]), np.float32)
    y = rng.integers(0, sizes[-1], n_rows)
    hidden = [gn.Dense(n, "relu") for n in sizes[1:-1]]
    net = gn.Network([*hidden, gn.Dense(sizes[-1], "softmax")], input_shape=sizes[:1], seed=0)
    return net, x, y, batch


def row(task):
    return network(task), *task.data(), task.batch


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", nargs="?", default="784-512-512-10",
                        help=f"widths; or one of {', '.join(ROWS)}")  # fmt: skip
    parser.add_argument("--batch-size", type=int, default=128, help="of widths")
    parser.add_argument("--optimizer", default="adam")
    parser.add_argument("--epochs", type=int, default=10)
    chosen = parser.parse_args()
    os.environ["GLASSNET_CACHE"] = "off"
    if chosen.work in ROWS:
        net, x, y, batch = row(ROWS[chosen.work])
    else:
        net, x, y, batch = dense([int(n) for n in chosen.work.split("-")], chosen.batch_size)
    settings = {"batch_size": batch, "engine": "native", "threads": 1, "verbose": 0}
    watch()
    net.fit(x, y, optimizer=chosen.optimizer, epochs=1, **settings)
    cycles[:] = 0
    net.fit(x, y, optimizer=chosen.optimizer, epochs=chosen.epochs, **settings)
    steps = chosen.epochs * -(-len(x) // batch)
    per_step = cycles.sum() / cycles_per_second() / steps * 1e6
    share = cycles / cycles.sum()
    print(f"{per_step:.1f} us a step")
    for text, at in sorted(labels.items(), key=lambda item: -cycles[item[1]]):
        if cycles[at]:
            first = text.replace("\n", "\n" + " " * 26)
            print(f"{share[at]:7.1%} {share[at] * per_step:10.1f} us   {first}")


if __name__ == "__main__":
    main()
