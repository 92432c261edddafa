"""The only loops over a graph: an order to go through it, and a copy with some parts replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from glassnet.graph.node import Node


def in_order(roots: Iterable[Node], seen: set[Node] | None = None) -> list[Node]:
    """Every node that the roots need, arguments before their users, each once.

    seen  nodes to leave out; those that are found join them

    Written with a stack of its own, so that depth is bounded by memory alone.
    """
    seen = set() if seen is None else seen
    order: list[Node] = []
    for root in roots:
        stack = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                for arg in reversed(node.args):
                    if arg not in seen:
                        stack.append((arg, False))  # noqa: PERF401 - of one or two, this is faster
    return order


def users(order: Iterable[Node]) -> dict[Node, list[Node]]:
    """For each node of the order, the nodes that take it as an argument (once for each time)."""
    found: dict[Node, list[Node]] = {}
    for node in order:
        found.setdefault(node, [])
        for arg in node.args:
            found.setdefault(arg, []).append(node)
    return found


def depends_on(order: Iterable[Node], leaves: Iterable[Node]) -> set[Node]:
    """The nodes of the order through which a change of the leaves is felt."""
    felt = set(leaves)
    for node in order:
        if node not in felt and any(arg in felt for arg in node.args):
            felt.add(node)
    return felt


def with_args(node: Node, args: tuple[Node, ...]) -> Node:
    """The same formula over other arguments, whose shapes may differ."""
    if args == node.args:  # nodes are equal to themselves only
        return node
    spec = node.spec
    if any(a.spec != b.spec for a, b in zip(args, node.args, strict=True)):
        spec = node.op.spec(*(a.spec for a in args), **node.settings)
    return replace(node, args=args, spec=spec)


def rebuild(roots: list[Node], change: Callable[[Node], Node]) -> list[Node]:
    """The roots again, every node below them passed through `change` after its arguments were.

    So are the nodes in the bodies of loops.
    """
    new: dict[Node, Node] = {}
    for node in in_order(roots):
        made = with_args(node, tuple([new[arg] for arg in node.args]))
        if node.op.kind == "loop":
            made = with_body(made, lambda inside: rebuild(inside, change))
        new[node] = change(made)
    return [new[root] for root in roots]


def with_body(loop: Node, change: Callable[[list[Node]], list[Node]]) -> Node:
    """The loop with the nodes of its body changed together; itself where nothing was."""
    body = loop.settings["body"]
    new = body.mapped(change)
    return loop if new is body else replace(loop, settings={**loop.settings, "body": new})


def with_bodies(roots: Iterable[Node]) -> list[Node]:
    """Every node that the roots need, those in the bodies of loops too."""
    found: list[Node] = []
    seen: set[Node] = set()
    waiting = list(roots)
    while waiting:
        new = in_order(waiting, seen)
        found += new
        bodies = (node.settings["body"] for node in new if node.op.kind == "loop")
        waiting = [root for body in bodies for root in (*body.leaves, *body.roots)]
    return found


def substitute(roots: list[Node], by: Mapping[Node, Node]) -> list[Node]:
    """The roots with some nodes replaced by others."""
    new = dict(by)
    for node in in_order(roots):
        if node not in new:
            new[node] = with_args(node, tuple(new[arg] for arg in node.args))
    return [new[root] for root in roots]
