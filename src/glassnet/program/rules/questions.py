"""Small questions about nodes that the rules ask."""

from __future__ import annotations

import math

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import constant_value as number
from glassnet.graph.text import square_of

_SHORT = 6  # characters of a number that is read at a glance


def unnamed(node: Node, op: g.Op) -> bool:
    """Whether this op made the node, and nobody gave it a name to keep."""
    return node.op is op and not node.name


def plain(node: Node) -> bool:
    """A plain number: a constant, the batch size, the rate, or a formula of these."""
    return node.dtype == "number" and not node.shape


def single(node: Node) -> bool:
    """One number, plain or computed from arrays."""
    return not node.shape


def negated(node: Node) -> Node | None:
    """x where the node is -x."""
    if unnamed(node, g.neg):
        return node.args[0]
    value = number(node)
    if value is not None:
        return g.constant(-value) if value < 0 else None
    if unnamed(node, g.div) and (number(node.args[0]) or 0) < 0:
        return g.constant(-number(node.args[0])) / node.args[1]  # type: ignore[operator]
    return None


def opposite(node: Node) -> Node | None:
    """x where the node is -x, and 2 * x where it is -2 * x."""
    found = factor(node)
    return -found[0] * found[1] if found is not None and found[0] < 0 else negated(node)


def factor(node: Node) -> tuple[float, Node] | None:
    """(c, x) where the node is c * x with a constant c."""
    if unnamed(node, g.mul):
        value = number(node.args[0])
        if value is not None:
            return value, node.args[1]
    return None


def tidy(value: float) -> float:
    """A number without the dust of binary fractions: 0.6 for 0.6000000000000001."""
    rounded = float(f"{value:.15g}")
    return rounded if len(repr(rounded)) + 3 < len(repr(value)) else value


def lowest(top: float, bottom: float) -> tuple[float, float]:
    """The fraction top / bottom in lowest terms; one number where that is read more easily."""
    if isinstance(top, int) and isinstance(bottom, int):
        common = math.gcd(top, bottom) or 1
        return top // common, bottom // common
    quotient = tidy(top / bottom)
    if _short(quotient) or not (_short(top) and _short(bottom)):
        return quotient, 1
    return top, bottom


def _short(value: float) -> bool:
    return len(repr(value)) <= _SHORT or value == math.pi or square_of(value) > 0
