"""Threads that run the same native loop together, without Python in between."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.engines.native.threads.abi import ARGUMENTS, address
from glassnet.engines.native.threads.tuner import Tuner
from glassnet.engines.native.threads.workers import Workers
from glassnet.engines.native.thresholds import SPINS, STEP_PRODUCTS
from glassnet.errors import SettingError

if TYPE_CHECKING:
    from glassnet.engines.native.machine import CompiledCode

VARIABLE = "GLASSNET_THREADS"


def wanted_threads(products: int, batch_size: int) -> list[int]:
    """The counts of threads that may be worth a step of so many products for each sample."""
    named = os.environ.get(VARIABLE)
    if named:
        if not named.isdigit() or int(named) < 1:
            raise SettingError(f"{VARIABLE} must be a whole number of at least 1, got {named!r}.")
        return [int(named)]
    work = products * batch_size
    if work < STEP_PRODUCTS or threading.current_thread() is not threading.main_thread():
        return [1]
    return sorted({min(available(), 2 * work // STEP_PRODUCTS), 1}, reverse=True)


def available() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def call_arguments(known: Mapping[str, int], inputs: Sequence[Any]) -> Any:
    """The arguments of a call, in their order; those that are not named are 0."""
    return np.array(
        [known.get(name, 0) for name in ARGUMENTS]
        + [word for a in inputs for word in (address(a), *a.strides)],
        np.int64,
    )


class ThreadPool:
    """The threads that run one program's compiled code in one arena; the caller is the first.

    tuner  what they have learnt of their speed
    """

    def __init__(self, code: CompiledCode, arena: Any) -> None:
        self.tuner = Tuner()
        self._code, self._arena = code, arena
        self._workers: Workers | None = None
        self._lock, self._process = threading.RLock(), os.getpid()

    def __call__(self, known: Mapping[str, int], inputs: Sequence[Any], threads: int) -> None:
        """Run the steps that are known; returns when all threads have done their part."""
        self._notice_fork()
        with self._lock:
            workers = self._workers_of(threads)  # held, so that nobody ends it meanwhile
            own = {"threads": 1} if workers is None else workers.arguments
            arguments = call_arguments({**known, **own}, inputs)
            self._code(address(self._arena), address(arguments))

    def held(self) -> threading.RLock:
        """The lock under which this pool runs, for a `with`; its own thread may take it again."""
        self._notice_fork()
        return self._lock

    def timed(
        self, known: Mapping[str, int], inputs: Sequence[Any], counts: Sequence[int], steps: int
    ) -> None:
        """Run with that of these numbers of threads which has been quickest."""
        threads, _ = self.tuner.next(counts)
        began = time.perf_counter()
        self(known, inputs, threads)
        self.tuner.note(threads, steps, time.perf_counter() - began)

    def release(self) -> None:
        """Let the other threads end; they come again when they are asked for."""
        self._notice_fork()
        with self._lock:
            self._workers = None

    def _workers_of(self, threads: int) -> Workers | None:
        """So many threads; None where the caller does everything."""
        if threads == 1:
            return None
        if self._workers is None or self._workers.count != threads:
            self._workers = None  # the threads before end first
            try:
                self._workers = Workers(self._code, threads, SPINS * (threads <= available()))
            except RuntimeError:  # the system gives no more threads; the bits are the same
                return None
        return self._workers

    def _notice_fork(self) -> None:
        """In a child there are no threads yet, and nobody holds the lock."""
        if self._process != os.getpid():
            self._workers, self._lock, self._process = None, threading.RLock(), os.getpid()
