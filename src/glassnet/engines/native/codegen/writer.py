"""Writes LLVM code for loops, places, memory and terms."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.control import counted
from glassnet.engines.native.codegen.layout import LANES, SIZES, Layout, pitch
from glassnet.engines.native.codegen.padding import padded_inside, padded_place, row_pitch
from glassnet.engines.native.codegen.values import KINDS, STORED, apply, convert, is_vector, spread
from glassnet.engines.native.maths import I64, Maths
from glassnet.loops.buffer import ROWS, SCALAR, Buffer
from glassnet.loops.index import Divided, Loop, Place
from glassnet.loops.nest import (
    Apply,
    Constant,
    Counted,
    Load,
    Nest,
    Picked,
    Store,
    Term,
)

I8P = ir.IntType(8).as_pointer()


@dataclass
class Cell:
    """What is known while one turn of a nest is written.

    loops   places of the nest's loops here; lanes  how many numbers at once
    along   "samples" (lanes are samples of a block), a loop (lanes run along it), or None
    """

    loops: dict[Loop, Place]
    lanes: int
    along: str | Loop | None
    known: dict[tuple[Buffer, Place], Any]
    total: Any = None


class Writer:
    """Writes into one function.

    counters  of the loops that are open; block, lane, count  as the comments say
    """

    def __init__(self, builder: ir.IRBuilder, arena: Any, layout: Layout) -> None:
        self.b, self.arena, self.layout = builder, arena, layout
        self.counters: dict[Loop, Any] = {}
        self.block: Any = None  # the block of samples at hand
        self.lane: Any = None  # which sample of the block, where lanes are not samples
        self.count: Any = None  # rows of this batch
        self.thread: Any = None  # where only one runs
        self.threads: Any = I64(1)
        self.state: Any = None  # of the barrier
        self._start: Any = None  # where the nest at hand begins
        self._written: AbstractSet[Buffer] = frozenset()
        self._scalars: dict[Buffer, Any] = {}
        self._scratch: dict[tuple[str, int], Any] = {}

    # Control flow.
    def loop(self, stop: Any, start: Any = None, step: int = 1, carried: Sequence[Any] = ()) -> Any:
        """for i in range(start, stop, step); see `counted`."""
        return counted(self.b, stop, start, step, carried)

    def share(self, size: Any, unit: int = 1) -> tuple[Any, Any]:
        """(start, stop): this thread's part of a range, in whole units."""
        if self.thread is None:
            return I64(0), size
        units = size if unit == 1 else self.b.udiv(self.b.add(size, I64(unit - 1)), I64(unit))
        start = self.b.udiv(self.b.mul(units, self.thread), self.threads)
        after = self.b.add(self.thread, I64(1))
        stop = self.b.udiv(self.b.mul(units, after), self.threads)
        if unit == 1:
            return start, stop
        stop = self.times(stop, unit)
        held = self.b.select(self.b.icmp_signed("<", stop, size), stop, size)
        return self.times(start, unit), held

    def blocks(self) -> Any:
        """How many blocks of samples this batch has."""
        lanes = self.layout.lanes
        return self.b.udiv(self.b.add(self.count, I64(lanes - 1)), I64(lanes))

    # Places and memory.
    def place(self, place: Place, scale: int = 1) -> Any:
        """A place as an i64, times a number."""
        total = None
        for counter, stride in place.terms:
            if isinstance(counter, Divided):
                divide = self.b.udiv if counter.sign == "/" else self.b.urem
                value = divide(self.place(counter.place), I64(counter.by))
            else:
                value = self.counters[counter]
            value = self.times(value, stride * scale)
            total = value if total is None else self.b.add(total, value)
        return self.plus(total, place.constant * scale)

    def times(self, value: Any, factor: int) -> Any:
        """value * factor, without an instruction for 1."""
        return value if factor == 1 else self.b.mul(value, I64(factor))

    def plus(self, value: Any, number: int) -> Any:
        """value + number, without an instruction for 0; None counts as 0."""
        if value is None:
            return I64(number)
        return value if number == 0 else self.b.add(value, I64(number))

    def base(self, offset: int, kind: Any) -> Any:
        """The address of an offset of the arena."""
        return self.b.bitcast(self.b.gep(self.arena, [I64(offset)]), kind.as_pointer())

    def pointer(self, offset: int, index: Any, kind: Any, lanes: int) -> Any:
        """Where the index-th number after an offset of the arena lies."""
        at = self.b.gep(self.base(offset, kind), [index])
        return at if lanes == 1 else self.b.bitcast(at, _vector(kind, lanes))

    def scratch(self, kind: Any, count: int) -> Any:
        """Memory for so many values, until it is asked for again."""
        key = str(kind), count
        if key not in self._scratch:
            with self.b.goto_entry_block():
                self._scratch[key] = self.b.alloca(kind, count)
        return self._scratch[key]

    def prefetch(self, pointer: Any, *, write: bool) -> None:
        """A wish to have this cache line at hand soon, to be written to or only read."""
        word, module = ir.IntType(32), self.b.module
        kind = ir.FunctionType(ir.VoidType(), [I8P, word, word, word])
        name = "llvm.prefetch.p0"
        function = module.globals.get(name) or ir.Function(module, kind, name)
        self.b.call(function, [self.b.bitcast(pointer, I8P), word(write), word(3), word(1)])

    def _read(self, buffer: Buffer, pointer: Any, align: int) -> Any:
        value = self.b.load(pointer)
        value.align = align
        if buffer.dtype == "bool":
            kind = KINDS["bool"]
            if is_vector(value):
                kind = ir.VectorType(kind, value.type.count)
            return self.b.trunc(value, kind)
        return value

    def load(self, load: Load, cell: Cell) -> Any:
        """A number, or a vector of them."""
        buffer, place = load.buffer, load.place.moved(cell.loops)
        key = (buffer, place)
        if buffer.kind == SCALAR and buffer not in self._written and key not in cell.known:
            return self._scalar(load, cell)
        if key not in cell.known:
            cell.known[key] = self._loaded(buffer, load.place, cell)
        return cell.known[key]

    def begin(self, nest: Nest) -> None:
        """What is written next is a nest."""
        self._start, self._written, self._scalars = self.b.block, nest.written(), {}

    def _scalar(self, load: Load, cell: Cell) -> Any:
        """A number that the nest does not change: it is loaded in front of the loops."""
        if load.buffer not in self._scalars:
            with self.b.at_end_of(self._start):
                self._scalars[load.buffer] = self._loaded(load.buffer, load.place, cell)
        return self._scalars[load.buffer]

    def address(
        self, buffer: Buffer, place: Place, loops: dict[Loop, Place], lanes: int, along: Any
    ) -> tuple[Any, int]:
        """(pointer, alignment) of a place, with loops' counters replaced."""
        kind, layout = STORED[buffer.dtype], self.layout
        size = SIZES[buffer.dtype]
        if buffer.kind == SCALAR:
            return self.pointer(layout.at[buffer], I64(0), kind, 1), size
        if buffer.kind != ROWS:
            place = padded_place(buffer, place).moved(loops)
            return self._far(layout.at[buffer], I64(0), place, 1, (kind, lanes)), size
        place = place.moved(loops)
        if along != "samples" and lanes > 1:
            width = pitch(buffer.count)
            start = self.times(self.block, width * layout.lanes)
            start = self.b.add(start, self.times(self.lane, width))
            return self._far(layout.turned[buffer], start, place, 1, (kind, lanes)), size
        start = self.times(self.block, buffer.count * layout.lanes)
        if along != "samples":
            start = self.b.add(start, self.lane)
            return self._far(layout.at[buffer], start, place, layout.lanes, (kind, 1)), size
        form = kind, layout.lanes
        pointer = self._far(layout.at[buffer], start, place, layout.lanes, form)
        return pointer, min(64, size * LANES)

    def _far(self, offset: int, start: Any, place: Place, scale: int, form: Any) -> Any:
        """Where a place lies, counted from a start; what is known of it is added at the end."""
        kind, lanes = form
        index = self.b.add(start, self.place(Place(place.terms), scale))
        pointer = self.b.gep(self.pointer(offset, index, kind, 1), [I64(place.constant * scale)])
        return pointer if lanes == 1 else self.b.bitcast(pointer, _vector(kind, lanes))

    def _loaded(self, buffer: Buffer, place: Place, cell: Cell) -> Any:
        lanes = 1
        if isinstance(cell.along, Loop) and place.stride(cell.along):
            lanes = cell.lanes
        pointer, align = self.address(buffer, place, cell.loops, lanes, cell.along)
        return self._read(buffer, pointer, align)

    def store(self, store: Store, cell: Cell) -> None:
        """Compute and keep a number, or a vector of them."""
        value = convert(self.b, self.term(store.term, cell), store.buffer.dtype)
        place = store.place.moved(cell.loops)
        if store.buffer.kind != SCALAR:
            value = spread(self.b, value, cell.lanes)
        cell.known[store.buffer, place] = value
        if store.local:
            return
        if store.buffer.dtype == "bool":
            kind = STORED["bool"]
            value = self.b.zext(
                value, ir.VectorType(kind, value.type.count) if is_vector(value) else kind
            )
        lanes = cell.lanes if is_vector(value) else 1
        pointer, align = self.address(store.buffer, store.place, cell.loops, lanes, cell.along)
        self.b.store(value, pointer).align = align

    # Terms.
    def term(self, term: Term, cell: Cell) -> Any:
        """A term as a value."""
        if isinstance(term, Load):
            return self.load(term, cell)
        if isinstance(term, Constant):
            if term.dtype in {"int64", "bool"}:
                return KINDS[term.dtype](int(term.value))
            return Maths(self.b, KINDS[term.dtype]).const(float(term.value))
        if isinstance(term, Counted):
            return self._counted(term, cell)
        if isinstance(term, Picked):
            return self._picked(term, cell)
        if isinstance(term, Apply):
            args = [self.term(a, cell) for a in term.args]
            exponent = None
            if term.op == "pow" and isinstance(term.args[1], Constant):
                exponent = term.args[1].value
            return apply(self.b, term.op, args, term.dtype, term.inside, exponent)
        return cell.total

    def _counted(self, term: Counted, cell: Cell) -> Any:
        value = self.place(term.place.moved(cell.loops))
        if isinstance(cell.along, Loop) and term.place.stride(cell.along) == 1 and cell.lanes > 1:
            kind = ir.VectorType(I64, cell.lanes)
            return self.b.add(
                spread(self.b, value, cell.lanes), ir.Constant(kind, list(range(cell.lanes)))
            )
        return value

    def _picked(self, term: Picked, cell: Cell) -> Any:
        """Rows of a table that another term names, lane by lane; never outside of the table.

        Along a loop, one row's numbers lie side by side: they are read together.
        """
        b, buffer = self.b, term.buffer
        rows = convert(b, self.term(term.row, cell), "int64")
        place = padded_inside(buffer, term.place)
        inside = self.place(place.moved(cell.loops))
        along = isinstance(cell.along, Loop) and cell.lanes > 1 and place.stride(cell.along) == 1

        def pointer(row: Any, lane: int = 0) -> Any:
            row = b.select(b.icmp_signed("<", row, I64(0)), I64(0), row)
            last = I64(buffer.sizes[0] - 1)
            row = b.select(b.icmp_signed(">", row, last), last, row)
            index = b.add(b.mul(row, I64(row_pitch(buffer))), self.plus(inside, lane * along))
            return self.pointer(self.layout.at[buffer], index, STORED[buffer.dtype], 1)

        if not is_vector(rows):
            first = pointer(rows)
            wide = b.bitcast(first, _vector(STORED[buffer.dtype], cell.lanes)) if along else first
            return self._read(buffer, wide, SIZES[buffer.dtype])
        lane = ir.IntType(32)
        found: Any = ir.Constant(ir.VectorType(KINDS[buffer.dtype], rows.type.count), ir.Undefined)
        for i in range(rows.type.count):
            one = self._read(
                buffer, pointer(b.extract_element(rows, lane(i)), i), SIZES[buffer.dtype]
            )
            found = b.insert_element(found, one, lane(i))
        return found


def _vector(kind: Any, lanes: int) -> Any:
    """The pointer to so many numbers."""
    return ir.VectorType(kind, lanes).as_pointer()
