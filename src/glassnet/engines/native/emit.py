"""From loop nests to LLVM: one function that runs many steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from glassnet.engines.native.index import Divided, Loop, Place
from glassnet.engines.native.layout import LANES, Layout, padded_place, pitch
from glassnet.engines.native.maths import I64, Maths
from glassnet.engines.native.terms import (
    ROWS,
    SCALAR,
    Apply,
    Buffer,
    Constant,
    Counted,
    Load,
    Nest,
    Store,
    Term,
    loads,
)
from glassnet.engines.native.turn import turning
from glassnet.engines.native.values import KINDS, STORED, apply, convert, is_vector, spread

I8P = ir.IntType(8).as_pointer()
_TILE = 24  # registers that hold sums, of 16 lanes each


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


class Emitter:
    """Writes nests into one function."""

    def __init__(self, builder: ir.IRBuilder, arena: Any, layout: Layout) -> None:
        self.b, self.arena, self.layout = builder, arena, layout
        self.counters: dict[Loop, Any] = {}
        self.block: Any = None  # the block of samples at hand
        self.sample: Any = None  # the sample at hand, where lanes are not samples
        self.count: Any = None  # rows of this batch
        self._bases: dict[Any, Any] = {}

    # Control flow.
    @contextmanager
    def loop(
        self, stop: Any, start: Any = None, step: int = 1, carried: Sequence[Any] = (),
        until: Any = None,
    ) -> Iterator[Any]:  # fmt: skip
        """for i in range(start, stop, step): yields (i, carried values, box for the next ones).

        until  a pointer to a word that ends the loop when it is not 0
        """
        b = self.b
        before = b.block
        head, body, after = (b.append_basic_block(n) for n in ("head", "body", "after"))
        b.branch(head)
        b.position_at_end(head)
        i = b.phi(I64)
        i.add_incoming(I64(0) if start is None else start, before)
        inside = [b.phi(v.type) for v in carried]
        for phi, value in zip(inside, carried, strict=True):
            phi.add_incoming(value, before)
        goes_on = b.icmp_signed("<", i, stop)
        if until is not None:
            goes_on = b.and_(goes_on, b.icmp_signed("==", b.load(until), I64(0)))
        b.cbranch(goes_on, body, after)
        b.position_at_end(body)
        box: list[Any] = list(inside)
        yield i, inside, box
        following = b.add(i, I64(step))
        i.add_incoming(following, b.block)
        for phi, value in zip(inside, box, strict=True):
            phi.add_incoming(value, b.block)
        b.branch(head)
        b.position_at_end(after)

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
        """The address of an offset of the arena, computed once, at the entry."""
        if (offset, kind) not in self._bases:
            with self.b.goto_entry_block():
                at = self.b.gep(self.arena, [I64(offset)])
                self._bases[offset, kind] = self.b.bitcast(at, kind.as_pointer())
        return self._bases[offset, kind]

    def pointer(self, offset: int, index: Any, kind: Any, lanes: int) -> Any:
        """Where the index-th number after an offset of the arena lies."""
        at = self.b.gep(self.base(offset, kind), [index])
        return at if lanes == 1 else self.b.bitcast(at, ir.VectorType(kind, lanes).as_pointer())

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
        if key not in cell.known:
            cell.known[key] = self._loaded(buffer, place, load.place, cell)
        return cell.known[key]

    def address(self, buffer: Buffer, place: Place, lanes: int, along: Any) -> tuple[Any, int]:
        """(pointer, alignment) of a place."""
        kind, layout = STORED[buffer.dtype], self.layout
        size = {"float32": 4, "float64": 8, "int64": 8, "bool": 1}[buffer.dtype]
        if buffer.kind == SCALAR:
            return self.pointer(layout.at[buffer], I64(0), kind, 1), size
        if buffer.kind == ROWS and along == "samples":
            index = self.times(self.block, buffer.count * layout.lanes)
            index = self.b.add(index, self.place(place, layout.lanes))
            pointer = self.pointer(layout.at[buffer], index, kind, layout.lanes)
            return pointer, min(64, size * LANES)
        if buffer.kind == ROWS:
            index = self.times(self.sample, pitch(buffer.count))
            index = self.b.add(index, self.place(place))
            return self.pointer(layout.turned[buffer], index, kind, lanes), size
        index = self.place(padded_place(buffer, place))
        return self.pointer(layout.at[buffer], index, kind, lanes), size

    def _loaded(self, buffer: Buffer, place: Place, plain: Place, cell: Cell) -> Any:
        lanes = 1
        if isinstance(cell.along, Loop) and plain.stride(cell.along):
            lanes = cell.lanes
        pointer, align = self.address(buffer, place, lanes, cell.along)
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
        pointer, align = self.address(store.buffer, place, lanes, cell.along)
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

    # Nests.
    def nests(self, nests: Sequence[Nest]) -> None:
        """All nests; neighbours over samples share one loop over the blocks."""
        group: list[Nest] = []
        for nest in [*nests, None]:
            if nest is not None and nest.over == "rows":
                group.append(nest)
                continue
            if group:
                with self.loop(self._blocks()) as (block, _, _):
                    self.block = block
                    for one in group:
                        self._over_rows(one)
                    stored = {s.buffer: None for one in group for s in one.stores}
                    for buffer in stored:
                        if buffer in self.layout.turned:
                            self.turn(buffer)
                group = []
            if nest is not None:
                {"table": self._over_table, "sums": self._sums, "once": self._once}[nest.over](nest)

    def turn(self, buffer: Buffer) -> None:
        """Copy a block with samples as rows, sixteen by sixteen, for sums over samples."""
        layout, kind = self.layout, STORED[buffer.dtype]
        function = turning(self.b.module, kind, layout.lanes, pitch(buffer.count))
        first = self.times(self.block, buffer.count * layout.lanes)
        row = self.times(self.block, layout.lanes * pitch(buffer.count))
        with self.loop(I64(buffer.count), step=LANES) as (f, _, _):
            for part in range(0, layout.lanes, LANES):
                source = self.b.add(first, self.plus(self.times(f, layout.lanes), part))
                target = self.b.add(row, self.plus(f, part * pitch(buffer.count)))
                self.b.call(
                    function,
                    [self.pointer(layout.at[buffer], source, kind, 1),
                     self.pointer(layout.turned[buffer], target, kind, 1)],
                )  # fmt: skip

    def _blocks(self) -> Any:
        lanes = self.layout.lanes
        return self.b.udiv(self.b.add(self.count, I64(lanes - 1)), I64(lanes))

    def _over_rows(self, nest: Nest) -> None:
        """Lanes are samples; the longest loop is tiled, so that sums stay in registers."""
        lanes = self.layout.lanes
        loops = list(nest.loops)
        tiled = max(loops, key=lambda n: n.size) if loops and nest.reduction else None
        outer = [n for n in loops if n is not tiled]
        most = max(1, _TILE * LANES // lanes)

        def inside() -> None:
            if tiled is None:
                self._cells(nest, [{}], lanes, "samples")
                return
            for first, stop, width in _tiles(tiled.size, most):
                with self.loop(I64(stop), I64(first), width) as (i, _, _):
                    self.counters[tiled] = i
                    base = Place.of(tiled)
                    self._cells(nest, [{tiled: base + k} for k in range(width)], lanes, "samples")

        self._around(outer, inside)

    def _around(self, loops: Sequence[Loop], body: Any) -> None:
        if not loops:
            body()
            return
        with self.loop(I64(loops[0].size)) as (i, _, _):
            self.counters[loops[0]] = i
            self._around(loops[1:], body)

    def _cells(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Any) -> None:
        """The same turn of a nest at several places at once."""
        totals = self._totals(nest, at, lanes, along)
        for loops, total in zip(at, totals, strict=True):
            cell = Cell(loops, lanes, along, {}, total)
            for store in nest.stores:
                self.store(store, cell)

    def _totals(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Any) -> list[Any]:
        reduction = nest.reduction
        if reduction is None:
            return [None] * len(at)
        dtype = _dtype(reduction.term)
        kind = KINDS[dtype] if lanes == 1 else ir.VectorType(KINDS[dtype], lanes)
        start = Maths(self.b, kind).const(
            {"sum": 0.0, "max": float("-inf"), "min": float("inf")}[reduction.how]
        )
        sums = [start] * len(at)
        stops = [I64(n.size) for n in reduction.loops]
        if reduction.samples:
            stops.insert(0, self.count)
        return self._reduce(nest, at, lanes, along, stops, sums, dtype)

    def _reduce(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Any,
                stops: list[Any], sums: list[Any], dtype: str) -> list[Any]:  # fmt: skip
        reduction = nest.reduction
        assert reduction is not None  # noqa: S101 - for the type checker
        if not stops:
            shared: dict[tuple[Buffer, Place], Any] = {}
            return [
                self._added(
                    reduction.how, total, reduction.term, Cell(loops, lanes, along, shared), dtype
                )
                for loops, total in zip(at, sums, strict=True)
            ]
        depth = len(stops)
        with self.loop(stops[0], carried=sums) as (i, inside, box):
            names = [None] * reduction.samples + list(reduction.loops)
            name = names[len(names) - depth]
            if name is None:
                self.sample = i
            else:
                self.counters[name] = i
            box[:] = self._reduce(nest, at, lanes, along, stops[1:], inside, dtype)
        return list(inside)

    def _added(self, how: str, total: Any, term: Term, cell: Cell, dtype: str) -> Any:
        """One more term; products go in by fused multiply and add."""
        m = Maths(self.b, total.type)

        def value(one: Term) -> Any:
            return spread(self.b, convert(self.b, self.term(one, cell), dtype), cell.lanes)

        if how != "sum":
            return (m.maximum if how == "max" else m.minimum)(total, value(term))
        if isinstance(term, Apply) and term.op == "mul":
            return m.fma(value(term.args[0]), value(term.args[1]), total)
        return self.b.fadd(total, value(term))

    def _over_table(self, nest: Nest) -> None:
        """Lanes are numbers of a table, along its last axis where everything lies in a row."""
        last = nest.loops[-1] if nest.loops else None
        if last is None or not _along(nest, last):
            self._around(nest.loops, lambda: self._cells(nest, [{}], 1, None))
            return
        outer = list(nest.loops[:-1])
        tiled = outer.pop() if outer and nest.reduction else None
        wide = 2 * LANES if last.size > LANES and nest.reduction else LANES
        most = max(1, _TILE * LANES // wide // (1 if tiled else _TILE)) if tiled else 1

        def along() -> None:
            with self.loop(I64(last.size), step=wide) as (v, _, _):
                self.counters[last] = v
                if tiled is None:
                    self._cells(nest, [{}], wide, last)
                    return
                for first, stop, width in _tiles(tiled.size, most):
                    with self.loop(I64(stop), I64(first), width) as (i, _, _):
                        self.counters[tiled] = i
                        base = Place.of(tiled)
                        self._cells(nest, [{tiled: base + k} for k in range(width)], wide, last)

        self._around(outer, along)

    def _sums(self, nest: Nest) -> None:
        """Lanes are samples, added up lane by lane and then in a fixed tree."""
        self._around(nest.loops, lambda: self._one_sum(nest))

    def _one_sum(self, nest: Nest) -> None:
        reduction, lanes = nest.reduction, self.layout.lanes
        assert reduction is not None  # noqa: S101 - for the type checker
        dtype = _dtype(reduction.term)
        kind = ir.VectorType(KINDS[dtype], lanes)
        empty = {"sum": 0.0, "max": float("-inf"), "min": float("inf")}[reduction.how]
        start = Maths(self.b, kind).const(empty)
        with self.loop(self._blocks(), carried=[start]) as (block, inside, box):
            self.block = block
            first = self.b.mul(block, I64(lanes))
            numbers = ir.Constant(ir.VectorType(I64, lanes), list(range(lanes)))
            row = self.b.add(spread(self.b, first, lanes), numbers)
            there = self.b.icmp_signed("<", row, spread(self.b, self.count, lanes))
            box[:] = self._sum_block(nest, inside[0], [*reduction.loops], there, start)
        total = self._tree(reduction.how, inside[0])
        cell = Cell({}, 1, None, {}, total)
        for store in nest.stores:
            self.store(store, cell)

    def _sum_block(
        self, nest: Nest, total: Any, loops: list[Loop], there: Any, empty: Any
    ) -> list[Any]:
        reduction = nest.reduction
        assert reduction is not None  # noqa: S101 - for the type checker
        if loops:
            with self.loop(I64(loops[0].size), carried=[total]) as (i, inside, box):
                self.counters[loops[0]] = i
                box[:] = self._sum_block(nest, inside[0], loops[1:], there, empty)
            return list(inside)
        cell = Cell({}, self.layout.lanes, "samples", {})
        dtype = _dtype(reduction.term)
        value = spread(self.b, convert(self.b, self.term(reduction.term, cell), dtype), cell.lanes)
        return [self._joined(reduction.how, total, self.b.select(there, value, empty))]

    def _joined(self, how: str, a: Any, b: Any) -> Any:
        m = Maths(self.b, a.type)
        return (
            self.b.fadd(a, b) if how == "sum" else (m.maximum if how == "max" else m.minimum)(a, b)
        )

    def _tree(self, how: str, value: Any) -> Any:
        """All lanes as one number: halves joined again and again."""
        lanes = value.type.count
        index = ir.IntType(32)
        while lanes > 1:
            lanes //= 2
            halves = [
                self.b.shuffle_vector(
                    value,
                    value,
                    ir.Constant(ir.VectorType(index, lanes), list(range(s, s + lanes))),
                )
                for s in (0, lanes)
            ]
            value = self._joined(how, *halves)
        return self.b.extract_element(value, index(0))

    def _once(self, nest: Nest) -> None:
        if nest.reduction is not None:
            self._around(nest.loops, lambda: self._cells(nest, [{}], 1, None))
            return
        cell = Cell({}, 1, None, {})
        for store in nest.stores:
            self.store(store, cell)


def _tiles(size: int, most: int) -> list[tuple[int, int, int]]:
    """(first, stop, width): tiles of one width, and a narrower one for what is left."""
    if size <= most:
        return [(0, size, size)]
    count = -(-size // most)
    width = -(-size // count)
    whole = size // width * width
    return [(0, whole, width)] + ([(whole, size, size - whole)] if whole < size else [])


def _dtype(term: Term) -> str:
    if isinstance(term, Load):
        return term.buffer.dtype
    if isinstance(term, Apply | Constant):
        return term.dtype
    return "float64"


def _along(nest: Nest, last: Loop) -> bool:
    """True where every load and store moves by one number, or not at all, along the loop."""
    terms = [s.term for s in nest.stores] + ([nest.reduction.term] if nest.reduction else [])
    strides = [load.place.stride(last) for term in terms for load in loads(term)]
    return all(s in {0, 1} for s in strides) and all(s.place.stride(last) == 1 for s in nest.stores)
