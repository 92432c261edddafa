"""Decides what of a graph becomes a statement, and what is written where it is used.

A value gets a line of its own when a layer named it, when it is used more than once, or when it
is a product of matrices (unless it goes straight into a sum); everything else is written inside
its user, as long as the line stays short.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.text import Part, write
from glassnet.program.program import Statement

_LONGEST = 66  # characters of one formula
_FREE = {"transpose", "stop_gradient"}  # views that cost nothing to write twice


@dataclass
class Plan:
    """Which node has which name, and the statements in their order."""

    names: dict[Node, str]
    statements: list[Statement]


def plan(
    sections: Sequence[tuple[str, Sequence[Node]]],
    leaves: Mapping[Node, str],
    firm: Iterable[Node] = (),
) -> Plan:
    """Statements for the roots of each section, in order.

    sections  (title, roots); a value stands in the first section that needs it
    leaves    names of what is given
    firm      roots that must have a line of their own
    """
    roots = [root for _, found in sections for root in found]
    order = g.in_order(roots)
    taken = set(leaves.values()) | {"x", "y"}
    names: dict[Node, str] = dict(leaves)
    lines: list[Statement] = []
    parts: dict[Node, Part] = {node: (name, 6) for node, name in leaves.items()}
    uses = {node: len(found) for node, found in g.users(order).items()}
    by = g.users(order)
    must = set(firm)
    done: set[Node] = set(leaves)
    for section, wanted in sections:
        forward = section not in {"backward", "update", "clip"}
        for node in g.in_order(wanted):
            if node in done:
                continue
            done.add(node)
            part = write(node, [parts[arg] for arg in node.args], "len(x)")
            own = _own_line(node, by[node], uses[node], part, forward=forward)
            if node.is_leaf or not (own or node in must):
                parts[node] = part
                continue
            names[node] = name = _fresh(node.name or node.op.letter, taken, bool(node.name))
            parts[node] = (name, 6)
            lines.append(Statement(section, name, node))
    return Plan(names, lines)


def _own_line(node: Node, users: list[Node], uses: int, part: Part, *, forward: bool) -> bool:
    if node.op.name in _FREE or (node.dtype == "number" and not node.name and uses < 2):
        return False
    if node.dtype == "number" and _cheap(node):
        return False
    if node.name and forward:
        return True
    if uses > 1:
        return True
    if node.name and any(user.op.kind == "contract" for user in users):
        return True
    if node.op.kind == "contract":
        return not (uses == 1 and users[0].op in {g.add, g.sub})
    return node.op.kind == "random" or len(part[0]) > _LONGEST


def _cheap(node: Node) -> bool:
    """A formula of plain numbers with one operator, such as 1 / len(x), is no line of its own."""
    return not node.name and all(arg.is_leaf for arg in node.args)


def _fresh(name: str, taken: set[str], named: bool) -> str:
    candidate, count = name if named else f"{name}1", 1
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}" if named else f"{name}{count}"
    taken.add(candidate)
    return candidate
