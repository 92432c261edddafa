"""One number in every lane, as a constant that is written once and in few letters."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir


class Splat(ir.Constant):  # type: ignore[misc]
    """A vector constant whose lanes are equal: `splat (float 0x...)` in LLVM's text."""

    def __init__(self, kind: Any, one: ir.Constant) -> None:
        self.type, self.constant = kind, [one] * kind.count

    def _get_reference(self) -> str:
        return f"splat ({self.constant[0]})"


def splat(kind: Any, value: float) -> Any:
    """The constant of a vector type, or of a plain one."""
    if isinstance(kind, ir.VectorType):
        whole = isinstance(kind.element, ir.IntType)
        text = str(int(value)) if whole else repr(float(value))
        return _splat(str(kind.element), kind.count, text, kind)
    return ir.Constant(kind, value)


@functools.cache
def _splat(element: str, count: int, text: str, kind: Any) -> Splat:
    """Kept under texts: 0.0 and -0.0 are equal numbers, but not the same constant."""
    value = int(text) if element.startswith("i") else float(text)
    return Splat(kind, ir.Constant(kind.element, value))
