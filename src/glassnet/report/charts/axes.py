"""A chart's frame: a light grid, round numbers at both axes, and their titles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glassnet.report.charts.scale import Scale
from glassnet.report.markup import Markup, join, pixels, tag
from glassnet.report.numerals import number

WIDTH, HEIGHT = 400, 270
_TOP, _RIGHT, _BOTTOM = 12, 14, 46
_TITLE, _GAP = 20, 7  # room for the title of y, and between numbers and axis
Limits = tuple[float, float]


@dataclass(frozen=True)
class Axes:
    """Two scales and what they show."""

    x: Scale
    y: Scale
    x_title: str
    y_title: str

    def chart(self, title: str, *marks: Any) -> Markup:
        """The chart; `title` is for those who hear it read."""
        return svg(WIDTH, self.y.start + _BOTTOM, title, self._grid(), *marks)

    def _grid(self) -> Markup:
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        across = [
            join(
                line(left, at, right, at, "grid"),
                words(left - _GAP, at + 4, number(tick), "tick end"),
            )
            for tick, at in self._places(self.y)
        ]
        down = [
            join(line(at, top, at, bottom, "grid"), words(at, bottom + 17, number(tick), "tick"))
            for tick, at in self._places(self.x)
        ]
        middle = (top + bottom) / 2
        turned = f"rotate(-90 11 {middle:.0f})"
        titles = join(
            words((left + right) / 2, bottom + 37, self.x_title, "axis"),
            tag("text", self.y_title, x=11, y=middle, class_="axis", transform=turned),
        )
        return join(across, down, titles)

    @staticmethod
    def _places(scale: Scale) -> list[tuple[float, float]]:
        return [(tick, float(scale(tick))) for tick in scale.ticks()]


def axes(
    x: Limits,
    y: Limits,
    titles: tuple[str, str],
    *,
    height: int = HEIGHT,
    log_y: bool = False,
    whole: tuple[bool, bool] = (False, False),
) -> Axes:
    """Axes with room on the left for the longest number.

    titles  of x and y
    whole   whether x and y are counts
    """
    up = Scale(*y, height - _BOTTOM, _TOP, is_log=log_y, whole=whole[1])
    left = _TITLE + _GAP + max((pixels(number(t)) for t in up.ticks()), default=0)
    across = Scale(*x, left, WIDTH - _RIGHT, whole=whole[0])
    return Axes(across, up, *titles)


def svg(width: float, height: float, title: str, *marks: Any, class_: str = "chart") -> Markup:
    """A picture that shrinks with the page but does not grow."""
    return tag(
        "svg", tag("title", title), *marks, viewBox=f"0 0 {width:.0f} {height:.0f}", role="img",
        style=f"max-width:{width * 1.15:.0f}px;--w:{width:.0f}px", class_=class_,
    )  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return tag("path", d=f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", class_=class_)


def words(x: float, y: float, text: str, class_: str) -> Markup:
    """Text at a place."""
    return tag("text", text, x=float(x), y=float(y), class_=class_)
