"""The season of a series: after how many steps it looks alike, found out from the training part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glassnet.series.clock import DAY, HOUR, MONTHS, SPANS, WEEKDAYS, Clock

_LEAST = 0.3  # of an autocorrelation that makes a season
_CLEARLY = 0.05  # by which the naive forecast of a longer season must err less
_CYCLES = (HOUR, DAY, 7 * DAY, 364 * DAY, 365 * DAY)  # that a clock of equal spans may have
_MOST_STEPS = 400_000  # that are looked at
_TIMES = (1, 2, 3)
_MOST_LAGS = 12  # at which the naive forecast is measured
_LONGEST = 400  # steps tried one by one where the clock tells nothing


class Season(NamedTuple):
    """A season, and why it is that; `beyond`: a better one, too long for the window, or 0."""

    steps: int
    reason: str
    beyond: int = 0


def find_season(clock: Clock, parts: Sequence[Any], window: int, horizon: int) -> Season:
    """The season of the target of each group in the training part, NaN where missing."""
    longest = max(len(y) for y in parts)
    tried = [s for s in _candidates(clock, longest // 3) if s <= longest // 3]
    likeness = {s: autocorrelation(parts, s) for s in tried}
    if not clock.is_dated:
        likeness = _peaks(likeness)
    alike = [s for s in sorted(likeness) if likeness[s] >= _LEAST]
    best = _best(parts, [s for s in alike if s <= window], horizon)
    beyond = _best(parts, [best, *(s for s in alike if s > best)], horizon)
    beyond = beyond if beyond > window else 0
    if best > 1:
        return Season(best, f"autocorrelation {likeness[best]:.2f}", beyond)
    if not likeness:
        return Season(1, "the training part is too short for one")
    highest = f"no autocorrelation reaches {_LEAST} (the highest is {max(likeness.values()):.2f})"
    return Season(1, "none fits into the window" if beyond else highest, beyond)


def _best(parts: Sequence[Any], seasons: Sequence[int], horizon: int) -> int:
    """The season whose naive forecast errs least, a longer one only where it is clearly so."""
    best, low = 1, np.inf
    for steps in seasons:
        error = _naive_error(parts, steps, horizon)
        if error < (1 - _CLEARLY) * low:
            best, low = steps, error
    return best


def _naive_error(parts: Sequence[Any], season: int, horizon: int) -> float:
    """Of the seasonal naive forecast over a horizon, of each group in units of its deviation.

    Its last steps repeat what is several seasons old: the mean of |y_t - y_(t - lag)| over lags of
    1, 2, ... seasons.
    """
    lags = season * np.unique(np.linspace(1, -(-horizon // season), _MOST_LAGS).round().astype(int))
    found = [
        float(np.nanmean(np.abs(y[lag:] - y[:-lag])) / np.nanstd(y))
        for y in parts for lag in lags.tolist()
        if len(y) > lag and np.isfinite(y[lag:] - y[:-lag]).any() and np.nanstd(y) > 0
    ]  # fmt: skip
    return float(np.mean(found)) if found else np.inf


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
