"""Lines through points, with gaps where a value is missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.report.charts.axes import Axes
from glassnet.report.markup import Markup, join, tag

_MOST = 500  # points of a curve: more than it has pixels
_FEW = 20  # points, each of which gets a dot


def curve(axes: Axes, x: Any, y: Any, class_: str, *, dots: bool | None = None) -> Markup:
    """A line through the points; a dot on each where they are few."""
    some = thinned(len(x), _MOST)
    across, up = axes.x(np.asarray(x)[some]), axes.y(np.asarray(y)[some])
    wanted = len(some) <= _FEW if dots is None else dots
    spots = _dots(across, up, class_) if wanted else None
    return join(tag("path", d=path(across, up), class_=f"line {class_}"), spots)


def path(x: Any, y: Any) -> str:
    """The drawing orders of SVG."""
    found, order = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if np.isfinite(a) and np.isfinite(b):
            found.append(f"{order}{a:.1f} {b:.1f}")
            order = "L"
        else:
            order = "M"
    return "".join(found)


def thinned(n: int, most: int) -> Any:
    """At most so many of 0 .. n - 1, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) if n else np.arange(0)


def _dots(x: Any, y: Any, class_: str) -> list[Markup]:
    return [
        tag("circle", cx=a, cy=b, r=3, class_=f"dot {class_}")
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
        if np.isfinite(a) and np.isfinite(b)
    ]
