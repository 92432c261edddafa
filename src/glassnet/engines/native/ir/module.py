"""Modules of functions of blocks of instructions: LLVM's text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from glassnet.engines.native.ir.types import FunctionType, PointerType, Type, Value, VoidType

_DEEP = 1 << 30


class Block:
    """Instructions that run one after another, and `end`, the jump behind them.

    level   how many blocks are known to run before this one
    before  where a loop is entered, for blocks inside of it: what never changes goes there
    known   texts of instructions whose results can be used again; outer  a block with more of them
    """

    def __init__(self, function: Function, name: str) -> None:
        self.function, self.name = function, name
        self.level = _DEEP if function.blocks else 0
        self.before: Block | None = None
        self.outer: Block | None = None
        self.known: dict[str, Value] = {}
        self.phis: list[Any] = []
        self.lines: list[Any] = []
        self.end: str | None = None

    def follow(self, above: Block, *, goes_on: bool) -> None:
        """Say that the block above runs before this one; goes_on: and is not returned to."""
        self.level, self.before = above.level + 1, above.before
        self.outer = above.outer if goes_on else above
        if goes_on:
            self.known = above.known

    def found(self, text: str) -> Value | None:
        """The result of the same instruction, here or in a block that has run before."""
        block: Block | None = self
        while block is not None:
            value = block.known.get(text)
            if value is not None and value.block.level <= self.level:
                return value
            block = block.outer
        return None

    def home(self, *operands: Value) -> Block:
        """In front of as many loops as the operands allow."""
        block = self
        level = max((o.block.level for o in operands if o.block is not None), default=0)
        while block.before is not None and level <= block.before.level:
            block = block.before
        return block

    def texts(self) -> Iterator[str]:
        """Line by line."""
        yield f"{self.name}:"
        for line in (*self.phis, *self.lines):
            yield f"  {line if isinstance(line, str) else line.line()}"
        yield f"  {self.end}"


class Function(Value):
    """A function; without blocks, one that is defined elsewhere.

    is_pure  it does nothing but give a value; LLVM's own functions of numbers are such
    """

    def __init__(
        self, module: Module, kind: FunctionType, name: str, *, is_pure: bool = False
    ) -> None:
        super().__init__(PointerType(kind), f"@{name}")
        self.module, self.kind, self.name, self.linkage = module, kind, name, ""
        self.args = [Value(t, f"%a{i}") for i, t in enumerate(kind.args)]
        numbers = kind.args and not isinstance(kind.result, VoidType)
        self.is_pure = is_pure or (name.startswith("llvm.") and bool(numbers))
        self.blocks: list[Block] = []
        self.attributes: set[str] = set()
        self._numbers = 0
        module.globals[name] = self

    def number(self) -> int:
        """One that was not given before."""
        self._numbers += 1
        return self._numbers

    def append_basic_block(self, name: str = "") -> Block:
        """A new block."""
        self.blocks.append(Block(self, f"{name}{self.number()}"))
        return self.blocks[-1]

    def __str__(self) -> str:
        args = ", ".join(a.typed if self.blocks else a.type.text for a in self.args)
        words = [self.linkage, self.kind.result.text, f"{self.text}({args})"]
        head = " ".join([*filter(None, words), *sorted(self.attributes)])
        if not self.blocks:
            return f"declare {head}"
        lines = [line for block in self.blocks for line in block.texts()]
        return "\n".join([f"define {head} {{", *lines, "}"])


class GlobalVariable(Value):
    """A thing in the module's memory."""

    def __init__(self, module: Module, kind: Type, name: str) -> None:
        super().__init__(PointerType(kind), f"@{name}")
        self.kind, self.linkage, self.global_constant = kind, "", False
        self.initializer: Any = None
        module.globals[name] = self

    def __str__(self) -> str:
        words = [self.linkage, "constant" if self.global_constant else "global"]
        return f"{self.text} = {' '.join(filter(None, words))} {self.initializer.typed}"


class Module:
    """Functions and variables, by their names."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.globals: dict[str, Any] = {}

    @property
    def functions(self) -> list[Function]:
        """All functions."""
        return [g for g in self.globals.values() if isinstance(g, Function)]

    def __str__(self) -> str:
        return "\n".join(map(str, self.globals.values()))
