"""Rewrites a graph into the form that a textbook would print, and that no number breaks.

One pass over the nodes with the tables of `program.rules`, repeated until nothing changes. Equal
formulas become one node; constants are folded; signs and plain factors move outwards; logarithms
of a sigmoid or softmax become the safe forms on logits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.evaluate import evaluate
from glassnet.graph.op import constant_value as number
from glassnet.graph.walk import with_args
from glassnet.program.rules import RULES
from glassnet.program.rules.questions import plain, tidy, unnamed
from glassnet.program.rules.shapes import unstretched

_ROUNDS = 40


def simplify(roots: list[Node]) -> list[Node]:
    """The same values by fewer and plainer formulas."""
    return merge(finish(reduce(roots)))


def reduce(roots: list[Node]) -> list[Node]:
    """By the rules, until none has anything to say."""
    for _ in range(_ROUNDS):
        new = merge(g.rebuild(roots, rewrite))
        if all(a is b for a, b in zip(new, roots, strict=True)):
            break
        roots = new
    return roots


def merge(roots: list[Node]) -> list[Node]:
    """Equal formulas become one node; of two names the first is kept."""
    first: dict[Any, Node] = {}
    names: dict[Node, Node] = {}

    def one(node: Node) -> Node:
        if node.is_leaf and node.op.name not in {"constant", "batch_size"}:
            return node
        key = (node.op, tuple(id(arg) for arg in node.args), _frozen(node.settings), node.spec)
        kept = first.setdefault(key, node)
        if node.name and not kept.name and kept not in names:
            names[kept] = node
        return kept

    merged = g.rebuild(roots, one)
    if not names:
        return merged
    return rebuild_named(merged, names)


def rebuild_named(roots: list[Node], names: dict[Node, Node]) -> list[Node]:
    """Give unnamed nodes the name and layer of their equals."""
    new: dict[Node, Node] = {}
    for node in g.in_order(roots):
        copy = with_args(node, tuple(new[arg] for arg in node.args))
        if node in names:
            copy = replace(copy, name=names[node].name, layer=names[node].layer)
        new[node] = copy
    return [new[root] for root in roots]


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((k, _frozen(v)) for k, v in sorted(value.items()))
    if isinstance(value, list | tuple):
        return tuple(_frozen(v) for v in value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    return type(value).__name__, value


def rewrite(node: Node) -> Node:
    """One node by the rules of its op; its name and layer move to what takes its place."""
    new = None
    for rule in (_folded, unstretched, *RULES.get(node.op.name, ())):
        new = rule(node, *node.args)
        if new is not None:
            break
    if new is None or new is node or new.spec != node.spec:
        return node
    if new.is_leaf or new.name:
        return new
    return replace(new, name=node.name, layer=node.layer)


def _folded(node: Node, *_: Node) -> Node | None:
    """A formula of constants is a constant."""
    if not node.args or node.dtype != "number" or any(number(a) is None for a in node.args):
        return None
    try:
        value = evaluate([node], {})[0]
    except (ArithmeticError, ValueError):
        return None
    return g.constant(tidy(value) if isinstance(value, float) else value)


def finish(roots: list[Node]) -> list[Node]:
    """The last touch, for reading: c * (x * y) is written c * x * y."""
    order = g.in_order(roots)
    uses = g.users(order)
    new: dict[Node, Node] = {}
    free: set[Node] = set()  # what has one user and no name
    for node in order:
        made = with_args(node, tuple(new[arg] for arg in node.args))
        if node.op is g.mul and plain(made.args[0]):
            product = _from_the_left(made.args[0], made.args[1], free)
            made = replace(product, name=node.name, layer=node.layer)
        elif unnamed(node, g.where):
            made = _without_fill(made)
        new[node] = made
        if len(uses[node]) == 1 and not node.name and node not in roots:
            free.add(made)
    return [new[root] for root in roots]


def _from_the_left(c: Node, x: Node, free: set[Node]) -> Node:
    """The product c * x, with c at the left end of x."""
    if x in free and x.op in {g.mul, g.div} and x.args[0].dtype == x.dtype:
        return replace(x, args=(_from_the_left(c, x.args[0], free), x.args[1]))
    return c * x


def _without_fill(node: Node) -> Node:
    """A choice between two numbers need not spread them out."""
    c, *branches = node.args
    spread = [b for b in branches if b.op is g.full]
    if spread and all(b in spread or number(b) is not None for b in branches):
        numbers = [b.args[0] if b in spread else b for b in branches]
        return replace(g.cast(g.where(c, *numbers), dtype=node.dtype), layer=node.layer)
    return node
