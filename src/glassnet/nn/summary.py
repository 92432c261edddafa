"""The table of a network: layers, output shapes, parameters, what is frozen, memory."""

from __future__ import annotations

import math
from collections.abc import Sequence

from glassnet.nn.topology import Topology
from glassnet.spec import itemsize, shape_text


def summary(topology: Topology, dtype: str) -> str:
    """One line a layer, in the order of computation."""
    sizes: dict[str, int] = {}
    moved: dict[str, int] = {}
    for layer, _, parameter in topology.parameters():
        count = math.prod(parameter.sizes)
        sizes[layer] = sizes.get(layer, 0) + count
        if parameter.trainable and topology.layers[layer].trainable:
            moved[layer] = moved.get(layer, 0) + count
    made_by = {call.output: call.layer for call in topology.calls}
    names = {i: made_by.get(i) or topology.inputs[i][0] for i in range(len(topology.specs))}
    rows = [("layer", "kind", "output", "parameters", "from", "")]
    for name, spec in topology.inputs:
        rows.append((name, "Input", shape_text(spec.shape), "", "", ""))
    seen = set()
    for call in topology.calls:
        used = topology.layers[call.layer]
        count = sizes.get(call.layer, 0)
        note = "shared" if call.layer in seen else "" if used.trainable else "frozen"
        rows.append((
            call.layer, type(used).__name__, shape_text(topology.specs[call.output].shape),
            f"{count:,}" if count and call.layer not in seen else "",
            ", ".join(names[i] for i in call.inputs), note,
        ))  # fmt: skip
        seen.add(call.layer)
    total, trained = sum(sizes.values()), sum(moved.values())
    memory = _bytes(total * itemsize(dtype))
    return "\n".join([
        *_table(rows),
        f"{total:,} parameters ({memory}, {dtype}): {trained:,} trained, {total - trained:,} fixed",
    ])  # fmt: skip


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    right = 3  # numbers stand to the right
    lines = [
        "  ".join(c.rjust(w) if i == right else c.ljust(w)
                  for i, (c, w) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip
    rule = "-" * max(len(line) for line in lines)
    return [lines[0], rule, *lines[1:], rule]


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return ""
