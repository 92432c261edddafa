"""How many steps the next stretch has and how many threads take it, learnt from those before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

STRETCH = 0.05  # seconds of native code between two looks at the clock and at Ctrl-C
_FIRST = 16  # steps of the first stretch
_SOON, _LATE = 4, 64  # stretches between two trials, at first and at most
_TRIAL = 8  # a trial is so many times shorter than a stretch
_WORSE = 1.25  # one stretch makes what is known at most so much worse: another program may have run


@dataclass
class Tuner:
    """Between several counts of threads, the fastest; from time to time another is tried.

    The bits are the same for any count, so time may decide. Where a core is taken by another
    program, or lies far from the data, one thread wins.

    steps    of a stretch
    seconds  of a step, for each count that was tried
    """

    steps: int = _FIRST
    seconds: dict[int, float] = field(default_factory=dict)
    _since: int = 0
    _every: int = _SOON

    def next(self, counts: Sequence[int]) -> tuple[int, int]:
        """(threads, steps) of the next stretch, with one of these counts."""
        best = min(counts, key=self._known)
        if len(counts) > 1 and self._known(best) and self._since >= self._every:
            return next(count for count in counts if count != best), self.steps // _TRIAL + 1
        return best, self.steps

    def note(self, threads: int, steps: int, seconds: float) -> None:
        """A stretch has taken so long."""
        best = min(self.seconds, key=self._known, default=threads)
        found = min(seconds / steps, _WORSE * self.seconds.get(threads, float("inf")))
        self._since += 1
        if threads != best:
            self._since = 0
            self._every = _SOON if found < self._known(best) else min(_LATE, 2 * self._every)
        self.seconds[threads] = found
        if steps == self.steps:
            self._stretch(seconds)

    def _known(self, count: int) -> float:
        """Seconds of a step; what was never tried comes first."""
        return self.seconds.get(count, 0.0)

    def _stretch(self, seconds: float) -> None:
        """Longer or shorter, so that Python is entered some twenty times a second."""
        if seconds < STRETCH / 2:
            self.steps *= 2
        elif seconds > 2 * STRETCH:
            self.steps = max(1, self.steps // 2)
