"""Rules of reductions, changes of shape, and kinds of number."""

from __future__ import annotations

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import constant_value as number
from glassnet.graph.reduce import normal_axes
from glassnet.program.rules.questions import factor, negated, plain, unnamed
from glassnet.spec import BATCH, FLOATS, known_size


def unstretched(node: Node, *_: Node) -> Node | None:
    """In element-wise work NumPy broadcasts by itself: an argument need not be spread out.

    One array of numbers must be left, since of plain numbers and truth NumPy makes whole numbers.
    """
    if node.op.kind != "elementwise":
        return None
    for i, arg in enumerate(node.args):
        if (arg.op in {g.expand, g.full} or _adds_axes_in_front(arg)) and not arg.name:
            args = (*node.args[:i], arg.args[0], *node.args[i + 1 :])
            made = node.op(*args, **node.settings)
            if made.spec == node.spec and not {a.dtype for a in args} <= {"number", "bool"}:
                return made
    return None


def _adds_axes_in_front(node: Node) -> bool:
    """z[None], which NumPy reads as z beside what has more axes."""
    if node.op is not g.reshape:
        return False
    before = node.args[0].shape
    return node.ndim > len(before) and node.shape == (1,) * (node.ndim - len(before)) + before


def mean_of_sum(node: Node, a: Node, b: Node) -> Node | None:
    """A sum divided by how many numbers it adds up is their mean."""
    if not unnamed(a, g.sum):
        return None
    (x,), axis = a.args, a.settings.get("axis")
    sizes = [x.shape[i] for i in normal_axes(axis, x.ndim)]
    known, batches = known_size(tuple(sizes)), sizes.count(BATCH)
    if batches > 1 or x.dtype not in FLOATS:
        return None
    counted = number(b) == known if not batches else _rows(b) == known
    return g.mean(x, **a.settings) if counted else None


def _rows(node: Node) -> float | None:
    """n where the node is n * len(x)."""
    if node.op.name == "batch_size":
        return 1
    found = factor(node)
    return found[0] if found is not None and found[1].op.name == "batch_size" else None


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
    kept = _kept_axes(node, x)
    return _filled(node, x) if kept is None else kept


def _kept_axes(node: Node, x: Node) -> Node | None:
    """x.sum(axis=1)[:, None] -> x.sum(axis=1, keepdims=True)."""
    if not (unnamed(x, g.sum) or unnamed(x, g.mean)) or node.ndim != x.args[0].ndim:
        return None
    axes = normal_axes(x.settings.get("axis"), node.ndim)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.args[0].shape))
    return x.op(x.args[0], **{**x.settings, "keepdims": True}) if kept == node.shape else None


def expand(node: Node, x: Node) -> Node | None:
    """Of several expansions the last decides."""
    if x.shape == node.shape:
        return x
    return g.expand(x.args[0], shape=node.shape) if x.op is g.expand else _filled(node, x)


def _filled(node: Node, x: Node) -> Node | None:
    return g.full(x.args[0], shape=node.shape, dtype=node.dtype) if x.op is g.full else None


def transpose(node: Node, x: Node) -> Node | None:
    """Two transposes are one, or none."""
    if unnamed(x, g.div) and plain(x.args[1]):
        return g.transpose(x.args[0], **node.settings) / x.args[1]
    if not unnamed(x, g.transpose):
        return _of_product(node, x)
    order = tuple(range(x.ndim))
    outer, inner = (
        tuple(a % x.ndim for a in (n.settings.get("axes") or order[::-1])) for n in (node, x)
    )
    both = tuple(inner[i] for i in outer)
    return x.args[0] if both == order else g.transpose(x.args[0], axes=both)


def _of_product(node: Node, x: Node) -> Node | None:
    """(a.T @ b).T is b.T @ a: the gradient of a product of which one side was transposed."""
    if not unnamed(x, g.matmul) or not _swaps_the_last_two(node):
        return None
    a, b = x.args
    if not any(unnamed(c, g.transpose) and _swaps_the_last_two(c) for c in (a, b)):
        return None
    return g.swapaxes(b, -1, -2) @ g.swapaxes(a, -1, -2)


def _swaps_the_last_two(x: Node) -> bool:
    axes = x.settings.get("axes") or tuple(range(x.ndim))[::-1]
    return tuple(a % x.ndim for a in axes) == (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)


def product(node: Node, a: Node, b: Node) -> Node | None:
    """(a / c) @ b is a @ b / c, and so for b: a plain number is taken to what comes out."""
    if unnamed(a, g.div) and plain(a.args[1]):
        return a.args[0] @ b / a.args[1]
    if unnamed(b, g.div) and plain(b.args[1]):
        return a @ b.args[0] / b.args[1]
    return None


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
        elif unnamed(x, g.pad) and x.settings.get("value", 0) == 0 and x.shape == node.shape:
            parts.append(x)
        else:
            return None
    axes = {
        axis for part in parts
        for axis, width in enumerate(part.settings["widths"]) if tuple(width) != (0, 0)
    }  # fmt: skip
    if len(axes) != 1:
        return None
    (axis,) = axes
    parts.sort(key=lambda part: part.settings["widths"][axis][0])
    end = 0
    for part in parts:
        if part.settings["widths"][axis][0] != end:
            return None
        end += int(part.args[0].shape[axis])
    if end != node.shape[axis]:
        return None
    at = axis if axis < node.ndim - 1 else -1
    return g.concatenate(*(part.args[0] for part in parts), axis=at)
