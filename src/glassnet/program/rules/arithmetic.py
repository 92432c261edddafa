"""Rules of arithmetic: signs, plain factors and divisions by one number move outwards."""

from __future__ import annotations

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import constant_value as number
from glassnet.program.rules.choice import half, on_branches
from glassnet.program.rules.questions import (
    factor,
    lowest,
    negated,
    opposite,
    plain,
    single,
    tidy,
    unnamed,
)


def add(node: Node, a: Node, b: Node) -> Node | None:
    """a + b."""
    if number(a) == 0:
        return b
    if number(b) == 0:
        return a
    together = _whole(a, b, 1)
    if together is not None:
        return together
    minus_a, minus_b = opposite(a), opposite(b)
    if minus_a is not None and minus_b is not None:
        return -(minus_a + minus_b)
    if minus_b is not None:
        return a - minus_b
    if minus_a is not None:
        return b - minus_a
    if _of_penalty(a) and not _of_penalty(b) and not b.is_leaf:
        return b + a  # what comes from the data stands before what comes from a penalty
    if unnamed(b, g.add) and _of_penalty(b) and not _of_penalty(a):
        return a + b.args[0] + b.args[1]
    return None


def sub(node: Node, a: Node, b: Node) -> Node | None:
    """a - b."""
    if number(b) == 0:
        return a
    if number(a) == 0:
        return -b
    together = _whole(a, b, -1)
    if together is not None:
        return together
    minus_a, minus_b = negated(a), opposite(b)
    if minus_b is not None:
        return a + minus_b
    if minus_a is not None and number(a) is None:
        return -(minus_a + b)
    return None


def _whole(a: Node, b: Node, sign: int) -> Node | None:
    """x + 1 - 3 -> x - 2: whole numbers come together."""
    if not (unnamed(a, g.add) or unnamed(a, g.sub)):
        return None
    first, second = number(a.args[1]), number(b)
    if not isinstance(first, int) or not isinstance(second, int):
        return None
    return a.args[0] + ((first if a.op is g.add else -first) + sign * second)


def _of_penalty(node: Node, depth: int = 4) -> bool:
    """Whether this is the slope of a penalty: 0.2 * W, 0.1 * np.sign(W), or their sum."""
    if unnamed(node, g.add):
        return depth > 0 and all(_of_penalty(arg, depth - 1) for arg in node.args)
    found = factor(node)
    if found is None:
        return False
    x = found[1].args[0] if found[1].op is g.sign else found[1]
    return x.is_leaf


def common(node: Node, a: Node, b: Node) -> Node | None:
    """x / n + y / n -> (x + y) / n for one number n, and s * x + s * y -> s * (x + y)."""
    if unnamed(a, g.div) and unnamed(b, g.div) and a.args[1] is b.args[1] and single(a.args[1]):
        return node.op(a.args[0], b.args[0]) / a.args[1]
    if unnamed(a, g.mul) and unnamed(b, g.mul) and a.args[0] is b.args[0]:
        return a.args[0] * node.op(a.args[1], b.args[1])
    return None


def mul(node: Node, a: Node, b: Node) -> Node | None:
    """a * b."""
    if number(a) == 1:
        return b
    if number(b) == 1:
        return a
    if number(a) == -1:
        return -b
    if (plain(b) and not plain(a)) or (number(b) is not None and number(a) is None):
        return b * a  # a plain number goes first, a constant before all
    return None


def fill_inwards(node: Node, a: Node, b: Node) -> Node | None:
    """One number spread out goes to where it need not be spread."""
    if plain(a) and unnamed(b, g.full):
        return g.full(a * b.args[0], **b.settings)
    if unnamed(a, g.mul) and a.args[0].op is g.full and b.op is not g.full:
        return (a.args[0] * b) * a.args[1]
    if unnamed(b, g.mul) and b.args[0].op is g.full and a.op is not g.full:
        return (a * b.args[0]) * b.args[1]
    return None


def division_outwards(node: Node, a: Node, b: Node) -> Node | None:
    """Signs leave a product, and so do divisions by one number, or of a plain number."""
    for x, other, first in ((a, b, True), (b, a, False)):
        minus = negated(x)
        if minus is not None and number(x) is None:
            return -(minus * other if first else other * minus)
        if unnamed(x, g.div) and (single(x.args[1]) or plain(other) or plain(x.args[0])):
            top = x.args[0]
            return (top * other if first else other * top) / x.args[1]
    return None


def factor_outwards(node: Node, a: Node, b: Node) -> Node | None:
    """Constant factors stand before a product."""
    inner, outer = factor(b), factor(a)
    if inner is not None:
        c, x = inner
        value = number(a)
        return b.args[0] * (a * x) if value is None else tidy(value * c) * x
    if outer is not None:
        return a.args[0] * (outer[1] * b)
    return None


def div(node: Node, a: Node, b: Node) -> Node | None:
    """a / b."""
    if number(b) == 1:
        return a
    for x, other, first in ((a, b, True), (b, a, False)):
        minus = negated(x)
        if minus is not None and (number(x) is None or not first):
            return -(minus / other if first else other / minus)
    if unnamed(a, g.full) and plain(b):
        return g.full(a.args[0] / b, **a.settings)
    if unnamed(a, g.div) and plain(a.args[1]):
        top, bottom = a.args
        return top / (b * bottom) if plain(b) else top / b / bottom
    return None


def lowest_terms(node: Node, a: Node, b: Node) -> Node | None:
    """2 * x / (4 * y) -> x / (2 * y)."""
    (c, x), (d, y) = _parts(a), _parts(b)
    top, bottom = lowest(c, d) if d else (c, d)
    if (top, bottom) == (c, d):
        return None
    return top * x / (bottom * y)


def _parts(node: Node) -> tuple[float, Node]:
    """(c, x) where the node is c * x, c or x."""
    value = number(node)
    if value is not None:
        return value, g.constant(1)
    if half(node):
        found = next(filter(None, map(factor, node.args[1:])), None)
        if found is not None:
            return found[0], on_branches(node, lambda _: found[1])
    return factor(node) or (1, node)


def neg(node: Node, x: Node) -> Node | None:
    """-x."""
    minus = negated(x)
    if minus is not None:
        return minus
    found = factor(x)
    if found is not None:
        return -found[0] * found[1]
    if unnamed(x, g.sub):
        return x.args[1] - x.args[0]
    if unnamed(x, g.full):
        return g.full(-x.args[0], **x.settings)
    if unnamed(x, g.div):
        top = x.args[0]
        if number(top) is not None or unnamed(top, g.sub):
            return -top / x.args[1]
    return None


def pow_(node: Node, x: Node, n: Node) -> Node | None:
    """x ** n."""
    exponent = number(n)
    if exponent == 1:
        return x
    if exponent == 0:
        return g.stretch(1.0, node.shape, node.dtype)
    minus = negated(x)
    if minus is not None and exponent is not None and exponent % 2 == 0:
        return minus**n
    return None
