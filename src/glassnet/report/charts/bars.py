"""Named amounts as bars that lie: a name, a bar, a number; and a spread where there is one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glassnet.report.charts.axes import line, svg, words
from glassnet.report.markup import Markup, join, pixels, shortened, tag

_WIDTH, _ROW, _HIGH = 420, 24, 15
_MOST_NAME, _GAP = 22, 8  # letters; pixels


class Bar(NamedTuple):
    """A name, an amount and how it is said; spread: what lies to either side of the amount."""

    name: str
    amount: float
    text: str
    spread: float = 0.0
    class_: str = "blue"


def bars(title: str, given: list[Bar]) -> Markup:
    """One bar below another, from zero; those below zero to the left."""
    names = [shortened(bar.name, _MOST_NAME) for bar in given]
    left = max(map(pixels, names), default=0) + _GAP
    right = _WIDTH - max((pixels(bar.text) for bar in given), default=0) - _GAP - 4
    low = min([0.0, *(bar.amount - bar.spread for bar in given)])
    high = max([0.0, *(bar.amount + bar.spread for bar in given)])
    places = left + (np.array([0.0, low, high]) - low) / ((high - low) or 1) * (right - left)
    zero, per = float(places[0]), (right - left) / ((high - low) or 1)
    rows = [
        _row(bar, name, i * _ROW, (left, zero, per, right))
        for i, (bar, name) in enumerate(zip(given, names, strict=True))
    ]
    axis = line(zero, 0, zero, len(given) * _ROW, "zero")
    return svg(_WIDTH, len(given) * _ROW + 2, title, rows, axis)


def _row(bar: Bar, name: str, top: float, places: tuple[float, float, float, float]) -> Markup:
    left, zero, per, right = places
    middle = top + _ROW / 2
    end = zero + bar.amount * per
    start, wide = min(zero, end), abs(end - zero)
    spread = None
    if bar.spread:
        spread = line(end - bar.spread * per, middle, end + bar.spread * per, middle, "spread")
    return tag(
        "g",
        tag("title", f"{shortened(bar.name, 200)}: {bar.text}"),
        words(left - _GAP, middle + 4, name, "name end"),
        tag("rect", x=start, y=middle - _HIGH / 2, width=max(wide, 0.5), height=_HIGH,
            class_=f"bar {bar.class_}"),
        spread,
        words(right + _GAP, middle + 4, bar.text, "value"),
    )  # fmt: skip


def legend(*given: tuple[str, str]) -> Markup:
    """What the colours mean: (class, words)."""
    keys = [tag("span", tag("i", class_=class_), text, class_="key") for class_, text in given]
    return tag("p", join(keys), class_="legend")
