"""Reverse mode, graph to graph: from a loss to the formulas of its gradients.

    gradients(loss, [w, b]) -> [dw, db]

Broadcasting is undone here, once: where an argument was stretched to meet another, its gradient
is summed back over the stretched axes. The rules of the ops never think of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from glassnet.errors import ShapeError
from glassnet.graph.elementwise import add, cast
from glassnet.graph.node import Node, inside_layer
from glassnet.graph.op import constant
from glassnet.graph.reduce import sum as sum_over
from glassnet.graph.shape import reshape, stretch
from glassnet.graph.walk import depends_on, in_order
from glassnet.spec import FLOATS, broadcast_shapes, shape_text

# What moves or contracts arrays cannot do so with the plain 1 that every gradient begins with.
_OF_ARRAYS = {"view", "gather", "contract"}


def gradients(loss: Node, wrt: Sequence[Node]) -> list[Node]:
    """The derivative of a single number with respect to each node of `wrt`.

    Only what lies between is derived: a frozen layer costs nothing. Each gradient is named after
    its value, "d" before the name. A node on which the loss does not depend gets zeros.
    """
    if loss.shape != ():
        raise ShapeError(
            f"Only a single number has a gradient, got shape {shape_text(loss.shape)}. "
            "Take the sum or the mean of the loss first."
        )
    found = pullback({loss: constant(1.0)}, wrt).gradients
    return [found.get(x, stretch(constant(0.0), x.shape, x.dtype)) for x in wrt]


class Use(NamedTuple):
    """One place where a value is used: argument `position` of y.

    g   gradient of y; dx  gradient of the value by this use alone
    """

    y: Node
    position: int
    g: Node
    dx: Node


class Pullback(NamedTuple):
    """Gradients by node, and of what was set apart the gradient by each of its uses."""

    gradients: dict[Node, Node]
    uses: list[Use]


def pullback(
    seeds: Mapping[Node, Node], wrt: Iterable[Node], apart: Collection[Node] = ()
) -> Pullback:
    """Gradients of the sum of all seeds' nodes, each weighted by its seed.

    seeds  the gradient that arrives at each node
    apart  leaves of which no gradient is added up: each use of them is listed
    """
    order = in_order(seeds)
    felt = depends_on(order, [*wrt, *apart])
    found = dict(seeds)
    of_loops: dict[Node, dict[int, Node]] = {}  # what has arrived at each result of a loop
    uses: list[Use] = []
    for y in reversed(order):
        if y not in felt or y in apart or not (y in found or y in of_loops):
            continue
        if y.op.kind == "loop":
            with inside_layer(y.layer):
                parts = y.op.gradient(of_loops[y], y, felt) if y.op.gradient else ()
        else:
            g = found[y] = _finished(found[y], y)
            if y.op.kind == "result":
                arrived = of_loops.setdefault(y.args[0], {})
                which = y.settings["which"]
                arrived[which] = add(arrived[which], g) if which in arrived else g
            if y.is_leaf or y.op.gradient is None:
                continue
            if y.op.kind in _OF_ARRAYS:
                g = stretch(g, y.shape, y.dtype)
            with inside_layer(y.layer):
                parts = y.op.gradient(g, y, *y.args, **y.settings)
        for i, (x, dx) in enumerate(zip(y.args, parts, strict=True)):
            if dx is None or x not in felt or x.dtype not in {*FLOATS, "number"}:
                continue
            with inside_layer(y.layer):
                part = undo_broadcast(dx, x)
                if x in apart:
                    uses.append(Use(y, i, g, part))
                else:
                    found[x] = add(found[x], part) if x in found else part
    return Pullback(found, uses)


def _finished(g: Node, y: Node) -> Node:
    """All parts of a gradient have arrived: give it the kind and the name of its value."""
    if {g.dtype, y.dtype} == set(FLOATS):
        g = cast(g, dtype=y.dtype)
    return replace(g, name=f"d{y.name}", layer=y.layer) if y.name and not g.is_leaf else g


def undo_broadcast(g: Node, x: Node) -> Node:
    """Sum a gradient back to the shape of the argument that broadcasting had stretched.

    Of z = x @ W + b, g (B, O) is summed over the rows to the shape (O,) of b.
    """
    if g.shape == x.shape:
        return g
    ahead = g.ndim - x.ndim
    if ahead < 0 or broadcast_shapes(g.shape, x.shape) != g.shape:
        return stretch(g, x.shape, x.dtype)
    axes = tuple(
        i for i, n in enumerate(g.shape) if i < ahead or (x.shape[i - ahead] == 1 and n != 1)
    )
    every = len(axes) == g.ndim
    total = sum_over(g, axis=None if every else axes if len(axes) > 1 else axes[0])
    return total if total.shape == x.shape else reshape(total, shape=x.shape)
