"""Counts in rows and columns; the darker a cell, the larger its share of its row."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.report.charts.axes import svg, words
from glassnet.report.markup import Markup, join, pixels, shortened, tag
from glassnet.report.numerals import share

_SIDE, _SMALLEST, _LARGEST = 380, 41, 76  # pixels: of all, of a cell
_ROOMY = 46  # pixels of a cell in which shares have a decimal
_MOST_NAME, _DARK = 16, 0.65


def heat(title: str, counts: Any, names: list[str], titles: tuple[str, str]) -> Markup:
    """A square table of counts; `titles` of rows and columns."""
    n = len(names)
    size = float(np.clip(_SIDE / n, _SMALLEST, _LARGEST))
    short = [shortened(name, _MOST_NAME) for name in names]
    longest = max(map(pixels, short))
    upright = longest <= size - 4
    left, top = longest + 34, 26 + (16 if upright else longest * 0.72 + 14)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = [
        _cell((left + j * size, top + i * size, size), int(counts[i, j]), float(shares[i, j]),
              f"{names[i]} taken for {names[j]}" if i != j else f"{names[i]}, right")
        for i in range(n) for j in range(n)
    ]  # fmt: skip
    rows = [words(left - 8, top + (i + 0.5) * size + 4, name, "name end")
            for i, name in enumerate(short)]  # fmt: skip
    heads = [_head(left + (j + 0.5) * size, top - 8, name, upright) for j, name in enumerate(short)]
    middle = top + n * size / 2
    about = join(
        words(left + n * size / 2, 14, titles[1], "axis"),
        tag("text", titles[0], x=12, y=middle, class_="axis",
            transform=f"rotate(-90 12 {middle:.0f})"),
    )  # fmt: skip
    spare = 6 if upright else longest * 0.72
    class_ = "chart" if n * size <= _SIDE + n else "chart natural"
    return svg(left + n * size + spare, top + n * size + 6, title, about, heads, rows, cells,
               class_=class_)  # fmt: skip


def _head(x: float, y: float, name: str, upright: bool) -> Markup:
    if upright:
        return words(x, y, name, "name middle")
    turned = f"rotate(-45 {x:.1f} {y:.1f})"
    return tag("text", name, x=x, y=y, class_="name", transform=turned)


def _cell(place: tuple[float, float, float], n: int, part: float, says: str) -> Markup:
    x, y, size = place
    class_ = "middle " + ("on" if part > _DARK else "off")
    text: list[Markup] = []
    if size >= _ROOMY:
        text = [
            words(x + size / 2, y + size / 2, f"{n:,}", f"{class_} strong"),
            words(x + size / 2, y + size / 2 + 15, share(part), f"{class_} less"),
        ]
    elif n:
        text = [
            words(x + size / 2, y + size / 2, f"{n:,}", class_),
            words(x + size / 2, y + size / 2 + 13, f"{100 * part:.0f} %", f"{class_} least"),
        ]
    return tag(
        "g",
        tag("title", f"{shortened(says, 200)}: {n:,} ({share(part)})"),
        tag("rect", x=x, y=y, width=size - 1, height=size - 1, class_="cell"),
        tag("rect", x=x, y=y, width=size - 1, height=size - 1, class_="heat",
            fill_opacity=f"{part:.3f}") if n else None,
        text,
    )  # fmt: skip
