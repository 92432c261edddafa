"""A chain of dense layers, unit by unit and weight by weight."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet.errors import need
from glassnet.network import Network
from glassnet.nn.dense import Dense
from glassnet.nn.layer import Layer
from glassnet.nn.topology import LayerCall

_MOST = 10  # units of a layer that are drawn
_HEAD, _TAIL = 6, 3  # of a longer one: above and below the ellipsis
_APART, _UNIT, _RADIUS = 2.3, 0.5, 0.17  # inches between layers and between units, and a unit's own
_LINE, _LETTER = 0.2, 0.12  # inches from line to line of a heading, and of a letter
_THICKEST, _THINNEST = 3.2, 0.25  # points


@dataclass
class UnitColumn:
    """One column of units: the input, or a dense layer with what follows it.

    name    above the column; size  how many units
    notes   small below the name: how many units, the activation, what else happens to them
    weight  (I, O), the lines that lead here, or None for the input
    """

    name: str
    size: int
    notes: list[str]
    weight: Any = None

    @property
    def shown(self) -> list[int]:
        """The units that are drawn."""
        if self.size <= _MOST:
            return list(range(self.size))
        return [*range(_HEAD), *range(self.size - _TAIL, self.size)]

    def heights(self) -> dict[int, float]:
        """Where each unit that is drawn stands, the middle of the column at 0."""
        slots = [*range(_HEAD), *range(_HEAD + 1, _HEAD + 1 + _TAIL)]
        slots = slots if self.size > _MOST else self.shown
        middle = (slots[0] + slots[-1]) / 2
        return {u: (middle - s) * _UNIT for u, s in zip(self.shown, slots, strict=True)}


def columns(net: Network) -> list[UnitColumn]:
    """The columns of a chain of dense layers; none where the network is anything else."""
    topology = net.topology
    (name, spec), chain = topology.inputs[0], list(topology.calls)
    straight = all(call.inputs == (i,) for i, call in enumerate(chain))
    if len(topology.inputs) > 1 or topology.outputs != (len(chain),) or not straight:
        return []
    if spec.rank != 2 or len({call.layer for call in chain}) < len(chain):
        return []
    size = int(spec.shape[-1])
    found = [UnitColumn(name, size, [_counted(size, "input")])]
    for call in chain:
        layer = topology.layers[call.layer]
        if isinstance(layer, Dense):
            found.append(_dense(net, layer))
        elif _keeps_shape(net, call):
            found[-1].notes.append(note(layer))
        else:
            return []
    return found if len(found) > 1 else []


def _keeps_shape(net: Network, call: LayerCall) -> bool:
    specs = net.topology.specs
    return specs[call.inputs[0]].shape == specs[call.output].shape


def _dense(net: Network, layer: Dense) -> UnitColumn:
    notes = [_counted(layer.units, "unit"), note(layer)]
    notes += [] if layer.trainable else ["frozen"]
    return UnitColumn(layer.name, layer.units, notes, net.parameters[f"{layer.name}.weight"])


def _counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def note(layer: Layer) -> str:
    """A layer in a word: its activation, or its name."""
    activation = getattr(layer, "activation", None)
    if isinstance(activation, str):
        return activation
    if isinstance(activation, Layer):
        return note(activation)
    name = str(getattr(activation, "__name__", layer.name or type(layer).__name__))
    return "activation" if name == "<lambda>" else name


def draw(net: Network, found: list[UnitColumn], path: str | Path | None) -> Any:
    """The diagram of these columns."""
    top = max(max(c.heights().values()) for c in found) + 0.4
    lines = max(len(c.notes) for c in found)
    apart = max(_APART, _LETTER * max(len(c.name) for c in found))
    side, right = 0.35 * apart, apart * (len(found) - 1)
    picture, axes = look.sheet((-side, right + side), (-top - 0.4, top + _LINE * (lines + 1) + 0.2))
    largest = max(float(np.abs(c.weight).max()) for c in found[1:]) or 1.0
    for i, column in enumerate(found):
        if i:
            _weights(axes, ((i - 1) * apart, i * apart), found[i - 1], column, largest)
        _units(axes, i * apart, column)
        _heading(axes, i * apart, top, [column.name, *column.notes], lines)
    _legend(axes, right / 2, -top - 0.1, largest)
    return look.finish(picture, path)


def _weights(
    axes: Any, xs: tuple[float, float], before: UnitColumn, after: UnitColumn, largest: float
) -> None:
    """Lines from every unit to every unit, the heaviest on top."""
    left, right = before.heights(), after.heights()
    pairs = sorted(((u, v) for u in left for v in right), key=lambda p: abs(after.weight[p]))
    sizes = np.array([float(after.weight[p]) for p in pairs]) / largest
    ends = [list(zip(xs, (left[u], right[v]), strict=True)) for u, v in pairs]
    thick = _THINNEST + np.abs(sizes) * (_THICKEST - _THINNEST)
    lines = need("matplotlib.collections", "plots").LineCollection(
        ends,
        colors=[look.BLUE if s > 0 else look.ORANGE for s in sizes],
        linewidths=np.where(sizes == 0, 0, thick),
        alpha=0.3 + 0.6 * np.abs(sizes),
        zorder=1,
    )
    axes.add_collection(lines)


def _units(axes: Any, x: float, column: UnitColumn) -> None:
    circle = need("matplotlib.patches", "plots").Circle
    heights = column.heights()
    for y in heights.values():
        axes.add_patch(circle((x, y), _RADIUS, facecolor=look.PAPER,
                              edgecolor=look.INK, linewidth=1.2, zorder=3))  # fmt: skip
    if column.size > _MOST:
        middle = (heights[_HEAD - 1] + heights[column.size - _TAIL]) / 2
        axes.plot([x] * 3, [middle - 0.1, middle, middle + 0.1], "o", color=look.QUIET,
                  markersize=2.6, zorder=3)  # fmt: skip


def _heading(axes: Any, x: float, top: float, words: list[str], lines: int) -> None:
    """The name of a column, and its notes below, all names at one height."""
    for k, word in enumerate(words):
        size, color = (look.SMALL, look.QUIET) if k else (look.TITLE, look.INK)
        axes.text(x, top + _LINE * (lines - k) + (0 if k else 0.05), word, ha="center",
                  va="bottom", fontsize=size, color=color)  # fmt: skip


def _legend(axes: Any, x: float, y: float, largest: float) -> None:
    """Which colour is which sign, and how much the thickest line is."""
    for side, color, word in (("right", look.BLUE, "+"), ("left", look.ORANGE, "\N{MINUS SIGN}")):
        sign = -1 if side == "right" else 1
        axes.plot([x + sign * 0.08, x + sign * 0.43], [y, y], color=color, linewidth=_THICKEST)
        axes.text(x + sign * 0.5, y, f"weight {word}{largest:.3g}", ha=side, va="center",
                  color=look.QUIET, fontsize=look.SMALL)  # fmt: skip
