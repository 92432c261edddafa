"""Writes one op as Python text: the text that is printed, and the text that is run."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from glassnet.graph.node import Node
from glassnet.graph.op import ADD, ATOM, COMPARE, LOOSE, MUL, NEG, POW, constant_value
from glassnet.spec import shape_text

Part = tuple[str, int]  # a text and how tightly it binds

# Numbers that are read as formulas, which give the same number to the last bit.
_FORMULAS = {
    math.sqrt(2 * math.pi): ("math.sqrt(2 * math.pi)", ATOM),
    1 / math.sqrt(2 * math.pi): ("1 / math.sqrt(2 * math.pi)", MUL),
    2 / math.sqrt(math.pi): ("2 / math.sqrt(math.pi)", MUL),
    math.log(2): ("math.log(2)", ATOM),
}
_LARGEST_SQUARE = 4096  # of which a root is read as such
_METHOD = re.compile(r"^\{0\}[.\[]")
_INFIX = {ADD, MUL}


def write(node: Node, parts: Sequence[Part], batch: str = "B") -> Part:
    """The formula of one node, its arguments already written.

    `batch` is what the size of the batch is called, for instance "len(x)".
    """
    op = node.op
    if op.name == "constant":
        return write_constant(node)
    held = _held_between(node, parts) if op.name == "minimum" else ""
    if held:
        return held, ATOM
    if op.numpy == "{0}":
        return parts[0]
    scalar = op.scalar if op.scalar and _is_plain(node) else ""
    template: Any = scalar or op.numpy
    strength = ATOM if scalar else op.strength
    method = callable(template) or bool(_METHOD.match(template))
    if op.name == "neg" and _begins_with_truth(node.args[0]):
        method = True  # NumPy does not negate truth, so -(a > b) * c must not be read first
    texts = [
        bracketed(part, _needed(strength, position, method and position == 0))
        for position, part in enumerate(parts)
    ]
    if callable(template):
        text = template(texts, node.settings, node)
        if texts and not text.startswith(
            texts[0]
        ):  # a function of it, not a method: no parentheses
            text = text.replace(texts[0], parts[0][0], 1)
        return text.replace("{batch}", batch), strength
    words = {k: _setting(v, batch) for k, v in node.settings.items()}
    if strength == NEG:  # -a * b is read as (-a) * b, which is the same number
        strength = min(NEG, parts[0][1])
    return template.format(*texts, batch=batch, **words), strength


def _held_between(node: Node, parts: Sequence[Part]) -> str:
    """np.clip(x, -1, 1) of min(max(x, -1), 1) where the inner one is written out here, else "".

    Not at a bound of 0: there np.clip gives 0, np.maximum perhaps -0.
    """
    inner, high = node.args
    if inner.op.name != "maximum" or inner.dtype == "number":
        return ""
    low = inner.args[1]
    if not (constant_value(low) and constant_value(high)):
        return ""
    before, behind = "np.maximum(", f", {write_constant(low)[0]})"
    text = parts[0][0]
    if not (text.startswith(before) and text.endswith(behind)):
        return ""
    return f"np.clip({text[len(before) : -len(behind)]}{behind[:-1]}, {parts[1][0]})"


def _begins_with_truth(node: Node) -> bool:
    while node.op.name in {"mul", "div"}:
        node = node.args[0]
    return node.dtype == "bool"


def write_constant(node: Node) -> Part:
    """A constant's number; a negative one binds like a minus sign."""
    value = node.settings["value"]
    text: str = node.op.numpy([], node.settings, node) if callable(node.op.numpy) else ""
    text = text.replace("e-0", "e-").replace("e+", "e")  # 1e-8, 1e30
    if isinstance(value, float) and value == math.pi:
        text = "math.pi"
    elif isinstance(value, float) and abs(value) in _FORMULAS:
        formula, strength = _FORMULAS[abs(value)]
        return (formula, strength) if value > 0 else (f"-({formula})", NEG)
    elif isinstance(value, float) and square_of(value):
        text = f"math.sqrt({square_of(value)})"
    elif isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN
        text = "np.nan"
    elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
        text = "np.inf" if value > 0 else "-np.inf"
    return text, NEG if text.startswith("-") else ATOM


def square_of(value: float) -> int:
    """n of the root of a small whole number n, such as the width of a head; else 0."""
    n = round(value * value) if 1 < value <= math.sqrt(_LARGEST_SQUARE) else 0
    return n if n and value % 1 and math.sqrt(n) == value else 0


def bracketed(part: Part, needed: int) -> str:
    """The text, in parentheses where it binds less tightly than its place asks."""
    text, strength = part
    return text if strength >= needed else f"({text})"


def _needed(strength: int, position: int, before_method: bool) -> int:
    if before_method:
        return ATOM
    if strength == COMPARE:  # a < b < c would be a chain
        return COMPARE + 1
    if strength in _INFIX:
        return strength + (1 if position else 0)
    if strength == NEG:
        return MUL if position == 0 else NEG
    if strength == POW:
        return ATOM if position == 0 else NEG
    return LOOSE


def _is_plain(node: Node) -> bool:
    return bool(node.args) and all(arg.dtype == "number" and not arg.ndim for arg in node.args)


def _setting(value: Any, batch: str) -> str:
    if isinstance(value, tuple) and all(isinstance(v, int) or v == "B" for v in value):
        return shape_text(value, batch)
    if isinstance(value, tuple) and all(isinstance(v, slice | int) for v in value):
        parts = [str(v) if isinstance(v, int) else _slice_text(v) for v in value]
        return f"({', '.join(parts)},)"
    return str(value)


def _slice_text(entry: slice) -> str:
    parts = [entry.start, entry.stop] + ([entry.step] if entry.step is not None else [])
    return f"slice({', '.join(str(p) for p in parts)})"
