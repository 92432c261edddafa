"""What is asked of a formula before it is lowered: where it breaks into nests of its own."""

from __future__ import annotations

from collections.abc import Callable

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.loops.decompose import is_reciprocal
from glassnet.loops.reduction import REDUCED
from glassnet.loops.resampling import GATHERED, SCATTERED
from glassnet.spec import known_size

_ALONE = {"add_at", "roll", *GATHERED, *SCATTERED}  # ops of which each has nests of its own


def above(roots: list[Node], is_known: Callable[[Node], bool]) -> list[Node]:
    """The nodes that the roots need, down to what is known already, arguments first."""
    seen: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in seen and not is_known(node) and node.op.kind != "result":
            for arg in node.args:
                visit(arg)
            seen[node] = None

    for root in roots:
        visit(root)
    return list(seen)


def reduces(node: Node) -> bool:
    """True for sums, extremes and products: what a nest finds in a loop."""
    return node.op.kind == "contract" or node.op.name in REDUCED


def is_once(one: Node, node: Node) -> bool:
    """True for the cosine of a sample's angle, inside of a formula for each of its pixels."""
    of_sample = one.op in {g.cos, g.sin} and one.is_batched and known_size(one.shape) == 1
    return of_sample and known_size(node.shape) > 1


def breaks(node: Node) -> bool:
    """True for what is not written inside another formula: reductions, draws, numbers, 1 / y."""
    if node.dtype == "number":
        return not node.is_leaf and node.op.kind == "elementwise"
    always = node.op.kind == "random" or node.op.name in _ALONE
    return always or reduces(node) or is_reciprocal(node)
