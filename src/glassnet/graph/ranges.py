"""What is known of whole numbers before there are any: from where to where a value lies.

where(x < 5, maximum(x, 0), 4) lies from 0 to 4, whatever x is, and so needs no look at x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from glassnet.graph.node import Node
from glassnet.graph.op import constant_value
from glassnet.graph.walk import in_order
from glassnet.spec import FLOATS


class Range(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float

    def joined(self, other: Range) -> Range:
        """Where a value lies that lies in one of the two."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    def cut(self, other: Range) -> Range:
        """Where a value lies that lies in both."""
        return Range(max(self.low, other.low), min(self.high, other.high))

    def is_inside(self, n: float) -> bool:
        """Whether it is part of 0 .. n - 1."""
        return self.low >= 0 and self.high < n


_ANY = Range(-math.inf, math.inf)
_EXACT = 2**62  # no sum beyond it is known: it may have wrapped
_Known = Mapping[Node, Range]


def range_of(node: Node) -> Range:
    """Where the numbers of a node lie; of floats, which may be NaN, nothing is known."""
    known: dict[Node, Range] = {}
    for each in in_order([node]):
        rule = _RULES.get(each.op.name)
        found = _ANY if rule is None or each.dtype in FLOATS else rule(each, known)
        if each.dtype == "bool":
            found = Range(0, 1)
        is_known = max(abs(found.low), abs(found.high)) < _EXACT or each.op.name in _KEEP
        known[each] = found if is_known else _ANY
    return known[node]


def _constant(node: Node, known: _Known) -> Range:
    value = node.settings["value"]
    if node.dtype == "number":
        return Range(value, value) if float(value).is_integer() else _ANY
    return Range(int(value.min()), int(value.max())) if value.size else _ANY


def _input(node: Node, known: _Known) -> Range:
    below = node.settings.get("below")
    return _ANY if below is None else Range(0, below - 1)


def _argmax(node: Node, known: _Known) -> Range:
    axis, x = node.settings.get("axis"), node.args[0]
    size = None if axis is None else x.shape[axis]
    return Range(0, size - 1) if isinstance(size, int) else Range(0, math.inf)


def _minimum(node: Node, known: _Known) -> Range:
    a, b = (known[arg] for arg in node.args)
    return Range(min(a.low, b.low), min(a.high, b.high))


def _maximum(node: Node, known: _Known) -> Range:
    a, b = (known[arg] for arg in node.args)
    return Range(max(a.low, b.low), max(a.high, b.high))


def _relu(node: Node, known: _Known) -> Range:
    x = known[node.args[0]]
    return Range(max(x.low, 0), max(x.high, 0))


def _add(node: Node, known: _Known) -> Range:
    a, b = (known[arg] for arg in node.args)
    return Range(a.low + b.low, a.high + b.high)


def _sub(node: Node, known: _Known) -> Range:
    a, b = (known[arg] for arg in node.args)
    return Range(a.low - b.high, a.high - b.low)


def _mul(node: Node, known: _Known) -> Range:
    a, b = (known[arg] for arg in node.args)
    if math.inf in map(abs, (*a, *b)):
        return _ANY
    corners = [one * other for one in a for other in b]
    return Range(min(corners), max(corners))


def _same(node: Node, known: _Known) -> Range:
    return known[node.args[0]]


def _cast(node: Node, known: _Known) -> Range:
    x = node.args[0]
    return _ANY if x.dtype in FLOATS else known[x]


def _concatenate(node: Node, known: _Known) -> Range:
    found = known[node.args[0]]
    for arg in node.args[1:]:
        found = found.joined(known[arg])
    return found


def _where(node: Node, known: _Known) -> Range:
    """Either value; of each only what its side of the condition leaves."""
    condition, a, b = node.args
    yes = known[a].cut(_implied(condition, a, holds=True))
    no = known[b].cut(_implied(condition, b, holds=False))
    return yes.joined(no)


def _implied(condition: Node, x: Node, *, holds: bool) -> Range:
    """Where x lies because the condition holds, or because it does not."""
    name, args = condition.op.name, condition.args
    if name == "logical_not":
        return _implied(args[0], x, holds=not holds)
    if name == ("logical_and" if holds else "logical_or"):
        return _implied(args[0], x, holds=holds).cut(_implied(args[1], x, holds=holds))
    if name not in _COMPARED:
        return _ANY
    left, right = args
    if left is not x:
        name, left, right = _TURNED[name], right, left
    value = constant_value(right)
    if left is not x or value is None or not math.isfinite(value):
        return _ANY
    return _COMPARED[name if holds else _OPPOSITE[name]](value)


_COMPARED: dict[str, Callable[[float], Range]] = {
    "less": lambda v: Range(-math.inf, math.ceil(v) - 1),
    "less_equal": lambda v: Range(-math.inf, math.floor(v)),
    "greater": lambda v: Range(math.floor(v) + 1, math.inf),
    "greater_equal": lambda v: Range(math.ceil(v), math.inf),
    "equal": lambda v: Range(math.ceil(v), math.floor(v)),
    "not_equal": lambda v: _ANY,
}
_OPPOSITE = {"less": "greater_equal", "less_equal": "greater", "greater": "less_equal",
             "greater_equal": "less", "equal": "not_equal", "not_equal": "equal"}  # fmt: skip
_TURNED = {"less": "greater", "less_equal": "greater_equal", "greater": "less",
           "greater_equal": "less_equal", "equal": "equal", "not_equal": "not_equal"}  # fmt: skip

_KEEP = {"minimum", "maximum", "relu", "where", "cast", "argmax", "reshape", "transpose", "expand",
         "slice", "full", "stop_gradient", "max", "min", "take", "pick",
         "roll"}  # fmt: skip
_RULES: dict[str, Callable[[Node, _Known], Range]] = {
    "constant": _constant, "input": _input, "argmax": _argmax, "minimum": _minimum,
    "maximum": _maximum, "relu": _relu, "add": _add, "sub": _sub, "mul": _mul, "cast": _cast,
    "where": _where, "concatenate": _concatenate, "one_hot": lambda node, known: Range(0, 1),
    **dict.fromkeys(
        ("reshape", "transpose", "expand", "slice", "full", "stop_gradient", "max", "min", "take",
         "pick", "roll"), _same
    ),
}  # fmt: skip
