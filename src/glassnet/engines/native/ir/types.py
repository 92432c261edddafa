"""LLVM's types and constants, as texts."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any


class Type:
    """A type; called with a number it makes a constant. Types with one text are equal."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __call__(self, value: Any) -> Constant:
        """The constant."""
        return Constant(self, value)

    def as_pointer(self) -> PointerType:
        """Where such a thing lies."""
        return PointerType(self)

    def written(self, value: Any) -> str:
        """The text of a constant of this type."""
        raise NotImplementedError


class VoidType(Type):
    """Of functions that give nothing back."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("void")


class IntType(Type):
    """Whole numbers of so many bits."""

    __slots__ = ("bits",)

    def __init__(self, bits: int) -> None:
        super().__init__(f"i{bits}")
        self.bits = bits

    def written(self, value: Any) -> str:
        """`17`, and true or false for one bit."""
        return str(int(value)) if self.bits > 1 else str(bool(value)).lower()


class FloatType(Type):
    """float32, whose constants are written as the float64 of the same value."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("float")

    def written(self, value: Any) -> str:
        """Rounded, and then all bits."""
        return _bits_of(*struct.unpack("f", struct.pack("f", value)))


class DoubleType(Type):
    """float64."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("double")

    def written(self, value: Any) -> str:
        """All bits."""
        return _bits_of(value)


def _bits_of(value: float) -> str:
    return f"0x{struct.pack('>d', value).hex().upper()}"


class PointerType(Type):
    """A place in memory. To LLVM they are all alike; `pointee` is what loads and steps go by."""

    __slots__ = ("pointee",)

    def __init__(self, pointee: Type) -> None:
        super().__init__("ptr")
        self.pointee = pointee


class VectorType(Type):
    """Lanes of one type."""

    __slots__ = ("count", "element")

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"<{count} x {element.text}>")
        self.element, self.count = element, count

    def written(self, value: Any) -> str:
        """One number for all lanes, or a list."""
        if isinstance(value, list | tuple):
            return f"<{_listed(self.element, value)}>"
        return f"splat ({self.element.text} {self.element.written(value)})"


class ArrayType(Type):
    """Things of one type side by side in memory."""

    __slots__ = ("element",)

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"[{count} x {element.text}]")
        self.element = element

    def written(self, value: Any) -> str:
        """A list."""
        return f"[{_listed(self.element, value)}]"


class LiteralStructType(Type):
    """Several things of their own types."""

    __slots__ = ("elements",)

    def __init__(self, elements: Sequence[Type]) -> None:
        super().__init__(f"{{{', '.join(e.text for e in elements)}}}")
        self.elements = tuple(elements)


class FunctionType(Type):
    """What goes into a function, and what comes out."""

    __slots__ = ("args", "result")

    def __init__(self, result: Type, args: Sequence[Type]) -> None:
        super().__init__(f"{result.text} ({', '.join(a.text for a in args)})")
        self.result, self.args = result, tuple(args)


def _listed(element: Type, values: Sequence[Any]) -> str:
    return ", ".join(f"{element.text} {element.written(v)}" for v in values)


class Value:
    """Something of a type under a name; `block` is where it was computed, None for constants."""

    __slots__ = ("block", "text", "type")

    def __init__(self, kind: Any, text: str, block: Any = None) -> None:
        self.type, self.text, self.block = kind, text, block

    def __str__(self) -> str:
        return self.text

    @property
    def typed(self) -> str:
        """`i64 %v1`."""
        return f"{self.type.text} {self.text}"


Undefined = "undef"  # a constant that may be anything


class Constant(Value):
    """A number, a list of them, None for all bits 0, or Undefined."""

    __slots__ = ("constant",)

    def __init__(self, kind: Type, value: Any) -> None:
        self.constant = value
        if value is None:
            text = "null" if isinstance(kind, PointerType) else "zeroinitializer"
        else:
            text = value if value is Undefined else kind.written(value)
        super().__init__(kind, text)
