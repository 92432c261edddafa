"""Threads that run the same native loop together, without Python in between."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassnet.engines.native.threads.abi import WORDS, address
from glassnet.engines.native.threads.tuner import Pace
from glassnet.engines.native.threads.workers import Team
from glassnet.engines.native.thresholds import SPINS, STEP_PRODUCTS
from glassnet.errors import SettingError

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


def words_of(known: Mapping[str, int], inputs: Sequence[Any]) -> Any:
    """The words of a call, in their order; those that are not named are 0."""
    return np.array(
        [known.get(name, 0) for name in WORDS]
        + [word for a in inputs for word in (address(a), *a.strides)],
        np.int64,
    )


class Crew:
    """Those who run one program's machine code in one arena; the caller is the first of them.

    pace  what they have learnt of their speed
    """

    def __init__(self, machine: Any, arena: Any) -> None:
        self.pace = Pace()
        self._machine, self._arena = machine, arena
        self._team: Team | None = None
        self._lock, self._process = threading.RLock(), os.getpid()

    def __call__(self, known: Mapping[str, int], inputs: Sequence[Any], threads: int) -> None:
        """Run the steps that are known; returns when all threads have done their part."""
        self._notice_fork()
        with self._lock:
            team = self._team_of(threads)  # held, so that nobody ends it meanwhile
            own = {"threads": 1} if team is None else team.words
            words = words_of({**known, **own}, inputs)
            self._machine(address(self._arena), address(words))

    def _team_of(self, threads: int) -> Team | None:
        """So many threads; None where the caller does everything."""
        if threads == 1:
            return None
        if self._team is None or self._team.count != threads:
            self._team = None  # the threads before end first
            try:
                self._team = Team(self._machine, threads, SPINS * (threads <= available()))
            except RuntimeError:  # the system gives no more threads; the bits are the same
                return None
        return self._team

    def _notice_fork(self) -> None:
        """In a child there are no threads yet, and nobody holds the lock."""
        if self._process != os.getpid():
            self._team, self._lock, self._process = None, threading.RLock(), os.getpid()
