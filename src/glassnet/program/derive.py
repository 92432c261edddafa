"""The backward pass: the gradients of a loss, simplified together with it, under their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.walk import with_args, with_body
from glassnet.program.plan import stands_alone
from glassnet.program.simplify import reduce, simplify


@dataclass(frozen=True)
class Derived:
    """A loss with its metrics, and its gradient with respect to each parameter.

    updates  what a step makes of arrays without a gradient
    """

    loss: Node
    metrics: list[Node]
    gradients: dict[Node, Node]
    updates: tuple[Node, ...] = ()


def derive(loss: Node, metrics: Sequence[Node], trainable: Mapping[str, Node]) -> Derived:
    """Gradients for the leaves of `trainable`, of which the last layer's come first.

    The loss has been simplified, and so its derivative is that of the safe form; both are then
    simplified as one graph, so that what they share is one value.
    """
    wrt = list(reversed(_by_layer(trainable)))
    forward = [loss, *metrics]
    whole = g.tidy_loops([*forward, *g.gradients(loss, wrt)])
    found = reduce(without_stops(whole))
    forward = found[: len(forward)]
    found = simplify(g.tidy_loops(_without_idle_names(found, forward)))
    loss, *found = g.tidy_loops(found)
    metrics, raw = found[: len(metrics)], found[len(metrics) :]
    named: dict[Node, Node] = {}  # two weights may have one gradient, which is computed once
    gradients = {
        w: named.setdefault(dw, _gradient_name(dw, w)) for w, dw in zip(wrt, raw, strict=True)
    }
    return Derived(loss, list(metrics), gradients)


def _by_layer(trainable: Mapping[str, Node]) -> list[Node]:
    """Parameters so that, turned round, the last layer comes first and weights before biases."""
    groups: dict[str, list[Node]] = {}
    for name, leaf in trainable.items():
        groups.setdefault(name.rpartition(".")[0], []).append(leaf)
    return [leaf for group in groups.values() for leaf in reversed(group)]


def without_stops(roots: list[Node]) -> list[Node]:
    """The formulas themselves, where a derivative was told to end."""
    return g.rebuild(roots, lambda n: n.args[0] if n.op.name == "stop_gradient" else n)


def _without_idle_names(roots: list[Node], forward: Sequence[Node]) -> list[Node]:
    """Gradients that get no line need no name, which would only keep formulas apart."""
    order = g.in_order(roots)
    kept = {*g.in_order(roots[: len(forward)]), *roots}
    by = g.users(order)
    new: dict[Node, Node] = {}
    for node in order:
        made = with_args(node, tuple(new[arg] for arg in node.args))
        if node.op.kind == "loop" and node not in kept:
            made = with_body(made, lambda inside: _without_idle_names(inside, ()))
        idle = node.name and node not in kept and not stands_alone(node, by)
        new[node] = replace(made, name="") if idle else made
    return [new[root] for root in roots]


def _gradient_name(dw: Node, w: Node) -> Node:
    return dw if dw.name == f"d{w.name}" or dw.is_leaf else replace(dw, name=f"d{w.name}")
