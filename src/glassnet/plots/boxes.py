"""A graph of layers as boxes and arrows, from the inputs at the top to the outputs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from glassnet import figure as look
from glassnet.errors import need
from glassnet.network import Network
from glassnet.nn.registry import snake
from glassnet.plots.layout import Arrow, Diagram, Point, layout
from glassnet.plots.units import note
from glassnet.spec import shape_text

_DOWN, _HIGH = 1.05, 0.62  # inches from rank to rank, and of a box
_BESIDE, _PORT = 0.3, 0.3  # inches between boxes, and between the arrows at a box
_MARGIN = 0.25  # inches around all
_LETTER, _SMALL_LETTER, _NARROWEST = 0.083, 0.073, 1.4  # inches of a letter, and of a box at least


@dataclass(frozen=True)
class Box:
    """An input, or one use of a layer: a name, and what else is written."""

    name: str
    notes: str
    is_input: bool = False
    is_output: bool = False


@dataclass(frozen=True)
class Sheet:
    """What is drawn where, in inches: boxes `wide` inches wide."""

    boxes: list[Box]
    places: Diagram
    wide: float

    def inches(self, point: Point) -> Point:
        """From boxes and ranks to inches, downwards."""
        x, rank = point
        return x * (self.wide + _BESIDE), -rank * _DOWN

    def limits(self) -> tuple[Point, Point]:
        """From left to right, and from bottom to top."""
        middles = [self.inches(p) for p in self.places.at]
        xs = [x + side * self.wide / 2 for x, _ in middles for side in (-1, 1)]
        xs += [self.inches(p)[0] for p in self.places.stops]
        ys = [y + side * _HIGH / 2 for _, y in middles for side in (-1, 1)]
        return (min(xs) - _MARGIN, max(xs) + _MARGIN), (min(ys) - _MARGIN, max(ys) + _MARGIN)

    def ways(self) -> list[list[Point]]:
        """Each arrow's points, from the lower side of a box to the upper side of another."""
        leaving, entering = self._ports(0), self._ports(1)
        found = []
        for edge, stops in self.places.routes.items():
            passing = [self.inches(point) for point in stops]
            down = [(x, y + side * _HIGH / 2) for x, y in passing for side in (1, -1)]
            found.append([leaving[edge], *down, entering[edge]])
        return found

    def _ports(self, end: int) -> dict[Arrow, Point]:
        """Where arrows leave a box (end 0) or enter one (end 1), side by side."""
        routes, at = self.places.routes, self.places.at
        towards = {
            edge: (stops[-end] if stops else at[edge[1 - end]])[0] for edge, stops in routes.items()
        }
        found = {}
        for box in range(len(self.boxes)):
            x, y = self.inches(at[box])
            edges = sorted((e for e in routes if e[end] == box), key=towards.__getitem__)
            for k, edge in enumerate(edges):
                across = _PORT * (k - (len(edges) - 1) / 2)
                found[edge] = (x + across, y + (_HIGH / 2 if end else -_HIGH / 2))
        return found


def draw(net: Network, path: str | Path | None) -> Any:
    """The diagram of the graph."""
    topology = net.topology
    arrows = [(i, call.output) for call in topology.calls for i in call.inputs]
    boxes = _boxes(net)
    longest = max(max(len(box.name) * _LETTER, len(box.notes) * _SMALL_LETTER) for box in boxes)
    wide = max(_NARROWEST, longest + 0.2)
    sheet = Sheet(boxes, layout(len(boxes), arrows), wide)
    picture, axes = look.sheet(*sheet.limits())
    for points in sheet.ways():
        _arrow(axes, points)
    for box, place in zip(boxes, sheet.places.at, strict=True):
        _box(axes, box, sheet.inches(place), wide)
    return look.finish(picture, path)


def _boxes(net: Network) -> list[Box]:
    """One box for each value, in the order of their numbers."""
    topology = net.topology
    boxes = [Box(name, f"input {shape_text(spec.shape)}", is_input=True)
             for name, spec in topology.inputs]  # fmt: skip
    for call in topology.calls:
        shape = shape_text(topology.specs[call.output].shape)
        is_output = call.output in topology.outputs
        notes = ", ".join([*_words(net, call.layer), shape])
        boxes.append(Box(call.layer, f"output: {notes}" if is_output else notes, False, is_output))
    return boxes


def _words(net: Network, name: str) -> list[str]:
    """What is said of a layer besides its name: kind, activation, whether shared or frozen."""
    layer = net.layers[name]
    kind, activation = type(layer).__name__, note(layer)
    words = [] if snake(kind) in name else [kind]
    words += [] if activation in {name, kind, "linear"} else [activation]
    words += ["shared"] if [c.layer for c in net.topology.calls].count(name) > 1 else []
    return words + ([] if layer.trainable else ["frozen"])


def _box(axes: Any, box: Box, middle: Point, wide: float) -> None:
    x, y = middle
    axes.add_patch(need("matplotlib.patches", "plots").FancyBboxPatch(
        (x - wide / 2, y - _HIGH / 2), wide, _HIGH, boxstyle="round,pad=0,rounding_size=0.09",
        facecolor=look.TINTS[0] if box.is_input else look.PAPER,
        edgecolor=look.ORANGE if box.is_output else look.BLUE, linewidth=1.4, zorder=3,
    ))  # fmt: skip
    axes.text(x, y + 0.11, box.name, ha="center", va="center", color=look.INK,
              fontsize=look.TEXT, zorder=4)  # fmt: skip
    axes.text(x, y - 0.13, box.notes, ha="center", va="center", color=look.QUIET,
              fontsize=look.SMALL, zorder=4)  # fmt: skip


def _arrow(axes: Any, points: list[Point]) -> None:
    """A smooth line from box to box, straight down at each of its points."""
    paths, patches = (need(f"matplotlib.{m}", "plots") for m in ("path", "patches"))
    corners, codes = [points[0]], [paths.Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        corners += [(x0, middle), (x1, middle), (x1, y1)]
        codes += [paths.Path.CURVE4] * 3
    axes.add_patch(patches.FancyArrowPatch(
        path=paths.Path(corners, codes), arrowstyle="-|>,head_length=5,head_width=2.6",
        color=look.QUIET, linewidth=1.2, zorder=2, shrinkA=0, shrinkB=0,
    ))  # fmt: skip
