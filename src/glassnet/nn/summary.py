"""The table of a network: layers, activations, shapes, parameters, what is frozen, memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from glassnet.nn.activation import title
from glassnet.nn.topology import Topology
from glassnet.spec import itemsize, shape_text

_HEAD = ("layer", "kind", "activation", "output", "parameters", "from", "", "in the program")
_NUMBERS = "parameters"  # the column that stands to the right


def summary(topology: Topology, dtype: str, printed: Mapping[str, str]) -> str:
    """One line a layer, in the order of computation, and what the letters mean.

    printed  how the program calls the parameters: "dense.weight" -> "W1"
    """
    sizes: dict[str, int] = {}
    moved: dict[str, int] = {}
    arrays: dict[str, list[str]] = {}
    for layer, array, parameter in topology.parameters():
        count = math.prod(parameter.sizes)
        sizes[layer] = sizes.get(layer, 0) + count
        arrays.setdefault(layer, []).append(f"{array} {printed[f'{layer}.{array}']}")
        if parameter.trainable and topology.layers[layer].trainable:
            moved[layer] = moved.get(layer, 0) + count
    total, trained = sum(sizes.values()), sum(moved.values())
    memory = _bytes(total * itemsize(dtype))
    return "\n".join([
        *_table([_HEAD, *_rows(topology, sizes, arrays)]),
        _legend(printed),
        f"{total:,} parameters ({memory}, {dtype}): {trained:,} trained, {total - trained:,} fixed",
    ])  # fmt: skip


def _rows(
    topology: Topology, sizes: Mapping[str, int], arrays: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """The inputs, then every use of a layer; a shared one has its parameters once."""
    made_by = {call.output: call.layer for call in topology.calls}
    names = {i: made_by.get(i) or topology.inputs[i][0] for i in range(len(topology.specs))}
    rows: list[tuple[str, ...]] = [
        (n, "Input", "", shape_text(s.shape), "", "", "", "") for n, s in topology.inputs
    ]
    seen = set()
    for call in topology.calls:
        used, is_new = topology.layers[call.layer], call.layer not in seen
        seen.add(call.layer)
        activation = vars(used).get("activation")
        rows.append((
            call.layer, type(used).__name__, "" if activation is None else title(activation),
            shape_text(topology.specs[call.output].shape),
            f"{sizes[call.layer]:,}" if is_new and call.layer in sizes else "",
            ", ".join(names[i] for i in call.inputs),
            "" if is_new and used.trainable else "frozen" if is_new else "shared",
            ", ".join(arrays.get(call.layer, ())) if is_new else "",
        ))  # fmt: skip
    return rows


def _legend(printed: Mapping[str, str]) -> str:
    renamed = (f" In the program, {name} is called {word}." for name, word in printed.items()
               if word != name.split(".", 1)[1])  # fmt: skip
    return "B is the number of rows in a batch." + next(renamed, "")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns in which something stands, side by side."""
    kept = [column for column in zip(*rows, strict=True) if any(column[1:])]
    padded = []
    for column in kept:
        width = max(map(len, column))
        right = column[0] == _NUMBERS
        padded.append([c.rjust(width) if right else c.ljust(width) for c in column])
    lines = ["  ".join(row).rstrip() for row in zip(*padded, strict=True)]
    rule = "-" * max(len(line) for line in lines)
    return [lines[0], rule, *lines[1:], rule]


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return ""
