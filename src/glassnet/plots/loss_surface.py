"""The loss over two weights as a surface, with the path of gradient descent on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet.errors import SettingError, need
from glassnet.network import Network
from glassnet.plots.plane import Plane, plane

_GRID = 61  # points along each side of the surface
_LEVELS = 17  # of the contours
_NEARLY = 0.95  # of the best path's drop: a path that shows the way down
_ROOM = 0.6  # around the best path, as a share of its longer side


@dataclass
class _Path:
    """The steps taken with one learning rate: points (n, 2) and losses (n,)."""

    rate: float
    points: Any
    losses: Any


def loss_surface(
    net: Network,
    x: Any,
    y: Any,
    *,
    loss: Any = "auto",
    parameters: tuple[str, str] | None = None,
    learning_rates: Sequence[float] = (0.1, 1.0, 10.0),
    steps: int = 30,
    start: tuple[float, float] | None = None,
    window: Any = None,
    path: str | Path | None = None,
) -> Any:
    """The loss on x and y over two weights, one panel for each learning rate, with its steps.

    All other weights stay as they are, and the network itself is left alone. The losses, and the
    slopes that the steps follow, come from the network's own program (with its penalties; dropout
    with the masks of the first step).

    parameters      the two weights, as ("dense.weight[0, 0]", "dense_1.weight[0, 0]"); by default
                    the first of the first and the first of the last layer
    learning_rates  too small, fitting and too large, say
    start           where the steps begin; by default at the weights as they are
    window          what is shown, ((low, high), (low, high)); by default the shortest path
                    that leads far down, and room around it
    path            where to save the picture, if anywhere

    Returns matplotlib's Figure.
    """
    rates = [float(rate) for rate in np.atleast_1d(learning_rates)]
    if not rates or not all(0 < rate < np.inf for rate in rates) or steps < 1:
        raise SettingError(
            "loss_surface takes learning rates above 0 and at least 1 step, "
            f"got {learning_rates!r} and {steps!r}."
        )
    ground = plane(net, x, y, loss, parameters)
    begin = ground.here if start is None else start
    with np.errstate(over="ignore", invalid="ignore"):  # what diverges is drawn as far as it goes
        paths = [_Path(rate, *ground.descent(begin, rate, steps)) for rate in rates]
    return look.finish(_picture(ground, paths, window or _window(paths)), path)


def _window(paths: Sequence[_Path]) -> Any:
    """The box of the shortest path that came down nearly as far as the best, and room around it."""
    drops = [float(p.losses[0] - np.nanmin(p.losses)) for p in paths]
    boxes = []
    for steps, drop in zip(paths, drops, strict=True):
        if drop >= _NEARLY * max(drops):
            points = steps.points[: int(np.nanargmin(steps.losses)) + 1]
            boxes.append((points.min(axis=0), points.max(axis=0)))
    low, high = min(boxes, key=lambda box: float((box[1] - box[0]).max()))
    room = _ROOM * max(float((high - low).max()), 1e-3)
    return tuple(zip(low - room, high + room, strict=True))


def _picture(ground: Plane, paths: Sequence[_Path], window: Any) -> Any:
    (left, right), (bottom, top) = window
    us, vs = np.linspace(left, right, _GRID), np.linspace(bottom, top, _GRID)
    losses = ground.surface(us, vs)
    picture = look.figure(1.0 + 3.5 * len(paths), 4.3)
    panels = picture.subplots(1, len(paths), sharex=True, sharey=True, squeeze=False)[0]
    for axes, steps in zip(panels, paths, strict=True):
        tinted = _contours(axes, us, vs, losses)
        _steps(axes, steps)
        axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=ground.names[0])
        look.frame(axes, f"learning rate {steps.rate:g}", _remark(steps))
        axes.grid(visible=False)
    panels[0].set_ylabel(ground.names[1])
    bar = picture.colorbar(tinted, ax=list(panels), pad=0.015, shrink=0.92, format="%.3g")
    bar.set_ticks(tinted.levels[:: _LEVELS // 4])
    bar.minorticks_off()
    bar.set_label("loss", color=look.QUIET, fontsize=look.TEXT)
    bar.ax.tick_params(colors=look.QUIET, labelsize=look.SMALL, length=0)
    bar.outline.set_visible(False)
    picture.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                   frameon=False, fontsize=look.TEXT, labelcolor=look.INK)  # fmt: skip
    return picture


def _contours(axes: Any, us: Any, vs: Any, losses: Any) -> Any:
    """Tints from low to high: closer together near the bottom, where the steps end."""
    low, high = float(np.nanmin(losses)), float(np.nanmax(losses))
    levels = low + max(high - low, 1e-12) * np.linspace(0, 1, _LEVELS) ** 1.7
    colors = need("matplotlib.colors", "plots")
    tints = colors.LinearSegmentedColormap.from_list("tints", look.TINTS)
    norm = colors.BoundaryNorm(levels, tints.N)
    found = axes.contourf(us, vs, losses, levels, cmap=tints, norm=norm)
    axes.contour(us, vs, losses, levels, colors=look.PAPER, linewidths=0.7)
    return found


def _steps(axes: Any, steps: _Path) -> None:
    u, v = steps.points.T
    axes.plot(u, v, color=look.ORANGE, linewidth=1.2, marker="o", markersize=3.5,
              markeredgewidth=0, label="steps")  # fmt: skip
    axes.plot(u[:1], v[:1], "o", color=look.PAPER, markeredgecolor=look.ORANGE, markersize=8,
              markeredgewidth=1.8, label="start")  # fmt: skip
    axes.plot(u[-1:], v[-1:], "o", color=look.ORANGE, markeredgecolor=look.PAPER, markersize=9,
              markeredgewidth=1.2, label="end")  # fmt: skip


def _remark(steps: _Path) -> str:
    first, last, n = steps.losses[0], steps.losses[-1], len(steps.points) - 1
    if not np.isfinite(last):
        return f"loss {first:.3g} \N{RIGHTWARDS ARROW} infinity at step {n}"
    return f"loss {first:.3g} \N{RIGHTWARDS ARROW} {last:.3g} in {n} steps"
