"""Threads that have entered a program's compiled code, and wait there for stretches of steps."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from glassnet.engines.native.threads.abi import ARGUMENTS, CLOSED, SPINS, STATE_WORDS, address

_PATIENCE = 1.0  # seconds to wait for threads that end within microseconds, if Python lets them
_LINE = 8  # words of a cache line


class Workers:
    """So many threads, the caller's among them. The others end when nobody holds them.

    They hold what their memory and their code lie in, and nothing that holds them: whoever
    drops the last reference to it wakes them up and waits for their end.

    arguments  of a call that all must know
    """

    def __init__(self, code: Callable[[int, int], int], count: int, spins: int) -> None:
        found = np.zeros(STATE_WORDS + _LINE, np.int64)
        state = found[-(address(found) // 8) % _LINE :]
        state[SPINS] = spins
        self.count, self.arguments = count, {"threads": count, "state": address(state)}
        threads = [
            threading.Thread(
                target=_enter, args=(code, state, {**self.arguments, "thread": i}),
                name=f"glassnet-{i}", daemon=True,
            )
            for i in range(1, count)
        ]  # fmt: skip
        end = weakref.finalize(self, _end, code, state, self.arguments, threads, os.getpid())
        end.atexit = False  # Python ends without asking daemon threads, and they are asleep
        try:
            for thread in threads:
                thread.start()
        except BaseException:
            end()
            raise


def _enter(code: Callable[[int, int], int], state: Any, known: Mapping[str, int]) -> None:
    """What a thread does: one call of compiled code. Meanwhile it holds the state."""
    arguments = _arguments(known)
    code(0, address(arguments))


def _arguments(known: Mapping[str, int]) -> Any:
    return np.array([known.get(name, 0) for name in ARGUMENTS], np.int64)


def _end(code: Callable[[int, int], int], state: Any, known: Mapping[str, int],
         threads: Sequence[threading.Thread], process: int) -> None:  # fmt: skip
    """Tell the threads to return, and wait until they have."""
    if process != os.getpid():
        return  # after a fork they are another process's
    state[CLOSED] = 1
    own = _arguments(known)
    code(0, address(own))
    for thread in threads:
        if thread.is_alive():
            thread.join(_PATIENCE)
