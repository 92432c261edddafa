"""Rules of choices and comparisons: two halves of a choice become one."""

from __future__ import annotations

import functools
from collections.abc import Callable

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import constant_value as number
from glassnet.program.rules.questions import negated, single, unnamed

_MIRRORED = {
    "less": g.greater, "less_equal": g.greater_equal,
    "greater": g.less, "greater_equal": g.less_equal,
}  # fmt: skip


def constant_last(node: Node, a: Node, b: Node) -> Node | None:
    """0 < x -> x > 0."""
    return _MIRRORED[node.op.name](b, a) if number(a) is not None and number(b) is None else None


def where(node: Node, c: Node, a: Node, b: Node) -> Node | None:
    """Equal branches need no choice; signs and divisions that both branches share move out."""
    if a is b:
        return g.stretch(a, node.shape, node.dtype)
    if unnamed(a, g.where) and a.args[0] is c:
        return g.where(c, a.args[1], b)
    if unnamed(b, g.where) and b.args[0] is c:
        return g.where(c, a, b.args[2])
    minus_a, minus_b = _minus(a), _minus(b)
    if minus_a is not None and minus_b is not None:
        return -g.where(c, minus_a, minus_b)
    for n in (_divisor(a), _divisor(b)):
        if n is not None:
            top_a, top_b = _times(a, n), _times(b, n)
            if top_a is not None and top_b is not None:
                return g.where(c, top_a, top_b) / n
    return None


def _is_zero(node: Node) -> bool:
    return number(node) == 0


def _minus(node: Node) -> Node | None:
    return node if _is_zero(node) else negated(node)


def _divisor(node: Node) -> Node | None:
    """n where the node is x / n, or x / n spread out, for one number n that is no constant."""
    inner = node.args[0] if unnamed(node, g.full) else node
    if not unnamed(inner, g.div) or number(inner.args[1]) is not None:
        return None
    return inner.args[1] if single(inner.args[1]) else None


def _times(node: Node, n: Node) -> Node | None:
    """The node without its division by n; 0 has every divisor."""
    if _is_zero(node):
        return node
    if _divisor(node) is not n:
        return None
    if node.op is g.full:
        return g.full(node.args[0].args[0], **node.settings)
    return node.args[0]


def into_branch(node: Node, a: Node, b: Node) -> Node | None:
    """x * where(c, v, 0) -> where(c, v * x, 0), and mirrored.

    What is not chosen may be infinite: it no longer meets the 0.
    """
    for x, choice in ((a, b), (b, a)):
        if half(choice):
            return on_branches(choice, functools.partial(_swapped, g.mul, x))
    return None


def quotient_into_branch(node: Node, a: Node, b: Node) -> Node | None:
    """where(c, v, 0) / x -> where(c, v / x, 0) for an array x, likewise."""
    return (
        on_branches(a, functools.partial(_swapped, g.div, b)) if half(a) and not single(b) else None
    )


def _swapped(op: g.Op, x: Node, v: Node) -> Node:
    return op(v, x)


def half(node: Node) -> bool:
    """A choice between a value and 0."""
    return unnamed(node, g.where) and any(map(_is_zero, node.args[1:]))


def on_branches(choice: Node, function: Callable[[Node], Node]) -> Node:
    """The same choice between other values; 0 stays 0."""
    c, *branches = choice.args
    return g.where(c, *(v if _is_zero(v) else function(v) for v in branches))


def either(node: Node, a: Node, b: Node) -> Node | None:
    """where(c, a, 0) + where(c, 0, b) -> where(c, a, b)."""
    if not (unnamed(a, g.where) and unnamed(b, g.where)) or a.args[0] is not b.args[0]:
        return None
    c = a.args[0]
    if _is_zero(a.args[2]) and _is_zero(b.args[1]):
        return g.where(c, a.args[1], node.op(0, b.args[2]))
    if _is_zero(a.args[1]) and _is_zero(b.args[2]):
        return g.where(c, node.op(0, b.args[1]), a.args[2])
    return None
