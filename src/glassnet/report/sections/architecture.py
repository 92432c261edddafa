"""The network: a drawing of its layers, and a table of their shapes and parameters."""

from __future__ import annotations

import math
from typing import Any

from glassnet.nn.topology import Topology
from glassnet.plots.layout import layout
from glassnet.report.case import Case
from glassnet.report.charts import svg, words
from glassnet.report.markup import Markup, pixels, shortened, tag
from glassnet.report.numerals import count
from glassnet.report.parts import card, cards, name, section, table
from glassnet.spec import shape_text

_MOST_BOXES, _MOST_ROWS = 36, 60
_DOWN, _HIGH, _BESIDE, _MARGIN = 56.0, 36.0, 14.0, 6.0
_NARROWEST, _MOST_NAME = 96.0, 24


def architecture(case: Case) -> Markup:
    """The section on the network."""
    topology = case.fit.model.net.topology
    drawing = None
    if len(topology.specs) <= _MOST_BOXES:
        drawing = card("The way through", _drawing(topology))
    return section("network", "Network", cards(drawing, _layers(case, topology), class_="uneven"))


def _layers(case: Case, topology: Topology) -> Markup:
    sizes: dict[str, int] = {}
    moved = 0
    for layer, _, parameter in topology.parameters():
        n = math.prod(parameter.sizes)
        sizes[layer] = sizes.get(layer, 0) + n
        moved += n if parameter.trainable and topology.layers[layer].trainable else 0
    rows: list[Any] = [(name(n), "Input", shape_text(s.shape), "") for n, s in topology.inputs]
    for call in topology.calls:
        used = topology.layers[call.layer]
        shape = shape_text(topology.specs[call.output].shape)
        n = sizes.get(call.layer, 0)
        rows.append((name(call.layer), _kind(used), shape, f"{n:,}" if n else ""))
    total = sum(sizes.values())
    note = f"{count(total, 'parameter')}: {moved:,} trained, {total - moved:,} from the data. "
    note += "B is the number of rows."
    if len(rows) > _MOST_ROWS:
        note += f" {len(rows) - _MOST_ROWS:,} layers in the middle are not listed."
        half = _MOST_ROWS // 2
        rows = [*rows[:half], ("\N{HORIZONTAL ELLIPSIS}", "", "", ""), *rows[-half:]]
    shown = table(("layer", "kind", "output", "parameters"), rows, (3,))
    return card("Layers", shown, note=note)


def _kind(layer: Any) -> str:
    """Its kind, and the activation where it has one."""
    activation = getattr(layer, "activation", None)
    said = getattr(activation, "__name__", None) or activation or ""
    kind = type(layer).__name__
    return f"{kind}, {said}" if isinstance(said, str) and said not in {"", "linear"} else kind


def _drawing(topology: Topology) -> Markup:
    """Boxes from the inputs at the top to the answer."""
    arrows = [(i, call.output) for call in topology.calls for i in call.inputs]
    names = [n for n, _ in topology.inputs] + [call.layer for call in topology.calls]
    names = [shortened(n, _MOST_NAME) for n in names]
    notes = [shape_text(spec.shape) for spec in topology.specs]
    wide = max(_NARROWEST, *(pixels(n) + 18 for n in names))
    places = layout(len(names), arrows)
    least = min(x for x, _ in [*places.at, *places.stops])
    most = max(x for x, _ in [*places.at, *places.stops])

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x, rank = point
        return _MARGIN + wide / 2 + (x - least) * (wide + _BESIDE), _MARGIN + rank * _DOWN

    ways = [_way([at(places.at[a]), *map(at, stops), at(places.at[b])])
            for (a, b), stops in places.routes.items()]  # fmt: skip
    ends = {*range(len(topology.inputs)), *topology.outputs}
    boxes = [_box(at(places.at[i]), wide, n, notes[i], "box end" if i in ends else "box")
             for i, n in enumerate(names)]  # fmt: skip
    right = at((most, 0))[0] + wide / 2 + _MARGIN
    bottom = max(at(p)[1] for p in places.at) + _HIGH + _MARGIN
    return svg(right, bottom, "the layers and how they hang together", ways, boxes,
               class_="chart drawing")  # fmt: skip


def _way(points: list[tuple[float, float]]) -> Markup:
    """A smooth line that leaves a box below and enters another from above."""
    x, y = points[0][0], points[0][1] + _HIGH
    orders = [f"M{x:.0f} {y:.0f}"]
    for k, (x1, y1) in enumerate(points[1:], 1):
        middle = (y + y1) / 2
        orders.append(f"C{x:.0f} {middle:.0f} {x1:.0f} {middle:.0f} {x1:.0f} {y1:.0f}")
        x, y = x1, y1
        if k < len(points) - 1:
            y = y1 + _HIGH
            orders.append(f"V{y:.0f}")
    orders.append("m-4 -7l4 7l4 -7")
    return tag("path", d="".join(orders), class_="way")


def _box(at: tuple[float, float], wide: float, title: str, note: str, class_: str) -> Markup:
    x, y = at
    return tag(
        "g", tag("rect", x=x - wide / 2, y=y, width=wide, height=_HIGH, rx=6, class_=class_),
        words(x, y + 15, title, "name middle"), words(x, y + 29, note, "tick"),
    )  # fmt: skip
