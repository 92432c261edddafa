"""A typed listing of a graph, for reading, and a checker, run after every pass in the tests.

%0 = input 'x'          (B, 3) float32
%1 = parameter 'W1'     (3, 4) float32
%2 = matmul %0 %1 'z1'  (B, 4) float32
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.errors import GlassnetError
from glassnet.graph.node import Node
from glassnet.graph.walk import in_order


def listing(outputs: Sequence[Node]) -> str:
    """One line a node: number, op, arguments, settings, name, shape and kind."""
    order = in_order(outputs)
    number = {node: f"%{i}" for i, node in enumerate(order)}
    lines = []
    for node in order:
        settings = [f"{k}={_one_line(v)}" for k, v in node.settings.items() if k != "spec"]
        words = [node.op.name, *(number[a] for a in node.args), *settings]
        left = f"{number[node]} = {' '.join(words)}" + (f" {node.name!r}" if node.name else "")
        lines.append((left, str(node.spec)))
    width = max((len(left) for left, _ in lines), default=0)
    body = [f"{left.ljust(width)}  {spec}" for left, spec in lines]
    return "\n".join([*body, "return " + " ".join(number[o] for o in outputs)])


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())


def check(outputs: Sequence[Node]) -> None:
    """Raise if a node's shape or kind is not what its op makes of its arguments."""
    for node in in_order(outputs):
        made = node.op.spec(*(arg.spec for arg in node.args), **node.settings)
        if made != node.spec:
            label = f"{node.op.name} {node.name}".strip()
            raise GlassnetError(f"{label} is noted as {node.spec}, but its op makes {made}.")
