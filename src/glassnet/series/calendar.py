"""Parts of the time that go round, as a sine and a cosine each: hour, day of the week, month."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.series.clock import DAY, MONTHS, WEEKDAYS, Clock
from glassnet.tables.columns.dates import PARTS

CYCLES = {"hour": DAY, "weekday": 7 * DAY, "month": 365 * DAY}
_FINEST = {"hour": DAY, "weekday": 7 * DAY, "month": 200 * DAY}  # steps that tell them apart
_SEEN = 2  # times that the training part must have gone round


def parts_seen(clock: Clock, first: int, last: int) -> tuple[str, ...]:
    """The parts of the time that the training part, from one tick to another, has seen twice."""
    if not clock.is_dated:
        return ()
    begin, end = clock.moments([first, last]).tolist()
    step = {MONTHS: 30 * DAY * int(clock.size), WEEKDAYS: DAY}.get(clock.unit, clock.size)
    return tuple(
        part for part, cycle in CYCLES.items()
        if step < _FINEST[part] and end - begin >= _SEEN * cycle
    )  # fmt: skip


def calendar(clock: Clock, ticks: Any, parts: tuple[str, ...]) -> Any:
    """Sine and cosine of each part of the times, (n, 2 parts)."""
    if not parts:
        return np.empty((len(ticks), 0))
    times = clock.times(ticks, "time")
    found = [PARTS[f"{part}, {wave}"](times) for part in parts for wave in ("sine", "cosine")]
    return np.stack(found, axis=1)
