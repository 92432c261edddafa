"""What a peer gives for a task: numbers that show what it does, and a clock around the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class DeclinedError(Exception):
    """The peer cannot do this task; the message says why."""


@dataclass(frozen=True)
class Worker:
    """A task, ready to run.

    answers  () -> losses of the first steps from the start, or the outputs of a prediction
    run      (units) -> None, when the work is really done
    reset    () -> None: back to the start, outside of the clock
    builds   True where run also builds something first; its time is taken off by a difference
    """

    answers: Callable[[], Any]
    run: Callable[[int], None]
    reset: Callable[[], None] = lambda: None
    builds: bool = False

    def seconds(self, units: int) -> float:
        """Time of `units` units of work, from the start."""
        if not self.builds:
            return self._clock(units)
        return self._clock(units + 1) - self._clock(1)

    def _clock(self, units: int) -> float:
        self.reset()
        start = time.perf_counter()
        self.run(units)
        return time.perf_counter() - start
