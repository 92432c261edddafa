"""How often amounts occur: a histogram with axes, and a small one for a table."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from glassnet.report.charts.axes import Axes, axes, svg
from glassnet.report.markup import Markup, join, tag
from glassnet.report.numerals import count, number

_SMALL_WIDTH, _SMALL_HEIGHT, _SMALL_BINS = 132, 30, 22
_MOST_BINS = 40


def bins(values: Any, most: int = _MOST_BINS) -> tuple[Any, Any]:
    """(counts, edges) of the finite values; few distinct whole numbers get a bin each."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return np.zeros(1, int), np.array([0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    if not np.isfinite(high - low):  # beyond what floats can subtract
        return np.array([len(known)]), np.array([0.0, 1.0])
    if high - low < most and np.all(known == np.round(known)):
        edges = np.arange(low - 0.5, high + 1)
    elif high - low <= 1e-9 * max(abs(low), abs(high)):
        edges = np.array([low - 0.5, high + 0.5])
    else:
        n = int(np.clip(np.sqrt(len(known)) * 1.5, 5, most))
        edges = np.linspace(low, high, n + 1)
    return np.histogram(known, edges)[0], edges


def histogram(values: Any, title: str, x_title: str) -> Markup:
    """Bars over the axis of the amounts."""
    counts, edges = bins(values)
    room = 0.02 * (edges[-1] - edges[0])
    frame = axes(
        (edges[0] - room, edges[-1] + room),
        (0.0, max(1.0, counts.max() * 1.06)),
        (x_title, "rows"),
        whole=(False, True),
    )
    return frame.chart(title, columns(frame, counts, edges, "blue"))


def columns(frame: Axes, counts: Any, edges: Any, class_: str) -> Markup:
    """The bars between edges."""
    left, right = frame.x(edges[:-1]), frame.x(edges[1:])
    top, bottom = frame.y(counts), frame.y.start
    drawn = [
        tag(
            "rect", tag("title", f"{number(a)} to {number(b)}: {count(n, 'row')}"), x=x + 0.5,
            y=y, width=max(0.8, z - x - 1), height=bottom - y, class_=f"bar {class_}",
        )
        for n, a, b, x, z, y in zip(
            *map(np.ndarray.tolist, (counts, edges[:-1], edges[1:], left, right, top)), strict=True
        )
        if n
    ]  # fmt: skip
    return join(drawn)


def small(counts: Any, names: list[str]) -> Markup:
    """Bars without axes, for a row of a table; `names` says what each is."""
    highest = max(1, int(np.max(counts, initial=0)))
    wide = min(_SMALL_WIDTH / max(1, len(counts)), 18.0)
    bars = []
    for i, (n, name) in enumerate(zip(np.asarray(counts).tolist(), names, strict=True)):
        high = (_SMALL_HEIGHT - 2) * n / highest if n else 0.0
        high = max(high, 1.2) if n else 0.0
        bars.append(tag(
            "rect", tag("title", f"{name}: {count(n, 'row')}"), x=i * wide,
            y=_SMALL_HEIGHT - high, width=wide - 1, height=high, class_="bar blue",
        ))  # fmt: skip
    return svg(_SMALL_WIDTH, _SMALL_HEIGHT, "distribution", bars, class_="small")


def small_of_numbers(values: Any) -> Markup:
    """A small histogram of amounts."""
    counts, edges = bins(values, _SMALL_BINS)
    names = [f"{number(a)} to {number(b)}" for a, b in pairwise(edges.tolist())]
    return small(counts, names)
