"""Rewrites a graph into the form that a textbook would print, and that no number breaks.

One pass over the nodes and a table of rules, repeated until nothing changes. Equal formulas become
one node; constants are folded; signs and plain factors move outwards; logarithms of a sigmoid or
softmax become the safe forms on logits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.evaluate import evaluate
from glassnet.graph.op import constant_value as number
from glassnet.graph.walk import rebuild

Rule = Callable[..., Node | None]
_ROUNDS = 20


def simplify(roots: list[Node]) -> list[Node]:
    """The same values by fewer and plainer formulas."""
    for _ in range(_ROUNDS):
        new = merge([*rebuild(roots, rewrite)])
        if all(a is b for a, b in zip(new, roots, strict=True)):
            return new
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

    merged = rebuild(roots, one)
    if not names:
        return merged
    return rebuild_named(merged, names)


def rebuild_named(roots: list[Node], names: dict[Node, Node]) -> list[Node]:
    """Give unnamed nodes the name and layer of their equals."""
    new: dict[Node, Node] = {}
    for node in g.in_order(roots):
        args = tuple(new[arg] for arg in node.args)
        same = all(a is b for a, b in zip(args, node.args, strict=True))
        copy = node if same else replace(node, args=args)
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
    for rule in (_folded, _unstretched, *RULES.get(node.op.name, ())):
        new = rule(node, *node.args)
        if new is not None:
            break
    if new is None or new is node or new.spec != node.spec:
        return node
    if new.is_leaf or new in node.args or new.name:
        return new
    return replace(new, name=node.name, layer=node.layer)


def _folded(node: Node, *_: Node) -> Node | None:
    """A formula of constants is a constant."""
    if not node.args or node.spec.dtype != "number" or any(number(a) is None for a in node.args):
        return None
    try:
        value = evaluate([node], {})[0]
    except (ArithmeticError, ValueError):
        return None
    return g.constant(value)


def _unstretched(node: Node, *_: Node) -> Node | None:
    """In element-wise work NumPy broadcasts by itself: an argument need not be spread out."""
    if node.op.kind != "elementwise":
        return None
    for i, arg in enumerate(node.args):
        if arg.op in {g.expand, g.full} and not arg.name:
            args = (*node.args[:i], arg.args[0], *node.args[i + 1 :])
            made = node.op(*args, **node.settings)
            if made.spec == node.spec:
                return made
    return None


# Small questions about nodes.
def _is(node: Node, op: g.Op) -> bool:
    return node.op is op


def _plain(node: Node) -> bool:
    """A plain number: a constant, the batch size, the rate, or a formula of these."""
    return node.spec.dtype == "number" and not node.shape


def _single(node: Node) -> bool:
    """One number, plain or computed from arrays."""
    return not node.shape


def _negated(node: Node) -> Node | None:
    """x where the node is -x (and has no name of its own)."""
    if _is(node, g.neg) and not node.name:
        return node.args[0]
    value = number(node)
    return g.constant(-value) if value is not None and value < 0 else None


def _times(node: Node) -> tuple[float, Node] | None:
    """(c, x) where the node is c * x with a constant c."""
    if _is(node, g.mul) and not node.name:
        value = number(node.args[0])
        if value is not None:
            return value, node.args[1]
    return None


def _scaled_leaf(node: Node) -> bool:
    factor = _times(node)
    return factor is not None and factor[1].is_leaf


# Rules: (node, *args) -> the plainer form, or None.
def _add(node: Node, a: Node, b: Node) -> Node | None:
    if number(a) == 0:
        return b
    if number(b) == 0:
        return a
    minus_a, minus_b = _negated(a), _negated(b)
    if minus_a is not None and minus_b is not None:
        return -(minus_a + minus_b)
    if minus_b is not None:
        return a - minus_b
    if minus_a is not None:
        return b - minus_a
    if _scaled_leaf(a) and not _scaled_leaf(b):
        return b + a  # what comes from the data stands before what comes from a penalty
    found = (
        _bernoulli(a, b), _bernoulli(b, a), _either(a, b), _either(b, a),
        _common_factor(g.add, a, b),
    )  # fmt: skip
    return next((new for new in found if new is not None), None)


def _sub(node: Node, a: Node, b: Node) -> Node | None:
    if number(b) == 0:
        return a
    if number(a) == 0:
        return -b
    minus_a, minus_b = _negated(a), _negated(b)
    if minus_b is not None:
        return a + minus_b
    if minus_a is not None and number(a) is None:
        return -(minus_a + b)
    return _common_factor(g.sub, a, b)


def _common_factor(op: g.Op, a: Node, b: Node) -> Node | None:
    """a * s + b * s -> (a + b) * s for a plain number s, also where it divides."""
    if a.name or b.name:
        return None
    if _is(a, g.div) and _is(b, g.div) and a.args[1] is b.args[1] and _single(a.args[1]):
        return op(a.args[0], b.args[0]) / a.args[1]
    if _is(a, g.mul) and _is(b, g.mul) and a.args[0] is b.args[0]:
        return a.args[0] * op(a.args[1], b.args[1])
    return None


def _bernoulli(a: Node, b: Node) -> Node | None:
    """y softplus(-z) + (1 - y) softplus(z) -> softplus(z) - y z: cross-entropy on the logit."""
    if not (_is(a, g.mul) and _is(b, g.mul)):
        return None
    for y, left in (a.args, a.args[::-1]):
        for rest, right in (b.args, b.args[::-1]):
            if (
                _is(rest, g.sub) and number(rest.args[0]) == 1 and rest.args[1] is y
                and _is(left, g.softplus) and _is(right, g.softplus)
                and _negated(left.args[0]) is right.args[0]
            ):  # fmt: skip
                return right - y * right.args[0]
    return None


def _mul(node: Node, a: Node, b: Node) -> Node | None:
    if number(a) == 1:
        return b
    if number(b) == 1:
        return a
    if (_plain(b) and not _plain(a)) or (number(b) is not None and number(a) is None):
        return b * a  # a plain number goes first, a constant before all
    found = (_into_branch(a, b), _into_branch(b, a), _outwards(a, b))
    return next((new for new in found if new is not None), None)


def _outwards(a: Node, b: Node) -> Node | None:
    """Signs, divisions by one number and constant factors leave a product."""
    for x, other, first in ((a, b, True), (b, a, False)):
        minus = _negated(x)
        if minus is not None and number(x) is None:
            return -(minus * other if first else other * minus)
        if _is(x, g.div) and not x.name and _single(x.args[1]):
            return (x.args[0] * other if first else other * x.args[0]) / x.args[1]
    inner = _times(b)
    if inner is not None:
        factor = number(a)
        if factor is not None:
            return factor * inner[0] * inner[1]
        return inner[0] * (a * inner[1])
    outer = _times(a)
    if outer is not None:
        return outer[0] * (outer[1] * b)
    return None


def _div(node: Node, a: Node, b: Node) -> Node | None:
    if number(b) == 1:
        return a
    minus_a = _negated(a)
    if minus_a is not None and number(a) is None:
        return -(minus_a / b)
    if _is(a, g.div) and not a.name and _plain(b) and _plain(a.args[1]):
        return a.args[0] / (b * a.args[1])
    factor = _times(a)
    if factor is not None and number(b) is not None:
        return factor[0] / number(b) * factor[1]
    divisor = _times(b)
    if divisor is not None and _plain(b):
        if factor is not None:
            return (factor[0] / divisor[0]) * factor[1] / divisor[1]
        if number(a) is not None:
            return g.constant(number(a)) / divisor[0] / divisor[1]
    return None


def _neg(node: Node, x: Node) -> Node | None:
    minus = _negated(x)
    if minus is not None:
        return minus
    if _is(x, g.sub) and not x.name:
        return x.args[1] - x.args[0]
    factor = _times(x)
    if factor is not None:
        return -factor[0] * factor[1]
    return None


def _pow(node: Node, x: Node, n: Node) -> Node | None:
    if number(n) == 1:
        return x
    if number(n) == 0:
        return g.stretch(1.0, node.shape, node.dtype)
    return None


def _log(node: Node, x: Node) -> Node | None:
    if _is(x, g.sigmoid):
        return -g.softplus(-x.args[0])
    if _is(x, g.softmax):
        return g.log_softmax(x.args[0], **x.settings)
    if _is(x, g.sub) and number(x.args[0]) == 1 and _is(x.args[1], g.sigmoid):
        return -g.softplus(x.args[1].args[0])
    if _is(x, g.sum) and _is(x.args[0], g.exp):
        return g.logsumexp(x.args[0].args[0], **x.settings)
    return None


def _log1p(node: Node, x: Node) -> Node | None:
    minus = _negated(x)
    if minus is not None and _is(minus, g.sigmoid):
        return -g.softplus(minus.args[0])
    return g.softplus(x.args[0]) if _is(x, g.exp) else None


def _sign_outwards(node: Node, x: Node) -> Node | None:
    minus = _negated(x)
    if minus is not None and number(x) is None:
        return -node.op(minus, **node.settings)
    factor = _times(x)
    if factor is not None:
        return factor[0] * node.op(factor[1], **node.settings)
    return None


def _whole_reduction(node: Node, x: Node) -> Node | None:
    """A mean of means over everything is one mean; so with sums."""
    if not x.ndim:
        return x
    inner = x.op is node.op or _is(x, g.reshape)
    if not node.shape and node.settings.get("axis") is None and inner and not x.name:
        return node.op(x.args[0], **(node.settings if x.op is g.reshape else {}))
    return None


def _all_axes(node: Node, x: Node) -> Node | None:
    """Over axes of size 1 there is nothing to reduce; over every axis, none need be named."""
    axis = node.settings.get("axis")
    if axis is None or node.settings.get("keepdims"):
        return None
    axes = {a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)}
    if all(x.shape[a] == 1 for a in axes):
        return g.reshape(x, shape=node.shape)
    return node.op(x) if len(axes) == x.ndim else None


def _reshape(node: Node, x: Node) -> Node | None:
    minus = _negated(x)
    if minus is not None and number(x) is None:
        return -g.reshape(minus, shape=node.shape)
    if x.shape == node.shape:
        return x
    if _is(x, g.reshape) and not x.name:
        return g.reshape(x.args[0], shape=node.shape)
    return g.full(x.args[0], shape=node.shape, dtype=node.dtype) if _is(x, g.full) else None


def _expand(node: Node, x: Node) -> Node | None:
    if x.shape == node.shape:
        return x
    if _is(x, g.expand):
        return g.expand(x.args[0], shape=node.shape)
    return g.full(x.args[0], shape=node.shape, dtype=node.dtype) if _is(x, g.full) else None


def _transpose(node: Node, x: Node) -> Node | None:
    if not _is(x, g.transpose) or x.name:
        return None
    order = tuple(range(x.ndim))
    outer, inner = (
        tuple(a % x.ndim for a in (n.settings.get("axes") or order[::-1])) for n in (node, x)
    )
    both = tuple(inner[i] for i in outer)
    return x.args[0] if both == order else g.transpose(x.args[0], axes=both)


def _cast(node: Node, x: Node) -> Node | None:
    return x if x.dtype == node.dtype else None


def _where(node: Node, c: Node, a: Node, b: Node) -> Node | None:
    """Equal branches need no choice; a division that both share moves out."""
    if a is b:
        return a
    if _divided(a) and (number(b) == 0 or (_divided(b) and a.args[1] is b.args[1])):
        return g.where(c, a.args[0], b if number(b) == 0 else b.args[0]) / a.args[1]
    if _divided(b) and number(a) == 0:
        return g.where(c, a, b.args[0]) / b.args[1]
    return None


def _divided(node: Node) -> bool:
    return _is(node, g.div) and not node.name and _single(node.args[1])


def _into_branch(x: Node, chosen: Node) -> Node | None:
    """x * where(c, v, 0) -> where(c, v * x, 0) for one number v spread out, and mirrored."""
    if not _is(chosen, g.where) or chosen.name:
        return None
    c, a, b = chosen.args
    if number(b) == 0 and _is(a, g.full):
        return g.where(c, a.args[0] * x, b)
    if number(a) == 0 and _is(b, g.full):
        return g.where(c, a, b.args[0] * x)
    return None


def _either(a: Node, b: Node) -> Node | None:
    """where(c, a, 0) + where(c, 0, b) -> where(c, a, b)."""
    if not (_is(a, g.where) and _is(b, g.where)) or a.args[0] is not b.args[0]:
        return None
    if number(a.args[2]) == 0 and number(b.args[1]) == 0:
        return g.where(a.args[0], a.args[1], b.args[2])
    return None


RULES: dict[str, tuple[Rule, ...]] = {
    "add": (_add,),
    "sub": (_sub,),
    "mul": (_mul,),
    "div": (_div,),
    "neg": (_neg,),
    "pow": (_pow,),
    "log": (_log,),
    "log1p": (_log1p,),
    "sum": (_whole_reduction, _all_axes, _sign_outwards),
    "mean": (_whole_reduction, _all_axes, _sign_outwards),
    "reshape": (_reshape,),
    "expand": (_expand,),
    "transpose": (_transpose,),
    "cast": (_cast,),
    "where": (_where,),
}
