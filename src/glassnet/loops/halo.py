"""Room around images in memory: where the zeros that a convolution pads with lie for good.

A value that is padded, and kept in memory anyway, is written into the midst of a larger buffer
whose border stays zero; what pads it then reads that buffer as it lies. Of a1 (B, 32, 32, 32) and
`conv2d(a1, W2, padding=1)`:

    a1[n, 1088*i + 32*j + k + 1120] = relu(z1)        the buffer has sizes (34, 34, 32)
    total = sum over r < 3, s < 3, t < 32 of (a1[n, 1088*i + 1088*r + 32*j + 32*s + t] * W2[...])

Memory of a program is zero when it begins, and nothing is written to the border.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from glassnet.graph import Node, in_order

Widths = tuple[tuple[int, int], ...]

_MOST = 1.6  # times the numbers of a value, above which it costs more to copy than to pad
_WRITTEN_WHOLE = {"add_at", "roll", "bilinear_input", "crop_input"}
_READ_WHOLE = {"add_at", "roll", "bilinear", "bilinear_input", "crop", "crop_input"}


def halos(
    roots: Sequence[Node], kept: Collection[Node], plain: Collection[Node]
) -> dict[Node, Widths]:
    """The room around values, before and behind each axis.

    kept   values that lie in memory; plain  those that others read there as they are
    """
    nodes = in_order(roots)
    given = {*plain, *(arg for n in nodes if n.op.name in _READ_WHOLE for arg in n.args)}
    found: dict[Node, Widths] = {}
    for node in nodes:
        if node.op.name != "pad" or node.settings.get("value", 0) != 0:
            continue
        x = node.args[0]
        if x in kept and x not in given and _may_have_room(x, node):
            found.setdefault(x, tuple(node.settings["widths"]))
    return found


def _may_have_room(x: Node, padded: Node) -> bool:
    is_computed = not x.is_leaf and x.op.kind != "random" and x.op.name not in _WRITTEN_WHOLE
    sizes, room = (math.prod(map(int, node.shape[1:])) for node in (x, padded))
    return x.is_batched and is_computed and room <= _MOST * sizes


def reads_room(node: Node, found: dict[Node, Widths]) -> bool:
    """True for padding that is there already."""
    return (
        node.op.name == "pad"
        and node.settings.get("value", 0) == 0
        and found.get(node.args[0]) == tuple(node.settings["widths"])
    )
