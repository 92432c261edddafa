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
    clock    (units) -> seconds, where run builds something first that must not be counted
    """

    answers: Callable[[], Any]
    run: Callable[[int], None]
    reset: Callable[[], None] = lambda: None
    clock: Callable[[int], float] | None = None

    def seconds(self, units: int) -> float:
        """Time of `units` units of work, from the start."""
        self.reset()
        if self.clock:
            return self.clock(units)
        start = time.perf_counter()
        self.run(units)
        return time.perf_counter() - start
