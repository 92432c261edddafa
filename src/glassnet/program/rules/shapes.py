"""Rules of reductions, changes of shape, and kinds of number."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import constant_value as number
from glassnet.program.rules.questions import factor, negated, unnamed


def unstretched(node: Node, *_: Node) -> Node | None:
    """In element-wise work NumPy broadcasts by itself: an argument need not be spread out.

    One array of numbers must be left, since of plain numbers and truth NumPy makes whole numbers.
    """
    if node.op.kind != "elementwise":
        return None
    for i, arg in enumerate(node.args):
        if arg.op in {g.expand, g.full} and not arg.name:
            args = (*node.args[:i], arg.args[0], *node.args[i + 1 :])
            made = node.op(*args, **node.settings)
            if made.spec == node.spec and not {a.dtype for a in args} <= {"number", "bool"}:
                return made
    return None


def scale_outwards(node: Node, x: Node) -> Node | None:
    """The sum of -x is minus the sum of x; so with constant factors, and with means."""
    minus = negated(x)
    if minus is not None and number(x) is None:
        return -node.op(minus, **node.settings)
    found = factor(x)
    return None if found is None else found[0] * node.op(found[1], **node.settings)


def whole_reduction(node: Node, x: Node) -> Node | None:
    """A mean of means over everything is one mean; so with sums."""
    if not x.ndim:
        return x
    inner = x.op is node.op or x.op is g.reshape
    if not node.shape and node.settings.get("axis") is None and inner and not x.name:
        return node.op(x.args[0], **(node.settings if x.op is g.reshape else {}))
    return None


def axes(node: Node, x: Node) -> Node | None:
    """Over axes of size 1 nothing is to be reduced; every axis, or one of them, is said shortly."""
    axis = node.settings.get("axis")
    if axis is None:
        return None
    over = {a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)}
    if not node.settings.get("keepdims"):
        if all(x.shape[a] == 1 for a in over):
            return g.reshape(x, shape=node.shape)
        if len(over) == x.ndim:
            return node.op(x)
    if isinstance(axis, tuple) and len(axis) == 1:
        return node.op(x, **{**node.settings, "axis": axis[0]})
    return None


def reshape(node: Node, x: Node) -> Node | None:
    """Of several reshapes the last decides."""
    minus = negated(x)
    if minus is not None and number(x) is None:
        return -g.reshape(minus, shape=node.shape)
    if x.shape == node.shape:
        return x
    if unnamed(x, g.reshape):
        return g.reshape(x.args[0], shape=node.shape)
    return _filled(node, x)


def expand(node: Node, x: Node) -> Node | None:
    """Of several expansions the last decides."""
    if x.shape == node.shape:
        return x
    return g.expand(x.args[0], shape=node.shape) if x.op is g.expand else _filled(node, x)


def _filled(node: Node, x: Node) -> Node | None:
    return g.full(x.args[0], shape=node.shape, dtype=node.dtype) if x.op is g.full else None


def transpose(node: Node, x: Node) -> Node | None:
    """Two transposes are one, or none."""
    if not unnamed(x, g.transpose):
        return None
    order = tuple(range(x.ndim))
    outer, inner = (
        tuple(a % x.ndim for a in (n.settings.get("axes") or order[::-1])) for n in (node, x)
    )
    both = tuple(inner[i] for i in outer)
    return x.args[0] if both == order else g.transpose(x.args[0], axes=both)


def cast(node: Node, x: Node) -> Node | None:
    """To the kind that it has, nothing need be done. Of plain numbers NumPy may make another."""
    of_numbers = x.op is g.where and all(arg.dtype in {"number", "bool"} for arg in x.args)
    return x if x.dtype == node.dtype and not of_numbers else None


def joined(node: Node, *_: Node) -> Node | None:
    """The sum of parts that lie side by side, each with zeros around it, is one array of them."""
    parts, waiting = [], list(node.args)
    while waiting:
        x = waiting.pop()
        if unnamed(x, g.add) and x.shape == node.shape:
            waiting += x.args
        elif x.op.name == "unslice" and x.shape == node.shape:
            parts.append(x)
        else:
            return None
    axis = _axis_of(parts)
    if axis is None:
        return None
    starts = sorted((p.settings["index"][axis].indices(int(node.shape[axis]))[0], i)
                    for i, p in enumerate(parts))  # fmt: skip
    end = 0
    for start, i in starts:
        if start != end:
            return None
        end += int(parts[i].args[0].shape[axis])
    if end != node.shape[axis]:
        return None
    at = axis if axis < node.ndim - 1 else -1
    return g.concatenate(*(parts[i].args[0] for _, i in starts), axis=at)


def _axis_of(parts: Sequence[Node]) -> int | None:
    """The one axis of which all parts are ranges; None where there is no such axis."""
    axes = {
        axis for part in parts for axis, entry in enumerate(part.settings["index"])
        if entry != slice(None)
    }  # fmt: skip
    entries = [part.settings["index"][axis] for part in parts for axis in axes]
    plain = all(isinstance(e, slice) and e.step in {None, 1} for e in entries)
    return axes.pop() if len(axes) == 1 and plain else None
