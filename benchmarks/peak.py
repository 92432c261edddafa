"""The machine's FMA peak: a loop of fused multiply-adds that never leave the registers.

    python -m benchmarks.peak

Independent chains, more than the FMA's latency times its units, in the widest registers the CPU
has. Every core of the run has one thread; the GIL is released while they work.
"""

from __future__ import annotations

import ctypes
import os
import time
from concurrent.futures import ThreadPoolExecutor

import llvmlite.binding as llvm
from llvmlite import ir

F32, I64 = ir.FloatType(), ir.IntType(64)
ROUNDS = 200_000  # of the loop, in one unit


def shape():
    """(lanes of a register, chains) for this CPU: 32 registers of 512 bits, 16 of 256, ..."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 16, 24
    return (8, 12) if features.get("avx") else (4, 20)


def flops():
    """Multiplications and additions of one unit on one thread."""
    lanes, chains = shape()
    return 2.0 * lanes * chains * ROUNDS


def module():
    """The text of `void peak(float *numbers, long rounds)`."""
    lanes, chains = shape()
    vector = ir.VectorType(F32, lanes)
    found = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [F32.as_pointer(), I64])
    function = ir.Function(found, kind, "peak")
    fma = ir.Function(found, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f32")
    b = ir.IRBuilder(function.append_basic_block())
    table = b.bitcast(function.args[0], vector.as_pointer())

    def place(i):
        return b.gep(table, [I64(i)])

    x, y, *start = (b.load(place(i), align=4) for i in range(chains + 2))
    before, loop = b.block, function.append_basic_block()
    b.branch(loop)
    b.position_at_end(loop)
    i = b.phi(I64)
    sums = [b.phi(vector) for _ in start]
    done = b.add(i, I64(1))
    i.add_incoming(I64(0), before)
    i.add_incoming(done, loop)
    following = [b.call(fma, [x, total, y]) for total in sums]
    for phi, first, total in zip(sums, start, following, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(total, loop)
    after = function.append_basic_block()
    b.cbranch(b.icmp_signed("<", done, function.args[1]), loop, after)
    b.position_at_end(after)
    for k, total in enumerate(following):
        b.store(total, place(k + 2), align=4)
    b.ret_void()
    return str(found)


class Peak:
    """The compiled loop."""

    def __init__(self):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            opt=3, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
        )
        self.engine = llvm.create_mcjit_compiler(llvm.parse_assembly(module()), machine)
        self.engine.finalize_object()
        address = self.engine.get_function_address("peak")
        self.call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address)

    def __call__(self, units):
        """Run on this thread; the numbers stay near y / (1 - x), far from denormals."""
        lanes, chains = shape()
        numbers = (ctypes.c_float * (lanes * (chains + 2)))()
        numbers[:] = [0.5] * len(numbers)
        self.call(ctypes.addressof(numbers), units * ROUNDS)


def run(peak, units, threads):
    """The loop on several threads at once."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(peak, [units] * threads))


def main():
    peak = Peak()
    for threads in range(1, len(os.sched_getaffinity(0)) + 1):
        times = []
        for _ in range(9):
            start = time.perf_counter()
            run(peak, 20, threads)
            times.append(time.perf_counter() - start)
        print(f"{threads} threads: {threads * 20 * flops() / min(times) / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
