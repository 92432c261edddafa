"""The small language of loop nests: buffers, loads, operations, stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from glassnet.loops.buffer import ROWS, SCALAR, Buffer
from glassnet.loops.index import Loop, Place

WHOLE = Place((), -1)  # of a table whose rows another term names: all of it counts as read


class Load(NamedTuple):
    """A number of a buffer; of a rows buffer, the one of the sample at hand."""

    buffer: Buffer
    place: Place

    def __str__(self) -> str:
        if self.buffer.kind == SCALAR:
            return self.buffer.name
        at = "n, " if self.buffer.kind == ROWS else ""
        return f"{self.buffer.name}[{at}{self.place}]"


class Picked(NamedTuple):
    """A number of a table whose row is another term: table[row][place]."""

    buffer: Buffer
    row: Term
    place: Place

    def __str__(self) -> str:
        return f"{self.buffer.name}[{self.row}][{self.place}]"


class Constant(NamedTuple):
    """A known number."""

    value: float
    dtype: str

    def __str__(self) -> str:
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)


class Counted(NamedTuple):
    """A place as a number: which class, which column."""

    place: Place

    def __str__(self) -> str:
        return str(self.place)


@dataclass(frozen=True)
class Total:
    """What the nest's reduction has found."""

    def __str__(self) -> str:
        return "total"


class Apply(NamedTuple):
    """An operation of the graph on terms.

    dtype   kind of the result; inside  kind in which it is computed
    """

    op: str
    args: tuple[Term, ...]
    dtype: str
    inside: str

    def __str__(self) -> str:
        sign = _SIGNS.get(self.op)
        words = [str(a) for a in self.args]
        if sign and len(words) == 2:
            return f"({words[0]} {sign} {words[1]})"
        return f"{self.op}({', '.join(words)})"


Term = Load | Picked | Constant | Counted | Total | Apply
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "less": "<", "greater": ">",
          "less_equal": "<=", "greater_equal": ">=", "equal": "==", "not_equal": "!="}  # fmt: skip


class Store(NamedTuple):
    """buffer[place] = term; a local one never leaves the registers."""

    buffer: Buffer
    place: Place
    term: Term
    local: bool = False

    def __str__(self) -> str:
        name = self.buffer.name if self.local else str(Load(self.buffer, self.place))
        return f"{name} = {self.term}"


class Reduction(NamedTuple):
    """total = sum (or max, min) of a term over loops, and over the samples where `samples`."""

    how: str
    loops: tuple[Loop, ...]
    samples: bool
    term: Term


@dataclass(frozen=True)
class Drawn:
    """Random numbers into a buffer: Philox words keyed by seed and stream, counted by the step."""

    buffer: Buffer
    stream: int
    seed: Term
    step: Term

    def __str__(self) -> str:
        return f"{self.buffer.name}[n, :] = uniform(seed, stream {self.stream}, t)"


@dataclass(frozen=True)
class Scattered:
    """table[index[n]] += rows[n], for the samples n one after another, from a table of zeros."""

    buffer: Buffer
    index: Buffer
    rows: Buffer

    def __str__(self) -> str:
        return f"{self.buffer.name}[{self.index.name}[n]] += {self.rows.name}[n, :]"


_HEADS = {
    "rows": "for each block of samples n", "table": "for all", "sums": "for all",
    "once": "once", "random": "for all samples n", "scatter": "for all samples n",
}  # fmt: skip


@dataclass
class Nest:
    """Loops around a reduction and some stores.

    over  rows: for every block of samples; table: lanes are numbers of an array;
          sums: lanes are samples, added up at the end; once: a single number;
          random: numbers are drawn; scatter: rows are added to a table
    """

    over: str
    loops: tuple[Loop, ...]
    reduction: Reduction | None = None
    stores: list[Store] = field(default_factory=list)
    drawn: Drawn | None = None
    scattered: Scattered | None = None

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        found = [s.term for s in self.stores]
        if self.reduction is not None:
            found.append(self.reduction.term)
        if self.drawn is not None:
            found += [self.drawn.seed, self.drawn.step]
        if self.scattered is not None:
            found += [Load(b, Place()) for b in (self.scattered.index, self.scattered.rows)]
        return found

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        own = {s.buffer for s in (self.drawn, self.scattered) if s is not None}
        return own | {s.buffer for s in self.stores}

    def __str__(self) -> str:
        head = _HEADS[self.over]
        lines = [head + "".join(f", {loop} < {loop.size}" for loop in self.loops) + ":"]
        if self.reduction is not None:
            r = self.reduction
            over = ["n"] if r.samples else []
            over += [f"{loop} < {loop.size}" for loop in r.loops]
            lines.append(f"    total = {r.how} over {', '.join(over)} of {r.term}")
        lines += [f"    {store}" for store in self.stores]
        lines += [f"    {s}" for s in (self.drawn, self.scattered) if s is not None]
        return "\n".join(lines)


def loads(term: Term) -> list[Load]:
    """Every load in a term; of a picked row the whole table counts as read."""
    if isinstance(term, Load):
        return [term]
    if isinstance(term, Picked):
        return [Load(term.buffer, WHOLE), *loads(term.row)]
    if isinstance(term, Apply):
        return [load for arg in term.args for load in loads(arg)]
    return []


def places(term: Term) -> list[Place]:
    """Every place in a term: where it reads, and what it counts."""
    if isinstance(term, Load | Counted):
        return [term.place]
    if isinstance(term, Picked):
        return [term.place, *places(term.row)]
    if isinstance(term, Apply):
        return [place for arg in term.args for place in places(arg)]
    return []


def dtype_of(term: Term) -> str:
    """The kind of number a term is; places are taken as float64."""
    if isinstance(term, Load):
        return term.buffer.dtype
    if isinstance(term, Apply | Constant):
        return term.dtype
    return "float64"
