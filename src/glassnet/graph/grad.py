"""Reverse mode, graph to graph: from a loss to the formulas of its gradients.

    gradients(loss, [w, b]) -> [dw, db]

Broadcasting is undone here, once: where an argument was stretched to meet another, its gradient
is summed back over the stretched axes. The rules of the ops never think of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
    order = in_order([loss])
    felt = depends_on(order, wrt)
    found: dict[Node, Node] = {loss: constant(1.0)}
    for y in reversed(order):
        if y not in felt or y not in found:
            continue
        g = found[y] = _finished(found[y], y)
        if y.is_leaf or y.op.gradient is None:
            continue
        if y.op.kind in _OF_ARRAYS:
            g = stretch(g, y.shape, y.dtype)
        with inside_layer(y.layer):
            for x, dx in zip(y.args, y.op.gradient(g, y, *y.args, **y.settings), strict=True):
                if dx is not None and x in felt and x.dtype in {*FLOATS, "number"}:
                    part = undo_broadcast(dx, x)
                    found[x] = add(found[x], part) if x in found else part
    return [found.get(x, stretch(constant(0.0), x.shape, x.dtype)) for x in wrt]


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
