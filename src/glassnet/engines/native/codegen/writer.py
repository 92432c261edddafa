"""Writes LLVM code for loops, places, memory and terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.control import Turn, counted
from glassnet.engines.native.codegen.gather import gathered
from glassnet.engines.native.codegen.layout import LANES, SIZES, Layout, pitch
from glassnet.engines.native.codegen.padding import padded_inside, padded_offset, row_pitch
from glassnet.engines.native.codegen.values import (
    KINDS,
    STORED,
    apply,
    convert,
    held,
    is_vector,
    spread,
)
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64, Maths
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Divided, Loop, linear
from glassnet.loops.nest import Nest, Order, Reduce, Store
from glassnet.loops.term import Apply, Constant, Gathered, IndexValue, Load, LookUp, Term
from glassnet.loops.views import Sample

I8P = ir.IntType(8).as_pointer()


Loops = dict[Loop, Affine]  # where loops stand, if not at their counters
Along = Sample | Loop | None  # what lanes run along


@dataclass
class Cell:
    """What is known while one turn of a nest is written.

    lanes  how many numbers at once; known  what has been loaded; total  of the nest's reduction
    """

    loops: Loops
    lanes: int
    along: Along
    known: dict[tuple[Buffer, Affine], Value]
    total: Value | None = None


class Chunk(NamedTuple):
    """The part of a batch at hand: its first sample, and whether it is the first or the last."""

    base: Value
    is_first: Value
    is_last: Value


class Writer:
    """Writes into one function.

    counters  of the loops that are open; block, lane, count  as the comments say
    """

    def __init__(self, builder: ir.IRBuilder, arena: Value, layout: Layout) -> None:
        self.b, self.arena, self.layout = builder, arena, layout
        self.counters: dict[Loop, Value] = {}
        self.block: Value = I64(0)  # of samples, the one at hand
        self.lane: Value = I64(0)  # which sample of the block, where lanes are not samples
        self.count: Value = I64(0)  # rows of this batch
        self.thread: Value | None = None  # where only one runs
        self.threads: Value = I64(1)
        self.chunk: Chunk | None = None  # where a batch is cut
        self.accumulators: Mapping[int, Buffer] = {}  # by the identity of nests
        self.state: Value = I64(0)  # of the barrier: an address
        self.reads_rows = False  # where single numbers, too, are read from samples as rows
        self._start = builder.block  # where the nest at hand begins
        self._nest: Nest | None = None
        self._written: AbstractSet[Buffer] = frozenset()
        self._scalars: dict[Buffer, Value] = {}
        self._scratch: dict[tuple[str, int], Value] = {}

    # Control flow.
    def loop(
        self, stop: Value, start: Value | None = None, step: int = 1, carried: Sequence[Value] = ()
    ) -> AbstractContextManager[Turn]:
        """for i in range(start, stop, step); see `counted`."""
        return counted(self.b, stop, start, step, carried)

    def share(self, size: Value, unit: int = 1) -> tuple[Value, Value]:
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
        return self.times(start, unit), self.least(stop, size)

    def blocks(self) -> Value:
        """How many blocks of samples this batch has."""
        lanes = self.layout.lanes
        return self.b.udiv(self.b.add(self.count, I64(lanes - 1)), I64(lanes))

    # Indices and memory.
    def index(self, index: Affine, scale: int = 1) -> Value:
        """An index as an i64, times a number."""
        total: Value | None = None
        for counter, stride in index.terms:
            if isinstance(counter, Divided):
                divide = self.b.udiv if counter.sign == "/" else self.b.urem
                value = divide(self.index(counter.dividend), I64(counter.by))
            else:
                value = self.counters[counter]
            value = self.times(value, stride * scale)
            total = value if total is None else self.b.add(total, value)
        return self.plus(total, index.constant * scale)

    def least(self, x: Value, y: Value) -> Value:
        """The smaller of two numbers."""
        return self.b.select(self.b.icmp_signed("<", x, y), x, y)

    def times(self, value: Value, factor: int) -> Value:
        """value * factor, without an instruction for 1."""
        return value if factor == 1 else self.b.mul(value, I64(factor))

    def plus(self, value: Value | None, number: int) -> Value:
        """value + number, without an instruction for 0; None counts as 0."""
        if value is None:
            return I64(number)
        return value if number == 0 else self.b.add(value, I64(number))

    def base(self, offset: int, kind: ir.Type) -> Value:
        """The address of an offset of the arena."""
        return self.b.bitcast(self.b.gep(self.arena, [I64(offset)]), kind.as_pointer())

    def pointer(self, offset: int, index: Value, kind: ir.Type, lanes: int) -> Value:
        """Where the index-th number after an offset of the arena lies."""
        at = self.b.gep(self.base(offset, kind), [index])
        return at if lanes == 1 else self.b.bitcast(at, _vector(kind, lanes))

    def scratch(self, kind: ir.Type, count: int) -> Value:
        """Memory for so many values, until it is asked for again."""
        key = str(kind), count
        if key not in self._scratch:
            with self.b.goto_entry_block():
                self._scratch[key] = self.b.alloca(kind, count)
        return self._scratch[key]

    def prefetch(self, pointer: Value, *, write: bool) -> None:
        """A wish to have this cache line at hand soon, to be written to or only read."""
        word, module = ir.IntType(32), self.b.module
        kind = ir.FunctionType(ir.VoidType(), [I8P, word, word, word])
        name = "llvm.prefetch.p0"
        function = module.globals.get(name) or ir.Function(module, kind, name)
        self.b.call(function, [self.b.bitcast(pointer, I8P), word(write), word(3), word(1)])

    def _read(self, buffer: Buffer, pointer: Value, align: int) -> Value:
        value = self.b.load(pointer)
        value.align = align
        if buffer.dtype == "bool":
            kind = KINDS["bool"]
            if is_vector(value):
                return self.b.trunc(value, ir.VectorType(kind, value.type.count))
            return self.b.trunc(value, kind)
        return value

    def load(self, load: Load, cell: Cell) -> Value:
        """A number, or a vector of them."""
        buffer, offset = load.buffer, load.offset.moved(cell.loops)
        key = (buffer, offset)
        if buffer.is_scalar and buffer not in self._written and key not in cell.known:
            return self._scalar(load, cell)
        if key not in cell.known:
            cell.known[key] = self._loaded(buffer, load.offset, cell)
        return cell.known[key]

    def begin(self, nest: Nest) -> None:
        """What is written next is a nest."""
        self._start, self._written, self._scalars = self.b.block, nest.written(), {}
        self._nest = nest

    # Sums over samples that go on from chunk to chunk.
    def resumed(self, start: Value, chain: int, cell: Cell) -> Value:
        """What a sum begins with: the start, or what the chunk before has left."""
        if self.chunk is None or id(self._nest) not in self.accumulators:
            return start
        pointer, align = self.left_at(chain, cell)
        found = self.b.load(pointer)
        found.align = align
        return self.b.select(self.chunk.is_first, start, found)

    def leave(self, total: Value, chain: int, cell: Cell) -> None:
        """Keep a sum for the next chunk."""
        if self.chunk is not None and id(self._nest) in self.accumulators:
            pointer, align = self.left_at(chain, cell)
            self.b.store(total, pointer).align = align

    def left_at(self, chain: int, cell: Cell) -> tuple[Value, int]:
        """Where the nest keeps a sum, and how that is aligned."""
        nest, buffer = self._nest, self.accumulators[id(self._nest)]
        assert isinstance(nest, Reduce)  # noqa: S101 - only these add up
        loops = tuple(map(Affine.of, nest.loops))
        is_tree = nest.reduction.over_samples is Order.TREE
        index = (*loops, Affine()) if is_tree else (Affine((), chain), *loops)
        return self.address(buffer, linear(index, buffer.sizes), cell.loops, cell.lanes, None)

    @contextmanager
    def after_sum(self) -> Iterator[None]:
        """What follows a sum over samples is for the last chunk alone."""
        if self.chunk is None or id(self._nest) not in self.accumulators:
            yield
            return
        with self.b.if_then(self.chunk.is_last):
            yield

    def _scalar(self, load: Load, cell: Cell) -> Value:
        """A number that the nest does not change: it is loaded in front of the loops."""
        if load.buffer not in self._scalars:
            with self.b.at_end_of(self._start):
                self._scalars[load.buffer] = self._loaded(load.buffer, load.offset, cell)
        return self._scalars[load.buffer]

    def address(
        self, buffer: Buffer, offset: Affine, loops: Loops, lanes: int, along: Along
    ) -> tuple[Value, int]:
        """(pointer, alignment) of an offset, with loops' counters replaced."""
        kind, layout = STORED[buffer.dtype], self.layout
        size = SIZES[buffer.dtype]
        if buffer.is_scalar:
            return self.pointer(layout.at[buffer], I64(0), kind, 1), size
        if not buffer.batched:
            offset = padded_offset(buffer, offset).moved(loops)
            return self._far(layout.at[buffer], I64(0), offset, 1, (kind, lanes)), size
        offset = offset.moved(loops)
        if along is not Sample.HERE and (lanes > 1 or self.reads_rows):
            width = pitch(buffer.count)
            start = self.times(self.block, width * layout.lanes)
            start = self.b.add(start, self.times(self.lane, width))
            return self._far(layout.sample_major[buffer], start, offset, 1, (kind, lanes)), size
        start = self.times(self.block, buffer.count * layout.lanes)
        if along is not Sample.HERE:
            start = self.b.add(start, self.lane)
            return self._far(layout.at[buffer], start, offset, layout.lanes, (kind, 1)), size
        form = kind, layout.lanes
        pointer = self._far(layout.at[buffer], start, offset, layout.lanes, form)
        return pointer, min(64, size * LANES)

    def _far(self, origin: int, start: Value, offset: Affine, scale: int,
             form: tuple[ir.Type, int]) -> Value:  # fmt: skip
        """Where an offset lies, counted from a start; what is known of it is added at the end."""
        kind, lanes = form
        index = self.b.add(start, self.index(Affine(offset.terms), scale))
        pointer = self.b.gep(self.pointer(origin, index, kind, 1), [I64(offset.constant * scale)])
        return pointer if lanes == 1 else self.b.bitcast(pointer, _vector(kind, lanes))

    def _loaded(self, buffer: Buffer, offset: Affine, cell: Cell) -> Value:
        lanes = 1
        if isinstance(cell.along, Loop) and offset.stride(cell.along):
            lanes = cell.lanes
        pointer, align = self.address(buffer, offset, cell.loops, lanes, cell.along)
        return self._read(buffer, pointer, align)

    def store(self, store: Store, cell: Cell) -> None:
        """Compute and keep a number, or a vector of them."""
        value = convert(self.b, self.term(store.term, cell), store.buffer.dtype)
        offset = store.offset.moved(cell.loops)
        if not store.buffer.is_scalar:
            value = spread(self.b, value, cell.lanes)
        cell.known[store.buffer, offset] = value
        if store.local:
            return
        if store.buffer.dtype == "bool":
            kind = STORED["bool"]
            wide = ir.VectorType(kind, value.type.count) if is_vector(value) else kind
            value = self.b.zext(value, wide)
        lanes = cell.lanes if is_vector(value) else 1
        pointer, align = self.address(store.buffer, store.offset, cell.loops, lanes, cell.along)
        self.b.store(value, pointer).align = align

    # Terms.
    def term(self, term: Term, cell: Cell) -> Value:
        """A term as a value."""
        if isinstance(term, Load):
            return self.load(term, cell)
        if isinstance(term, Constant):
            if term.dtype in {"int64", "bool"}:
                return KINDS[term.dtype](int(term.value))
            known: Value = Maths(self.b, KINDS[term.dtype]).const(float(term.value))
            return known
        if isinstance(term, IndexValue):
            return self._index_value(term, cell)
        if isinstance(term, LookUp):
            return self._looked_up(term, cell)
        if isinstance(term, Gathered):
            return gathered(self, term, cell)
        if isinstance(term, Apply):
            args = [self.term(a, cell) for a in term.args]
            exponent = None
            if term.op == "pow" and isinstance(term.args[1], Constant):
                exponent = term.args[1].value
            return apply(self.b, term.op, args, term.dtype, term.computed_in, exponent)
        assert cell.total is not None  # noqa: S101 - a term of a nest that reduces
        return cell.total

    def _index_value(self, term: IndexValue, cell: Cell) -> Value:
        value = self.index(term.offset.moved(cell.loops))
        if isinstance(cell.along, Loop) and term.offset.stride(cell.along) == 1 and cell.lanes > 1:
            kind = ir.VectorType(I64, cell.lanes)
            return self.b.add(
                spread(self.b, value, cell.lanes), ir.Constant(kind, list(range(cell.lanes)))
            )
        return value

    def _looked_up(self, term: LookUp, cell: Cell) -> Value:
        """Rows of a table that another term names, lane by lane; never outside of the table.

        Indices are checked before; only lanes that belong to no sample may hold others.

        Along a loop, one row's numbers lie side by side: they are read together.
        """
        b, buffer = self.b, term.buffer
        rows = convert(b, self.term(term.row, cell), "int64")
        offset = padded_inside(buffer, term.offset)
        inside = self.index(offset.moved(cell.loops))
        along = isinstance(cell.along, Loop) and cell.lanes > 1 and offset.stride(cell.along) == 1

        def pointer(row: Value, lane: int = 0) -> Value:
            row = held(b, row, buffer.sizes[0])
            index = b.add(b.mul(row, I64(row_pitch(buffer))), self.plus(inside, lane * along))
            return self.pointer(self.layout.at[buffer], index, STORED[buffer.dtype], 1)

        if not is_vector(rows):
            first = pointer(rows)
            wide = b.bitcast(first, _vector(STORED[buffer.dtype], cell.lanes)) if along else first
            return self._read(buffer, wide, SIZES[buffer.dtype])
        lane = ir.IntType(32)
        found: Value = ir.Constant(
            ir.VectorType(KINDS[buffer.dtype], rows.type.count), ir.Undefined
        )
        for i in range(rows.type.count):
            one = self._read(
                buffer, pointer(b.extract_element(rows, lane(i)), i), SIZES[buffer.dtype]
            )
            found = b.insert_element(found, one, lane(i))
        return found


def _vector(kind: ir.Type, lanes: int) -> ir.Type:
    """The pointer to so many numbers."""
    return ir.VectorType(kind, lanes).as_pointer()
