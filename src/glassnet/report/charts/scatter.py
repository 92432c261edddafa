"""Points, half transparent, so that crowds show."""

from __future__ import annotations

from typing import Any

from glassnet.report.charts.axes import Axes
from glassnet.report.charts.curve import thinned
from glassnet.report.markup import Markup, tag

MOST = 1500


def scatter(axes: Axes, x: Any, y: Any) -> Markup:
    """At most MOST points."""
    some = thinned(len(x), MOST)
    places = zip(axes.x(x[some]).tolist(), axes.y(y[some]).tolist(), strict=True)
    return tag("g", [tag("circle", cx=a, cy=b, r=2.6) for a, b in places], class_="points")
