"""Terms: the formulas of loop nests, over what lies in buffers and over counters of loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine


class Load(NamedTuple):
    """A number of a buffer; of a batched one, that of the sample at hand."""

    buffer: Buffer
    offset: Affine

    @property
    def is_whole(self) -> bool:
        """True for all of a table of which another term says what is read."""
        return self.offset == _WHOLE

    def __str__(self) -> str:
        if self.buffer.is_scalar:
            return self.buffer.name
        at = "n, " if self.buffer.batched else ""
        return f"{self.buffer.name}[{at}{self.offset}]"


_WHOLE = Affine((), -1)


class LookUp(NamedTuple):
    """A number of a table whose row is another term: table[row][offset]."""

    buffer: Buffer
    row: Term
    offset: Affine

    def __str__(self) -> str:
        return f"{self.buffer.name}[{self.row}][{self.offset}]"


class Gathered(NamedTuple):
    """A number of the sample at hand whose place another term names, a whole number as a float.

    buffer[n, at * scale + offset], and never outside of the sample: of an image (B, H, W, C) with
    scale C, `at` counts pixels.
    """

    buffer: Buffer
    at: Term
    scale: int
    offset: Affine

    def __str__(self) -> str:
        scaled = str(self.at) if self.scale == 1 else f"{self.scale}*{self.at}"
        return f"{self.buffer.name}[n, {scaled} + {self.offset}]"


class Constant(NamedTuple):
    """A known number."""

    value: float
    dtype: str

    def __str__(self) -> str:
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)


class IndexValue(NamedTuple):
    """An index as a number: which class, which column."""

    offset: Affine

    def __str__(self) -> str:
        return str(self.offset)


@dataclass(frozen=True)
class Total:
    """What the nest's reduction has found."""

    def __str__(self) -> str:
        return "total"


class Apply(NamedTuple):
    """An operation of the graph on terms.

    dtype   kind of the result; computed_in  kind in which it is computed
    """

    op: str
    args: tuple[Term, ...]
    dtype: str
    computed_in: str

    def __str__(self) -> str:
        sign = _SIGNS.get(self.op)
        words = [str(a) for a in self.args]
        if sign and len(words) == 2:
            return f"({words[0]} {sign} {words[1]})"
        return f"{self.op}({', '.join(words)})"


Term = Load | LookUp | Gathered | Constant | IndexValue | Total | Apply
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "less": "<", "greater": ">",
          "less_equal": "<=", "greater_equal": ">=", "equal": "==", "not_equal": "!="}  # fmt: skip


def loads(term: Term) -> list[Load]:
    """Every load in a term; of a look-up the whole table counts as read."""
    if isinstance(term, Load):
        return [term]
    if isinstance(term, LookUp):
        return [Load(term.buffer, _WHOLE), *loads(term.row)]
    if isinstance(term, Gathered):
        return [Load(term.buffer, _WHOLE), *loads(term.at)]
    if isinstance(term, Apply):
        return [load for arg in term.args for load in loads(arg)]
    return []


def offsets(term: Term) -> list[Affine]:
    """Every index in a term: where it reads, and what it counts."""
    if isinstance(term, Load | IndexValue):
        return [term.offset]
    if isinstance(term, LookUp):
        return [term.offset, *offsets(term.row)]
    if isinstance(term, Gathered):
        return [term.offset, *offsets(term.at)]
    if isinstance(term, Apply):
        return [offset for arg in term.args for offset in offsets(arg)]
    return []


def dtype_of(term: Term) -> str:
    """The kind of number a term is; indices are taken as float64."""
    if isinstance(term, Load | Gathered):
        return term.buffer.dtype
    if isinstance(term, Apply | Constant):
        return term.dtype
    return "float64"
