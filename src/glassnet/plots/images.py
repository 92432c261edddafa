"""Arrays as images, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet.errors import need

MOST = 64  # images of one picture
_ACROSS = 8
_INCHES = 1.25  # of an image


def grid(count: int, *, across: int = _ACROSS, inches: float = _INCHES) -> tuple[Any, list[Any]]:
    """A picture with room for so many images, and their axes."""
    columns = min(count, across)
    rows = math.ceil(count / columns)
    picture = look.figure(inches * columns + 0.4, inches * rows + 0.9)
    panels = list(picture.subplots(rows, columns, squeeze=False).ravel())
    for axes in panels[count:]:
        axes.remove()
    return picture, panels[:count]


def image(axes: Any, values: Any, title: str, largest: float) -> None:
    """(H, W): orange below 0, blue above; (H, W, 3): colours, 0 in the middle."""
    if values.ndim == 3:
        axes.imshow(np.clip(0.5 + 0.5 * values / largest, 0, 1), interpolation="nearest")
    else:
        axes.imshow(values, cmap=_both_signs(), vmin=-largest, vmax=largest,
                    interpolation="nearest")  # fmt: skip
    bare(axes, title)


def bare(axes: Any, title: str) -> None:
    """No ticks, a quiet frame, a small title."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=look.SMALL, color=look.QUIET, pad=3)
    for spine in axes.spines.values():
        spine.set_color(look.FAINT)


def heading(picture: Any, title: str, below: str) -> None:
    """What the picture shows, and what its colours mean."""
    picture.suptitle(f"{title}\n", x=0.02, ha="left", fontsize=look.TITLE, color=look.INK)
    picture.supxlabel(below, fontsize=look.SMALL, color=look.QUIET)


def largest_of(arrays: Sequence[Any]) -> float:
    """The largest size of a number, and 1 where all are 0."""
    return max((float(np.abs(a).max()) for a in arrays if a.size), default=0.0) or 1.0


def _both_signs() -> Any:
    colors = need("matplotlib.colors", "plots").LinearSegmentedColormap
    return colors.from_list("both_signs", [look.ORANGE, look.PAPER, look.BLUE])
