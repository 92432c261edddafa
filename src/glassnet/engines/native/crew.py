"""Threads that run the same native loop together, without Python in between."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.engines.native.words import STATE_WORDS, WORDS
from glassnet.errors import SettingError

_WORTH = 3_000_000  # products of one step from which a second thread pays
VARIABLE = "GLASSNET_THREADS"


def wanted_threads(products: int, batch_size: int) -> int:
    """How many threads a step of so many products for each sample is worth."""
    named = os.environ.get(VARIABLE)
    if named:
        if not named.isdigit() or int(named) < 1:
            raise SettingError(f"{VARIABLE} must be a whole number of at least 1, got {named!r}.")
        return int(named)
    if products * batch_size < _WORTH or threading.current_thread() is not threading.main_thread():
        return 1
    return available()


def available() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def address(array: Any) -> int:
    """Where an array's numbers begin."""
    found: int = array.__array_interface__["data"][0]
    return found


def words_of(known: Mapping[str, int], inputs: Sequence[Any]) -> Any:
    """The words of a call, in their order; those that are not named are 0."""
    return np.array(
        [known.get(name, 0) for name in WORDS]
        + [word for a in inputs for word in (address(a), *a.strides)],
        np.int64,
    )


@dataclass
class Crew:
    """So many threads; the caller is the first of them."""

    count: int

    def __call__(
        self, machine: Any, arena: Any, known: Mapping[str, int], inputs: Sequence[Any]
    ) -> None:
        """Run the loop; returns when all are done."""
        state = np.zeros(STATE_WORDS, np.int64)
        shared = {**known, "threads": self.count, "state": address(state)}
        given = [words_of({**shared, "thread": i}, inputs) for i in range(self.count)]
        others = [
            threading.Thread(target=machine, args=(address(arena), address(w)), daemon=True)
            for w in given[1:]
        ]
        for thread in others:
            thread.start()
        machine(address(arena), address(given[0]))
        for thread in others:
            thread.join()
