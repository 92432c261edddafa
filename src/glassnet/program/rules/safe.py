"""Rules from the formula of the textbook to the one that no number breaks.

Logarithms of a sigmoid or softmax become forms on the logits, exponentials the ops that do not
overflow.
"""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import constant_value as number
from glassnet.program.rules.questions import negated

_VIEWS = {"reshape", "slice", "transpose"}


def bernoulli(node: Node, a: Node, b: Node) -> Node | None:
    """y softplus(-z) + (1 - y) softplus(z) -> softplus(z) - y z: cross-entropy on the logit."""
    if not (a.op is g.mul and b.op is g.mul):
        return None
    for one, other in ((a.args, b.args), (b.args, a.args)):
        for y, left in (one, one[::-1]):
            for rest, right in (other, other[::-1]):
                if (
                    _rest(rest) is y and left.op is g.softplus and right.op is g.softplus
                    and negated(left.args[0]) is right.args[0]
                ):  # fmt: skip
                    return right - y * right.args[0]
    return None


def log(node: Node, x: Node) -> Node | None:
    """ln(x), looked for behind a change of shape as well."""
    through = _through_views(x)
    if through.op is g.sigmoid:
        return -g.softplus(-_seen(x, through))
    if through.op is g.softmax:
        return _again(x, through, g.log_softmax(through.args[0], **through.settings))
    rest = _rest(x)
    if rest is not None:
        inner = _through_views(rest)
        if inner.op is g.sigmoid:
            return -g.softplus(_seen(rest, inner))
    if x.op is g.sum and x.args[0].op is g.exp:
        return g.logsumexp(x.args[0].args[0], **x.settings)
    exponent = _one_plus_exp(x)
    return None if exponent is None else g.softplus(exponent)


def log1p(node: Node, x: Node) -> Node | None:
    """ln(1 + x)."""
    minus = negated(x)
    if minus is not None and minus.op is g.sigmoid:
        return -g.softplus(minus.args[0])
    return g.softplus(x.args[0]) if x.op is g.exp else None


def quotient(node: Node, a: Node, b: Node) -> Node | None:
    """1 / (1 + e^-z) -> sigmoid(z), e^z / (1 + e^z) likewise, and e^z / sum(e^z) -> softmax(z)."""
    exponent = _one_plus_exp(b)
    if exponent is not None and number(a) == 1:
        return g.sigmoid(-exponent)
    if a.op is not g.exp:
        return None
    if exponent is a.args[0]:
        return g.sigmoid(exponent)
    if b.op is g.sum and b.args[0] is a and _over_last_axis(b):
        return g.softmax(a.args[0], axis=-1)
    return None


def _over_last_axis(total: Node) -> bool:
    axis: Any = total.settings.get("axis")
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    last = axis in {-1, total.args[0].ndim - 1}
    return bool(last and total.settings.get("keepdims"))


def _one_plus_exp(x: Node) -> Node | None:
    """z where x is 1 + e^z."""
    if x.op is g.add:
        for one, e in (x.args, x.args[::-1]):
            if number(one) == 1 and e.op is g.exp:
                return e.args[0]
    return None


def _rest(x: Node) -> Node | None:
    """p where x is 1 - p."""
    return x.args[1] if x.op is g.sub and number(x.args[0]) == 1 else None


def _through_views(x: Node) -> Node:
    """What lies behind changes of shape and choices of an entry."""
    while x.op.name in _VIEWS or x.op is g.pick:
        x = x.args[0]
    return x


def _seen(x: Node, inner: Node) -> Node:
    """The argument of the function `inner`, in the shape in which x shows its result."""
    return _again(x, inner, inner.args[0])


def _again(x: Node, inner: Node, value: Node) -> Node:
    """x with `value` in the place of `inner`, which lies behind its views."""
    if x is inner:
        return value
    return x.op(_again(x.args[0], inner, value), *x.args[1:], **x.settings)
