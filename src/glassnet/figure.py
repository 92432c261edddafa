"""The look of every picture: its colours, its frame, where it is saved, and how it is shown.

A notebook shows a picture that stands at the end of a cell; in a script, picture.show() opens a
window. No picture is known to pyplot before that, so none appears twice.

The colours are those of Okabe and Ito (2008), which stay apart for the colour-blind.
"""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any

from glassnet.errors import UnsupportedError, need

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, QUIET, FAINT, PAPER = "#1F2328", "#656D76", "#D0D7DE", "#FFFFFF"
TINTS = ("#F7FBFF", "#DEEBF7", "#B7D3EA", "#86B3DA", "#5A91C4")  # from little to much
TITLE, TEXT, SMALL = 12, 10, 9  # points
_FILES_ONLY = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}  # matplotlib's backends


def figure(width: float, height: float) -> Any:
    """An empty picture of so many inches; notebooks show it by themselves."""
    picture = _picture()(figsize=(width, height), layout="constrained", facecolor=PAPER)
    picture.get_layout_engine().set(w_pad=0.1, h_pad=0.1, wspace=0.02, hspace=0.04)
    return picture


def sheet(x: tuple[float, float], y: tuple[float, float]) -> tuple[Any, Any]:
    """An empty picture without axes, to draw on in inches from x[0] to x[1], y[0] to y[1]."""
    picture = _picture()(figsize=(x[1] - x[0], y[1] - y[0]), facecolor=PAPER)
    axes = picture.add_axes((0, 0, 1, 1), xlim=x, ylim=y)
    axes.axis("off")
    return picture, axes


def frame(axes: Any, title: str, below: str = "") -> None:
    """A title to the left, a quiet line below it, a light grid, and no box."""
    axes.set_title(title, loc="left", fontsize=TITLE, color=INK, pad=22 if below else 8)
    if below:
        axes.annotate(
            below, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points",
            fontsize=SMALL, color=QUIET, va="bottom",
        ).set_in_layout(False)  # fmt: skip
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(which="both", colors=QUIET, labelsize=SMALL, length=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(color=QUIET, fontsize=TEXT)


def finish(picture: Any, path: str | Path | None) -> Any:
    """The picture, saved where a path is given; missing folders are made."""
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        picture.savefig(path, dpi=150)
    return picture


@functools.cache
def _picture() -> Any:
    """matplotlib's Figure, which needs neither pyplot nor a screen, as notebooks can show it."""
    methods = {"_repr_png_": _png, "show": _show}
    return type("Picture", (need("matplotlib.figure", "plots").Figure,), methods)


def _show(picture: Any) -> None:
    """Show the picture in a window until it is closed; UnsupportedError without a screen."""
    pyplot = need("matplotlib.pyplot", "plots")
    backend = pyplot.get_backend()
    if backend.lower() in _FILES_ONLY:
        raise UnsupportedError(
            f"There is no screen to show a picture on (matplotlib draws with {backend!r}). Save it "
            "instead: history.plot('history.png')."
        )
    pyplot.figure(FigureClass=lambda **_: picture)  # from here on pyplot knows the picture
    try:
        pyplot.show()
    finally:
        pyplot.close(picture)


def _png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
