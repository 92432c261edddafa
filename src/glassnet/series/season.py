"""The season of a series: after how many steps it looks alike, found out from the training part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glassnet.series.clock import DAY, HOUR, MONTHS, SPANS, WEEKDAYS, Clock

_LEAST = 0.3  # of an autocorrelation that makes a season
_CLEARLY, _BY_FAR = 0.02, 0.15  # by which a longer season must be better; of steps tried one by one
_CYCLES = (HOUR, DAY, 7 * DAY, 364 * DAY, 365 * DAY)  # that a clock of equal spans may have
_MOST_STEPS = 400_000  # that are looked at
_TIMES = (1, 2, 3)
_LONGEST = 400  # steps tried one by one where the clock tells nothing


class Season(NamedTuple):
    """A season, and why it is that; `beyond`: a better one, too long for the window, or 0."""

    steps: int
    reason: str
    beyond: int = 0


def find_season(clock: Clock, parts: Sequence[Any], window: int) -> Season:
    """The season of the target of each group in the training part, NaN where missing."""
    longest = max(len(y) for y in parts)
    tried = [s for s in _candidates(clock, longest // 3) if s <= longest // 3]
    found = {s: autocorrelation(parts, s) for s in tried}
    if not clock.is_dated:
        found = _peaks(found)
    fitting = {s: r for s, r in found.items() if s <= window}
    margin = _CLEARLY if clock.is_dated else _BY_FAR
    best, beyond = _best(fitting, margin), _best(found, margin)
    is_better = beyond > window and found[beyond] > found.get(best, 0.0) + margin
    if best == 1:
        if not found:
            return Season(1, "the training part is too short for one")
        highest = max(found.values())
        return Season(
            1, f"no autocorrelation reaches {_LEAST} (the highest is {highest:.2f})"
            if not is_better else "none fits into the window", beyond if is_better else 0,
        )  # fmt: skip
    return Season(best, f"autocorrelation {found[best]:.2f}", beyond if is_better else 0)


def _best(found: dict[int, float], margin: float) -> int:
    """The season whose autocorrelation is highest, a longer one only where it is clearly so."""
    best, high = 1, _LEAST - margin
    for steps, r in sorted(found.items()):
        if r > high + margin:
            best, high = steps, r
    return best


def _peaks(found: dict[int, float]) -> dict[int, float]:
    """Of seasons tried one by one those that are better than both neighbours.

    Each with its double and its triple, by which 24 is told from 25 where peaks are broad.
    """
    combed = {s: float(np.mean([found[k * s] for k in _TIMES if k * s in found])) for s in found}
    return {s: r for s, r in combed.items() if combed.get(s - 1, 1.0) < r > combed.get(s + 1, 1.0)}


def _candidates(clock: Clock, most: int) -> list[int]:
    """Seasons that such a clock may have; without a time all, up to a limit."""
    if clock.unit == MONTHS:
        return [12 // int(clock.size)] if 12 % int(clock.size) == 0 and clock.size < 12 else []
    if clock.unit == WEEKDAYS:
        return [5, 261]
    if clock.unit == SPANS:
        size = int(clock.size)
        return sorted({round(c / size) for c in _CYCLES if c >= 2 * size})
    return list(range(2, min(most, _LONGEST) + 1))


def autocorrelation(parts: Sequence[Any], lag: int) -> float:
    """How alike values are that lie `lag` steps apart, -1 to 1, less what neighbours share.

    Of the differences from step to step, so that a level that drifts is no likeness; over all
    groups together, each in units of its own deviation.
    """
    over, under = 0.0, 0.0
    for y in parts:
        d = np.diff(y[-_MOST_STEPS:])
        d = d - np.nanmean(d) if np.isfinite(d).any() else d
        scale = np.nanstd(d) if np.isfinite(d).any() else 0.0
        if len(d) <= lag or not scale:
            continue
        a, b = d[lag:] / scale, d[:-lag] / scale
        both = np.isfinite(a) & np.isfinite(b)
        over += float(np.sum(a[both] * b[both]))
        under += float(np.sqrt(np.sum(a[both] ** 2) * np.sum(b[both] ** 2)))
    return over / under if under else 0.0
