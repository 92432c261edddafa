"""Threads in machine code: nobody passes a barrier too early, and nobody sleeps on."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from glassnet.engines.native.binary import compile as compiling
from glassnet.engines.native.machine import loaded
from glassnet.engines.native.threads import dispatch, futex
from glassnet.engines.native.threads.abi import ARGUMENTS, address
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.engines.native.threads.workers import Workers

pytestmark = pytest.mark.slow

# Each leaves the number of its turn in a place of its own, and must find it in its neighbour's.
STEPS = """
declare void @barrier(ptr, i64)

define i64 @steps(ptr %arena, ptr %words, i64 %thread) {
entry:
  %stop.at = getelementptr i64, ptr %words, i64 1
  %stop = load i64, ptr %stop.at
  %threads.at = getelementptr i64, ptr %words, i64 THREADS
  %threads = load i64, ptr %threads.at
  %state.at = getelementptr i64, ptr %words, i64 STATE
  %state = load ptr, ptr %state.at
  %after = add i64 %thread, 1
  %neighbour = urem i64 %after, %threads
  %mine = getelementptr [8 x i64], ptr %arena, i64 %thread
  %theirs = getelementptr [8 x i64], ptr %arena, i64 %neighbour
  %wrong.at = getelementptr i64, ptr %mine, i64 1
  br label %turn
turn:
  %i = phi i64 [ 0, %entry ], [ %next, %turn ]
  store volatile i64 %i, ptr %mine
  call void @barrier(ptr %state, i64 %threads)
  %found = load volatile i64, ptr %theirs
  %differs = icmp ne i64 %found, %i
  %one = zext i1 %differs to i64
  %before = load i64, ptr %wrong.at
  %wrong = add i64 %before, %one
  store i64 %wrong, ptr %wrong.at
  call void @barrier(ptr %state, i64 %threads)
  %next = add i64 %i, 1
  %on = icmp slt i64 %next, %stop
  br i1 %on, label %turn, label %out
out:
  ret i64 %stop
}
"""


class Text(str):
    """In place of a module."""

    globals = dict.fromkeys([dispatch.STEPS])
    __slots__ = ()


def machine_of(steps=STEPS):
    for word in ("threads", "state"):
        steps = steps.replace(word.upper(), str(ARGUMENTS.index(word)))
    return loaded(compiling.object_code(Text(steps)))


def turns(machine, threads, spins, count, stretches):
    """How often somebody found another turn at its neighbour's."""
    team, arena = Workers(machine, threads, spins), np.zeros((threads, 8), np.int64)
    words = call_arguments({**team.arguments, "stop": count}, [])
    for _ in range(stretches):
        assert machine(address(arena), address(words)) == count
    return arena[:, 1].sum()


@pytest.mark.parametrize("spins", [0, 1, 30, 1000])
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_nobody_is_early_and_nobody_sleeps_on(threads, spins):
    machine = machine_of()
    assert turns(machine, threads, spins, 300, 5) == 0
    assert turns(machine, threads, spins, 1, 300) == 0


def test_without_a_barrier_somebody_is_early():
    steps = STEPS.replace("  call void @barrier(ptr %state, i64 %threads)\n", "")
    assert turns(machine_of(steps), 7, 0, 1000, 20) > 0


@pytest.mark.parametrize("triple", ["x86_64-apple-darwin", "mips-unknown-freebsd"])
def test_where_there_is_no_futex_threads_sleep_for_moments(triple, monkeypatch):
    elsewhere = futex.futex(triple)
    monkeypatch.setattr(dispatch, "futex", lambda _: elsewhere)
    assert turns(machine_of(), 3, 1, 50, 5) == 0


@pytest.mark.parametrize("system", ["pc-linux-gnu", "unknown-linux-musl", "apple-darwin20",
                                    "pc-windows-msvc"])  # fmt: skip
@pytest.mark.parametrize("cpu", ["x86_64", "aarch64", "riscv64", "s390x"])
def test_every_kind_of_machine_gets_functions_that_llvm_reads(cpu, system):
    import llvmlite.binding as llvm

    text = dispatch.dispatch(f"{cpu}-{system}")
    llvm.parse_assembly(text).verify()
    assert ("@syscall" in text) == ("linux" in system and cpu != "s390x")
    assert ("@Sleep" in text) == ("windows" in system)


def test_threads_that_wait_use_no_time_and_end_with_the_team():
    machine = machine_of()
    before = set(threading.enumerate())
    team = Workers(machine, 3, 1000)
    words, arena = call_arguments({**team.arguments, "stop": 5}, []), np.zeros((3, 8), np.int64)
    machine(address(arena), address(words))
    others = set(threading.enumerate()) - before
    assert len(others) == 2
    time.sleep(0.05)
    began = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - began < 0.1
    del team
    assert not any(thread.is_alive() for thread in others)


def test_a_team_of_which_nobody_has_started_is_no_trouble(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError):
        Workers(machine_of(), 3, 0)
