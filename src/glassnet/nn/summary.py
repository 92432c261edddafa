"""The table of a network: layers, activations, shapes, parameters, what is frozen, memory."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

from glassnet import graph
from glassnet.graph.cost import multiply_adds
from glassnet.nn.activation import title
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.symbol import apply
from glassnet.nn.topology import LayerCall, Topology
from glassnet.spec import itemsize, shape_text

_HEAD = ("layer", "kind", "output", "parameters", "mult-adds", "from", "", "program")
_NUMBERS = ("parameters", "mult-adds")  # the columns that stand to the right
_WIDTH = 80  # of a terminal
_ARRAYS = 12  # letters of the names of a layer's arrays that stand beside it
_FROM, _PRODUCTS = _HEAD.index("from"), _HEAD.index("mult-adds")


def summary(topology: Topology, dtype: str, printed: Mapping[str, str]) -> str:
    """One line a layer, in the order of computation, and what the letters mean.

    printed  how the program calls the parameters: "dense.weight" -> "W1"
    """
    sizes: dict[str, int] = {}
    counted = {"trainable": 0, "frozen": 0, "statistics": 0}
    arrays: dict[str, list[str]] = {}
    for layer, array, parameter in topology.parameters():
        count = math.prod(parameter.sizes)
        sizes[layer] = sizes.get(layer, 0) + count
        arrays.setdefault(layer, []).append(printed[f"{layer}.{array}"])
        counted[_state(topology.layers[layer], parameter)] += count
    total = sum(sizes.values())
    states = [f"{n:,} {state}" for state, n in counted.items() if n or state == "trainable"]
    memory = _bytes(total * itemsize(dtype))
    return "\n".join([
        *_table([_HEAD, *_rows(topology, sizes, arrays)]),
        _legend(printed),
        *_total_products(topology),
        f"{total:,} parameters ({memory}, {dtype}): {', '.join(states)}",
    ])  # fmt: skip


def _state(layer: Layer, parameter: Parameter) -> str:
    """What an update does with an array: moves it or not; or it is no weight at all."""
    if parameter.statistic or not parameter.trainable:
        return "statistics"
    return "trainable" if layer.trainable else "frozen"


def _rows(
    topology: Topology, sizes: Mapping[str, int], arrays: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """The inputs, then every use of a layer; a shared one has its parameters once."""
    made_by = {call.output: call.layer for call in topology.calls}
    names = {i: made_by.get(i) or topology.inputs[i][0] for i in range(len(topology.specs))}
    rows: list[tuple[str, ...]] = [
        (n, "Input", shape_text(s.shape), *[""] * 5) for n, s in topology.inputs
    ]
    seen = set()
    for call in topology.calls:
        used, is_new = topology.layers[call.layer], call.layer not in seen
        seen.add(call.layer)
        activation = vars(used).get("activation")
        rows.append((
            call.layer,
            type(used).__name__ + ("" if activation is None else f", {title(activation)}"),
            shape_text(topology.specs[call.output].shape),
            f"{sizes[call.layer]:,}" if is_new and call.layer in sizes else "",
            f"{products:,}" if (products := _products(topology, call)) else "",
            ", ".join(names[i] for i in call.inputs),
            "" if is_new and used.trainable else "frozen" if is_new else "shared",
            ", ".join(arrays.get(call.layer, ())) if is_new else "",
        ))  # fmt: skip
    return rows


def _products(topology: Topology, call: LayerCall) -> int:
    """Multiplications with an addition that a layer makes for each row."""
    specs = [topology.specs[i] for i in call.inputs]
    inputs = [graph.input(f"x{i}", s.shape, s.dtype) for i, s in enumerate(specs)]
    return multiply_adds([apply(topology.layers[call.layer], inputs, "float32")])


def _legend(printed: Mapping[str, str]) -> str:
    renamed = (f" In the program, {name} is {word}." for name, word in printed.items()
               if word != name.rpartition(".")[2])  # fmt: skip
    return textwrap.fill("B is the number of rows in a batch." + next(renamed, ""), _WIDTH)


def _total_products(topology: Topology) -> list[str]:
    total = sum(_products(topology, call) for call in topology.calls)
    return [f"A row takes {total:,} multiplications with an addition (mult-adds)."] * bool(total)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns in which something stands, side by side.

    Where that is too wide for a terminal, what a layer takes stands below it, unless it is the line
    before; then long lists of its arrays, and then its products.
    """
    lines, below = _beside(rows), [[""]] * len(rows)
    if len(max(lines, key=len)) > _WIDTH:
        above = ["", *(row[0] for row in rows)]
        below = [["" if row[_FROM] == name else f"from {row[_FROM]}" * bool(row[_FROM])]
                 for row, name in zip(rows, above, strict=False)]  # fmt: skip
        rows = [[*row[:_FROM], "", *row[_FROM + 1 :]] for row in rows]
        lines = _beside(rows)
    if len(max(lines, key=len)) > _WIDTH:
        below = [[*notes, f"program {row[-1]}" * _is_long(row)]
                 for notes, row in zip(below, rows, strict=True)]  # fmt: skip
        rows = [[*row[:-1], "" if _is_long(row) else row[-1]] for row in rows]
        lines = _beside(rows)
    if len(max(lines, key=len)) > _WIDTH:
        below = [[*notes, f"{row[_PRODUCTS]} mult-adds" * bool(row[_PRODUCTS])]
                 for notes, row in zip(below, rows, strict=True)]  # fmt: skip
        lines = _beside([[*row[:_PRODUCTS], "", *row[_PRODUCTS + 1 :]] for row in rows])
    below[0] = [""]
    rule = "-" * max(map(len, lines))
    shown = [
        each for line, notes in zip(lines, below, strict=True) for each in [line, *_wrapped(notes)]
    ]
    return [shown[0], rule, *shown[1:], rule]


def _is_long(row: Sequence[str]) -> bool:
    """Whether a layer has too many arrays for one line."""
    return len(row[-1]) > _ARRAYS


def _wrapped(notes: Sequence[str]) -> list[str]:
    """What stands below a layer."""
    return [
        line
        for note in notes if note
        for line in textwrap.wrap(f"  {note}", _WIDTH, subsequent_indent=" " * 7)
    ]  # fmt: skip


def _beside(rows: Sequence[Sequence[str]]) -> list[str]:
    padded = []
    for column in zip(*rows, strict=True):
        width = max(map(len, column))
        right = column[0] in _NUMBERS
        if any(column[1:]):
            padded.append([c.rjust(width) if right else c.ljust(width) for c in column])
    return ["  ".join(row).rstrip() for row in zip(*padded, strict=True)]


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return ""
