"""From amounts to pixels, and the round numbers that stand at an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

_STEPS = (1, 2, 2.5, 5, 10)
_DECADES = 100  # the ratio from which amounts are drawn by their logarithm


@dataclass(frozen=True)
class Scale:
    """Amounts from low to high lie between the pixels `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False
    whole: bool = False

    def __call__(self, values: Any) -> Any:
        """Pixels; NaN stays."""
        low, high, v = self.low, self.high, np.asarray(values, np.float64)
        if self.is_log:
            low, high, v = math.log(low), math.log(high), np.log(np.maximum(v, low))
        return self.start + (v / (high - low) - low / (high - low)) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers on the scale."""
        if self.is_log:
            return log_ticks(self.low, self.high, most)
        return round_ticks(self.low, self.high, most, whole=self.whole)


def round_ticks(low: float, high: float, most: int = 6, *, whole: bool = False) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten, at most so many."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in _STEPS if s * power >= rough * (1 - 1e-9))
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12 - math.floor(math.log10(step))) for k in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten, at most so many."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / most))
    return [10.0**k for k in range(first, last + 1, every)]


def limits(values: Any, *, zero: bool = False, margin: float = 0.04) -> tuple[float, float]:
    """A low and a high with all finite values between, the high above the low."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # one value only
        room = 0.05 * abs(low) or 1.0
        return low - room, high + room
    room = margin * (high - low)
    return low - (0 if zero and low == 0 else room), high + room


def wants_log(values: Any) -> bool:
    """Whether positive amounts differ so much that only their logarithms can be told apart."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return bool(len(known) and known.min() > 0 and known.max() / known.min() > _DECADES)
