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
    """The roots again, every node below them passed through `change` after its arguments were."""
    new: dict[Node, Node] = {}
    for node in in_order(roots):
        new[node] = change(with_args(node, tuple([new[arg] for arg in node.args])))
    return [new[root] for root in roots]


def substitute(roots: list[Node], by: Mapping[Node, Node]) -> list[Node]:
    """The roots with some nodes replaced by others."""
    new = dict(by)
    for node in in_order(roots):
        if node not in new:
            new[node] = with_args(node, tuple(new[arg] for arg in node.args))
    return [new[root] for root in roots]
