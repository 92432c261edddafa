"""The same bits on another kind of machine: the module built for AArch64, run under qemu."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from engines.test_same_bits import bits

from glassnet.engines.native import engine
from glassnet.engines.native.threads.abi import ARGUMENTS, CLOSED, SPINS, STATE_WORDS, WORKSPACE
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.engines.native.threads.tuner import Tuner

pytestmark = [pytest.mark.arm, pytest.mark.slow]
TRIPLE = "aarch64-linux-gnu"
COMPILER, EMULATOR = f"{TRIPLE}-gcc", "qemu-aarch64"
N_OUTPUTS = 1  # the loss


@pytest.fixture(autouse=True)
def _tools():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    for tool in (COMPILER, EMULATOR):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: gcc-{TRIPLE} qemu-user)")


class ArmCrew:
    """In place of threads: each call goes to a process of the emulator, and its memory back."""

    calls = 0

    def __init__(self, program, arena):
        self.program, self.arena, self.tuner = program, arena, Tuner()

    def __call__(self, known, inputs, threads):
        type(self).calls += 1
        program, state = self.program, np.zeros(STATE_WORDS, np.int64)
        state[SPINS] = 20  # then the threads sleep
        known = {**known, "threads": threads, "state": state.ctypes.data}
        words = call_arguments(known, inputs)
        regions = list(regions_of(words, self.arena, known, inputs))
        places = ARGUMENTS.index("thread"), ARGUMENTS.index("state"), CLOSED
        call, result = program.with_suffix(".call"), program.with_suffix(".result")
        with call.open("wb") as file:
            file.write(np.array([len(words), len(regions), threads, *places], np.int64).tobytes())
            file.write(words.tobytes())
            for word, address, size in regions:
                file.write(np.array([word, size], np.int64).tobytes())
                file.write(ctypes.string_at(address, size))
        subprocess.run([EMULATOR, program, call, result], check=True, timeout=300)
        found = result.read_bytes()
        assert len(found) == sum(size for _, _, size in regions)
        for word, address, size in regions:
            if word < len(ARGUMENTS):  # the data stay as they are
                ctypes.memmove(address, found, size)
            found = found[size:]


def regions_of(words, arena, known, inputs):
    """(word, address, bytes) of all memory that a call touches; -1 is the arena."""
    sizes = {"results": (known["stop"] - known["start"]) * N_OUTPUTS * 8,
             "workspace": WORKSPACE * known["n_rows"] * 8, "state": STATE_WORDS * 8}  # fmt: skip
    yield -1, arena.ctypes.data, arena.nbytes
    for name, size in sizes.items():
        if known.get(name):
            yield ARGUMENTS.index(name), known[name], size
    word = len(ARGUMENTS)
    for array in inputs:
        yield word, array.ctypes.data, array.nbytes
        word += 1 + array.ndim


def arm_program(folder, kernel):
    from glassnet.engines.native.binary.compile import object_code

    code, program = folder / "code.o", folder / "program"
    code.write_bytes(object_code(kernel.module, triple=TRIPLE))
    main = Path(__file__).with_name("arm_main.c")
    command = [COMPILER, "-O1", "-static", main, code, "-lm", "-pthread", "-o", program]
    subprocess.run(command, check=True)
    return program


@pytest.mark.parametrize(("kind", "order"), [("f4", "C"), ("f2", "C"), ("i1", "F")])
@pytest.mark.parametrize("threads", [1, 3])
def test_aarch64_does_not_change_a_bit(threads, tmp_path, monkeypatch, kind, order):
    from glassnet.engines.native.loop import build

    def made(source, batch_size, forms, cpu):
        kernel = build(source.program, batch_size, forms)
        return kernel, arm_program(tmp_path, kernel)

    native = bits(steps=20, kind=kind, order=order)
    monkeypatch.setattr(engine.CodeSource, "made", made)
    monkeypatch.setattr(engine, "ThreadPool", ArmCrew)
    assert bits(threads, steps=20, kind=kind, order=order) == native
    assert ArmCrew.calls > 0
    assert bits(threads, steps=19, kind=kind, order=order) != native
