"""Rewrites a graph into the form that a textbook would print, and that no number breaks.

One pass over the nodes with the tables of `program.rules`, repeated until nothing changes. Equal
formulas become one node; constants are folded; signs and plain factors move outwards; logarithms
of a sigmoid or softmax become the safe forms on logits. Of p = sigmoid(z), round by round:

    np.mean(-(y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z))))     as it was written
    np.mean(y * softplus(-z) + (1 - y) * softplus(z))        log: the safe forms; add, neg: signs
    np.mean(softplus(z) - y * z)                             bernoulli, which needs these forms

Four things have an order, each for a reason:

1. The loss is simplified before it is derived. The derivative of the last line is sigmoid(z) - y;
   that of the first divides by 1 - sigmoid(z), which is 0 for z = 100, and no rule can mend it.
2. Within a round arguments come before their users, so that what moves outwards (signs, factors)
   goes all the way in one round, however deep the network; what moves inwards goes a step a round.
3. `merge` ends each round: rules ask `a is b`, which means equal only where equals are one node.
4. `finish` comes last and once: it undoes factor_outwards, c * (x * y) -> c * x * y.

The rules of one op have no order: one that comes too late has its turn in the next round, and the
result is the same (a test turns all tables round).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.errors import GlassnetError
from glassnet.graph import Node
from glassnet.graph.evaluate import evaluate
from glassnet.graph.op import constant_value as number
from glassnet.graph.walk import with_args, with_body
from glassnet.program.rules import RULES
from glassnet.program.rules.questions import plain, tidy, unnamed
from glassnet.program.rules.shapes import unstretched

_ROUNDS = 40  # beyond these one for each level of the graph; six is the most ever seen


def simplify(roots: list[Node]) -> list[Node]:
    """The same values by fewer and plainer formulas."""
    return merge(finish(reduce(roots)))


def reduce(roots: list[Node]) -> list[Node]:
    """By the rules, until none has anything to say."""
    last, rounds = _ROUNDS, 0
    settled: set[Node] = set()  # of which the rules have said that there is nothing to do

    def rewritten(node: Node) -> Node:
        new = node if node in settled else rewrite(node)
        if new is node:
            settled.add(node)
        return new

    while rounds < last:
        new = merge(g.rebuild(roots, rewritten))
        if all(a is b for a, b in zip(new, roots, strict=True)):
            return new
        rounds += 1
        if rounds == _ROUNDS:
            last += _depth(new)
        roots, before = new, roots
    one = next(i for i, (a, b) in enumerate(zip(roots, before, strict=True)) if a is not b)
    raise GlassnetError(
        f"Simplifying a formula came to no end in {last} rounds: two rules undo each other's work "
        f"in {g.listing([roots[one]])}\nThis is a fault of Glassnet; please report the formula."
    )


def _depth(roots: list[Node]) -> int:
    """The most nodes that stand one inside the other."""
    depth: dict[Node, int] = {}
    for node in g.in_order(roots):
        depth[node] = 1 + max((depth[arg] for arg in node.args), default=0)
    return max(depth.values(), default=0)


def merge(roots: list[Node]) -> list[Node]:
    """Equal formulas become one node; of two names the first is kept."""
    first: dict[Any, Node] = {}
    names: dict[Node, Node] = {}

    def one(node: Node) -> Node:
        if node.is_leaf and node.op.name not in {"constant", "batch_size"}:
            return node
        label = node.name if node.is_leaf else ""  # beta_1 = 0.9 is not every 0.9
        arguments = tuple(id(arg) for arg in node.args)
        key = (node.op, arguments, _frozen(node.settings), node.spec, label)
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
        if node.op.kind == "loop":
            copy = with_body(copy, lambda inside: rebuild_named(inside, names))
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
        if node.op.kind == "loop":
            made = with_body(made, finish)
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
