"""Writes instructions, and leaves out what need not be done.

What was computed before is used again, what a loop does not change is computed in front of it,
and whole numbers that are known are reckoned at once. LLVM would find all that too, at a price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from glassnet.engines.native.ir.module import Block, Function, Module
from glassnet.engines.native.ir.types import (
    Constant,
    FunctionType,
    IntType,
    PointerType,
    Type,
    Value,
    VectorType,
    VoidType,
)

_SIGNED = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_UNSIGNED = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge"}
_REAL = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_BIT = IntType(1)


class Phi(Value):
    """A value that depends on where the block was entered from."""

    __slots__ = ("incoming",)

    def __init__(self, kind: Type, text: str, block: Block) -> None:
        super().__init__(kind, text, block)
        self.incoming: list[str] = []

    def add_incoming(self, value: Value, block: Block) -> None:
        """The value where that block came before."""
        self.incoming.append(f"[{value.text}, %{block.name}]")

    def line(self) -> str:
        """The instruction."""
        return f"{self.text} = phi {self.type.text} {', '.join(self.incoming)}"


class Access(Value):
    """A load or a store; its alignment may be set afterwards."""

    __slots__ = ("align", "start")

    def __init__(self, kind: Type, text: str, block: Block, start: str) -> None:
        super().__init__(kind, text, block)
        self.start, self.align = start, 0

    def line(self) -> str:
        """The instruction."""
        return f"{self.start}, align {self.align}" if self.align else self.start


def _binary(op: str) -> Callable[[IRBuilder, Value, Value], Value]:
    def write(self: IRBuilder, a: Value, b: Value) -> Value:
        return self.pure(a.type, f"{op} {a.type.text} {a.text}, {b.text}", a, b)

    return write


def _division(op: str) -> Callable[[IRBuilder, Value, Value], Value]:
    """By an unknown number only where the text says so: it may be 0 elsewhere."""
    plain = _binary(op)

    def write(self: IRBuilder, a: Value, b: Value) -> Value:
        if isinstance(b, Constant):
            return plain(self, a, b)
        return self._here(a.type, f"{op} {a.type.text} {a.text}, {b.text}")

    return write


def _whole(
    op: str, of: Callable[[int, int], int], neutral: int
) -> Callable[[IRBuilder, Value, Value], Value]:
    """An operation on whole numbers; known ones are reckoned at once."""
    plain = _binary(op)

    def write(self: IRBuilder, a: Value, b: Value) -> Value:
        if isinstance(a, Constant) and op != "sub":
            a, b = b, a
        if isinstance(b, Constant) and isinstance(b.type, IntType):
            if b.constant == neutral:
                return a
            if isinstance(a, Constant):
                return Constant(a.type, _wrapped(of(a.constant, b.constant), b.type.bits))
        return plain(self, a, b)

    return write


def _wrapped(value: int, bits: int) -> int:
    half = 1 << bits - 1
    return (value + half) % (2 * half) - half


def _cast(op: str) -> Callable[[IRBuilder, Value, Type], Value]:
    def write(self: IRBuilder, value: Value, kind: Type) -> Value:
        return self.pure(kind, f"{op} {value.typed} to {kind.text}", value)

    return write


class IRBuilder:
    """Writes at the end of a block. Signs are "<", "==" and so on; "uno": one of two is NaN."""

    def __init__(self, block: Block) -> None:
        self.block = block

    @property
    def function(self) -> Function:
        """The function that is written."""
        return self.block.function

    # Arithmetic.
    add, sub = _whole("add", int.__add__, 0), _whole("sub", int.__sub__, 0)
    mul = _whole("mul", int.__mul__, 1)
    udiv, urem = _division("udiv"), _division("urem")
    and_, or_, xor = _binary("and"), _binary("or"), _binary("xor")
    shl, lshr = _binary("shl"), _binary("lshr")
    fadd, fsub, fmul, fdiv = (_binary(op) for op in ("fadd", "fsub", "fmul", "fdiv"))
    trunc, zext, sext = _cast("trunc"), _cast("zext"), _cast("sext")
    fptrunc, fpext, fptosi = _cast("fptrunc"), _cast("fpext"), _cast("fptosi")
    sitofp, uitofp = _cast("sitofp"), _cast("uitofp")
    inttoptr = _cast("inttoptr")

    def fneg(self, a: Value) -> Value:
        """-a."""
        return self.pure(a.type, f"fneg {a.typed}", a)

    def neg(self, a: Value) -> Value:
        """-a of whole numbers."""
        return self.sub(Constant(a.type, 0), a)

    def not_(self, a: Value) -> Value:
        """All bits the other way round."""
        return self.xor(a, Constant(a.type, -1))

    def bitcast(self, value: Value, kind: Type) -> Value:
        """The same bits as another type; of a pointer, only the view changes."""
        if isinstance(kind, PointerType):
            return Value(kind, value.text, value.block)
        return self.pure(kind, f"bitcast {value.typed} to {kind.text}", value)

    def icmp_signed(self, sign: str, a: Value, b: Value) -> Value:
        """A comparison of whole numbers."""
        return self._compared(f"icmp {_SIGNED[sign]}", a, b)

    def icmp_unsigned(self, sign: str, a: Value, b: Value) -> Value:
        """A comparison of whole numbers from 0 up."""
        return self._compared(f"icmp {_UNSIGNED[sign]}", a, b)

    def fcmp_ordered(self, sign: str, a: Value, b: Value) -> Value:
        """A comparison; false with NaN."""
        return self._compared(f"fcmp o{_REAL[sign]}", a, b)

    def fcmp_unordered(self, sign: str, a: Value, b: Value) -> Value:
        """A comparison; true with NaN."""
        return self._compared(f"fcmp {'uno' if sign == 'uno' else 'u' + _REAL[sign]}", a, b)

    def _compared(self, op: str, a: Value, b: Value) -> Value:
        kind = VectorType(_BIT, a.type.count) if isinstance(a.type, VectorType) else _BIT
        return self.pure(kind, f"{op} {a.typed}, {b.text}", a, b)

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        """a where the condition holds, else b."""
        text = f"select {condition.typed}, {a.typed}, {b.typed}"
        return self.pure(a.type, text, condition, a, b)

    # Parts.
    def insert_element(self, vector: Value, value: Value, lane: Value) -> Value:
        """The vector with another number in a lane."""
        text = f"insertelement {vector.typed}, {value.typed}, {lane.typed}"
        return self.pure(vector.type, text, vector, value, lane)

    def extract_element(self, vector: Value, lane: Value) -> Value:
        """The number in a lane."""
        text = f"extractelement {vector.typed}, {lane.typed}"
        return self.pure(vector.type.element, text, vector, lane)

    def shuffle_vector(self, a: Value, b: Value, mask: Value) -> Value:
        """Lanes of both."""
        kind = VectorType(a.type.element, mask.type.count)
        return self.pure(kind, f"shufflevector {a.typed}, {b.typed}, {mask.typed}", a, b)

    def insert_value(self, whole: Value, part: Value, i: int) -> Value:
        """The struct with another part."""
        return self.pure(whole.type, f"insertvalue {whole.typed}, {part.typed}, {i}", whole, part)

    def extract_value(self, whole: Value, i: int) -> Value:
        """A part of a struct."""
        return self.pure(whole.type.elements[i], f"extractvalue {whole.typed}, {i}", whole)

    # Memory.
    def gep(self, pointer: Value, indices: Sequence[Value]) -> Value:
        """So many things further."""
        kind = pointer.type.pointee
        inside = kind.element if len(indices) > 1 else kind
        if all(isinstance(i, Constant) and i.constant == 0 for i in indices):
            return self.bitcast(pointer, PointerType(inside))
        text = f"getelementptr {kind.text}, ptr {pointer.text}, "
        text += ", ".join(i.typed for i in indices)
        return self.pure(PointerType(inside), text, pointer, *indices)

    def alloca(self, kind: Type, count: int = 1) -> Value:
        """Memory until the function returns."""
        return self._here(PointerType(kind), f"alloca {kind.text}, i32 {count}")

    def load(self, pointer: Value) -> Access:
        """What lies there."""
        kind = pointer.type.pointee
        name = self._name()
        return self._access(kind, name, f"{name} = load {kind.text}, ptr {pointer.text}")

    def store(self, value: Value, pointer: Value) -> Access:
        """Leave a value there."""
        return self._access(VoidType(), "", f"store {value.typed}, ptr {pointer.text}")

    def _access(self, kind: Type, name: str, text: str) -> Access:
        found = Access(kind, name, self.block, text)
        self.block.lines.append(found)
        return found

    # Calls.
    def call(self, function: Function, args: Sequence[Value]) -> Value:
        """What a function gives."""
        result = function.kind.result
        text = f"call {result.text} {function.text}({', '.join(a.typed for a in args)})"
        if isinstance(result, VoidType):
            self._line(text)
            return Value(result, "")
        if function.is_pure:
            return self.pure(result, text, *args)
        return self._here(result, text)

    def ctlz(self, value: Value, poisoned: Value) -> Value:
        """How many of the highest bits are 0."""
        name = f"llvm.ctlz.{value.type.text}"
        kind = FunctionType(value.type, [value.type, _BIT])
        return self.call(self.module.globals.get(name) or Function(self.module, kind, name),
                         [value, poisoned])  # fmt: skip

    # Control.
    def append_basic_block(self, name: str = "", *, goes_on: bool = False) -> Block:
        """A block that runs after this one; goes_on: nothing is written to this one any more."""
        found = self.function.append_basic_block(name)
        found.follow(self.block, goes_on=goes_on)
        return found

    def position_at_end(self, block: Block) -> None:
        """Go on there."""
        self.block = block

    @contextmanager
    def at_end_of(self, block: Block) -> Iterator[None]:
        """For a while, write into another block, in front of its jump."""
        here, self.block = self.block, block
        yield
        self.block = here

    def goto_entry_block(self) -> Any:
        """For a while, write where the function begins."""
        return self.at_end_of(self.function.blocks[0])

    def phi(self, kind: Type) -> Phi:
        """A value by the block that came before."""
        self.block.phis.append(Phi(kind, self._name(), self.block))
        found: Phi = self.block.phis[-1]
        return found

    def branch(self, block: Block) -> None:
        """Go on in a block."""
        self.block.end = f"br label %{block.name}"

    def cbranch(self, condition: Value, then: Block, otherwise: Block) -> None:
        """Go on in one of two blocks."""
        self.block.end = f"br {condition.typed}, label %{then.name}, label %{otherwise.name}"

    def ret(self, value: Value) -> None:
        """Leave the function."""
        self.block.end = f"ret {value.typed}"

    def ret_void(self) -> None:
        """Leave the function."""
        self.block.end = "ret void"

    @contextmanager
    def if_then(self, condition: Value) -> Iterator[None]:
        """What is written inside is run where the condition holds."""
        then = self.append_basic_block("then")
        after = self.append_basic_block("after", goes_on=True)
        self.cbranch(condition, then, after)
        self.block = then
        yield
        if self.block.end is None:
            self.branch(after)
        self.block = after

    # Writing.
    @property
    def module(self) -> Module:
        """The module that is written."""
        return self.function.module

    def pure(self, kind: Type, text: str, *operands: Value) -> Value:
        """An instruction that does nothing but give a value: computed once, as early as it can."""
        found = self.block.found(text)
        if found is None:
            home = self.block.home(*operands)
            found = home.known[text] = Value(kind, self._name(), home)
            home.lines.append(f"{found.text} = {text}")
        return found

    def _here(self, kind: Type, text: str) -> Value:
        value = Value(kind, self._name(), self.block)
        self._line(f"{value.text} = {text}")
        return value

    def _line(self, text: str) -> None:
        self.block.lines.append(text)

    def _name(self) -> str:
        return f"%v{self.function.number()}"
