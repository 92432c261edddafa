"""From loop nests to LLVM: tiles, reductions, the order of sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from glassnet.engines.native.arrange import conflict
from glassnet.engines.native.barrier import barrier
from glassnet.engines.native.buffer import Buffer
from glassnet.engines.native.draw import draw
from glassnet.engines.native.index import Loop, Place
from glassnet.engines.native.layout import LANES, pitch
from glassnet.engines.native.maths import I64, Maths
from glassnet.engines.native.scatter import scatter
from glassnet.engines.native.terms import Apply, Constant, Load, Nest, Term, loads
from glassnet.engines.native.turn import turning
from glassnet.engines.native.values import FUNCTIONS, KINDS, STORED, convert, spread
from glassnet.engines.native.writer import Cell, Writer

_TILE = 24  # registers that hold sums, of 16 lanes each


class Emitter:
    """Writes nests, in the order in which they stand."""

    def __init__(self, writer: Writer) -> None:
        self.w, self.b, self.layout = writer, writer.b, writer.layout

    def nests(self, nests: Sequence[Nest]) -> None:
        """All nests: threads share each segment, and wait for one another between segments."""
        for segment in segments(nests):
            if segment[0].over == "rows":
                self._blocks_of(segment)
            else:
                alone = [n for n in segment if not _is_shared(n)]
                if alone:
                    with self.b.if_then(self.b.icmp_signed("==", self.w.thread, I64(0))):
                        for nest in alone:
                            self._alone(nest)
                for nest in segment:
                    if _is_shared(nest):
                        self._over_table(nest)
            self.wait()

    def wait(self) -> None:
        """Go on when all threads are here."""
        self.b.call(barrier(self.b.module), [self.w.state, self.w.threads])

    def _alone(self, nest: Nest) -> None:
        writers: dict[str, Callable[[Nest], None]] = {
            "table": self._over_table, "sums": self._sums, "once": self._once,
            "random": self._random,
            "scatter": self._scatter,
        }  # fmt: skip
        writers[nest.over](nest)

    def _blocks_of(self, nests: Sequence[Nest]) -> None:
        """Nests over samples, block by block; then the blocks' copies for sums over samples."""
        start, stop = self.w.share(self._blocks())
        with self.w.loop(stop, start) as (block, _, _):
            self.w.block = block
            for nest in nests:
                self._over_rows(nest)
            for buffer in {s.buffer: None for nest in nests for s in nest.stores}:
                if buffer in self.layout.turned:
                    self.turn(buffer)

    def turn(self, buffer: Buffer) -> None:
        """Copy a block with samples as rows, sixteen by sixteen, for sums over samples."""
        layout, kind = self.layout, STORED[buffer.dtype]
        function = turning(self.b.module, kind, layout.lanes, pitch(buffer.count))
        first = self.w.times(self.w.block, buffer.count * layout.lanes)
        row = self.w.times(self.w.block, layout.lanes * pitch(buffer.count))
        with self.w.loop(I64(buffer.count), step=LANES) as (f, _, _):
            for part in range(0, layout.lanes, LANES):
                source = self.b.add(first, self.w.plus(self.w.times(f, layout.lanes), part))
                target = self.b.add(row, self.w.plus(f, part * pitch(buffer.count)))
                self.b.call(
                    function,
                    [self.w.pointer(layout.at[buffer], source, kind, 1),
                     self.w.pointer(layout.turned[buffer], target, kind, 1)],
                )  # fmt: skip

    def _blocks(self) -> Any:
        lanes = self.layout.lanes
        return self.b.udiv(self.b.add(self.w.count, I64(lanes - 1)), I64(lanes))

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
                with self.w.loop(I64(stop), I64(first), width) as (i, _, _):
                    self.w.counters[tiled] = i
                    base = Place.of(tiled)
                    self._cells(nest, [{tiled: base + k} for k in range(width)], lanes, "samples")

        self._around(outer, inside)

    def _around(self, loops: Sequence[Loop], body: Any, *, shared: bool = False) -> None:
        """The body inside of loops; threads may share the first."""
        if not loops:
            body()
            return
        size = I64(loops[0].size)
        start, stop = self.w.share(size) if shared else (I64(0), size)
        with self.w.loop(stop, start) as (i, _, _):
            self.w.counters[loops[0]] = i
            self._around(loops[1:], body)

    def _cells(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Any) -> None:
        """The same turn of a nest at several places at once."""
        totals = self._totals(nest, at, lanes, along)
        if len(at) > 1 and len(at) * _length(nest) >= _LONG:
            self._in_turn(nest, at[0], totals, lanes, along)
            return
        for loops, total in zip(at, totals, strict=True):
            cell = Cell(loops, lanes, along, {}, total)
            for store in nest.stores:
                self.w.store(store, cell)

    def _in_turn(
        self, nest: Nest, at: dict[Loop, Place], totals: list[Any], lanes: int, along: Any
    ) -> None:
        """Long formulas are written once, in a loop over the totals: less for LLVM to compile."""
        (tiled,) = at
        with self.b.goto_entry_block():
            kept = self.b.alloca(totals[0].type, len(totals))
        for k, total in enumerate(totals):
            self.b.store(total, self.b.gep(kept, [I64(k)]))
        first = self.w.counters[tiled]
        with self.w.loop(I64(len(totals))) as (k, _, _):
            self.w.counters[tiled] = self.b.add(first, k)
            cell = Cell({}, lanes, along, {}, self.b.load(self.b.gep(kept, [k])))
            for store in nest.stores:
                self.w.store(store, cell)
        self.w.counters[tiled] = first

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
            stops.insert(0, self.w.count)
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
        with self.w.loop(stops[0], carried=sums) as (i, inside, box):
            names = [None] * reduction.samples + list(reduction.loops)
            name = names[len(names) - depth]
            if name is None:
                self.w.sample = i
            else:
                self.w.counters[name] = i
            box[:] = self._reduce(nest, at, lanes, along, stops[1:], inside, dtype)
        return list(inside)

    def _added(self, how: str, total: Any, term: Term, cell: Cell, dtype: str) -> Any:
        """One more term; products go in by fused multiply and add."""
        m = Maths(self.b, total.type)

        def value(one: Term) -> Any:
            return spread(self.b, convert(self.b, self.w.term(one, cell), dtype), cell.lanes)

        if how != "sum":
            return (m.maximum if how == "max" else m.minimum)(total, value(term))
        if isinstance(term, Apply) and term.op == "mul":
            return m.fma(value(term.args[0]), value(term.args[1]), total)
        return self.b.fadd(total, value(term))

    def _over_table(self, nest: Nest) -> None:
        """Lanes are numbers of a table, along its last axis where everything lies in a row."""
        last = nest.loops[-1] if nest.loops else None
        if last is None or not _in_a_row(nest, last):
            self._around(nest.loops, lambda: self._cells(nest, [{}], 1, None))
            return
        outer = list(nest.loops[:-1])
        tiled = outer.pop() if outer and nest.reduction else None
        wide = 2 * LANES if last.size > LANES and nest.reduction else LANES
        shared = _is_shared(nest)

        def inside() -> None:
            if tiled is None:
                self._along(nest, last, wide, [{}], shared=shared and not outer)
            else:
                self._tiled(nest, tiled, last, wide, shared=shared and not outer)

        self._around(outer, inside, shared=shared)

    def _tiled(self, nest: Nest, tiled: Loop, last: Loop, wide: int, *, shared: bool) -> None:
        """Some rows of a table at once, along the whole of them: its memory is read in order."""
        most = _TILE * LANES // wide
        by_rows = tiled.size // most >= last.size // wide
        for first, end, width in _tiles(tiled.size, most):
            start, stop = I64(first), I64(end)
            if shared and by_rows:
                parts = self.w.share(I64(end - first), width)
                start, stop = (self.w.plus(part, first) for part in parts)
            with self.w.loop(stop, start, width) as (i, _, _):
                self.w.counters[tiled] = i
                base = Place.of(tiled)
                at = [{tiled: base + k} for k in range(width)]
                self._along(nest, last, wide, at, shared=shared and not by_rows)

    def _along(self, nest: Nest, last: Loop, wide: int, at: list[dict[Loop, Place]], *,
               shared: bool) -> None:  # fmt: skip
        """Lanes along the last axis."""
        size = I64(last.size)
        start, stop = self.w.share(size, wide) if shared else (I64(0), size)
        with self.w.loop(stop, start, wide) as (v, _, _):
            self.w.counters[last] = v
            if nest.reduction is not None:
                self._fetch(nest, at, wide, last)
            self._cells(nest, at, wide, last)

    def _fetch(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Loop) -> None:
        """Ask for what a long sum is followed by, while the sum is being made."""
        for store in nest.stores:
            near = store.local or store.buffer.count < _FAR
            for loops in at if not near else ():
                place = store.place.moved(loops)
                for lane in range(0, lanes, LANES):
                    pointer, _ = self.w.address(store.buffer, place + lane, 1, along)
                    self.w.prefetch(pointer)

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
        with self.w.loop(self._blocks(), carried=[start]) as (block, inside, box):
            self.w.block = block
            first = self.b.mul(block, I64(lanes))
            numbers = ir.Constant(ir.VectorType(I64, lanes), list(range(lanes)))
            row = self.b.add(spread(self.b, first, lanes), numbers)
            there = self.b.icmp_signed("<", row, spread(self.b, self.w.count, lanes))
            box[:] = self._sum_block(nest, inside[0], [*reduction.loops], there, start)
        total = self._tree(reduction.how, inside[0])
        cell = Cell({}, 1, None, {}, total)
        for store in nest.stores:
            self.w.store(store, cell)

    def _sum_block(
        self, nest: Nest, total: Any, loops: list[Loop], there: Any, empty: Any
    ) -> list[Any]:
        reduction = nest.reduction
        assert reduction is not None  # noqa: S101 - for the type checker
        if loops:
            with self.w.loop(I64(loops[0].size), carried=[total]) as (i, inside, box):
                self.w.counters[loops[0]] = i
                box[:] = self._sum_block(nest, inside[0], loops[1:], there, empty)
            return list(inside)
        cell = Cell({}, self.layout.lanes, "samples", {})
        dtype = _dtype(reduction.term)
        value = spread(
            self.b, convert(self.b, self.w.term(reduction.term, cell), dtype), cell.lanes
        )
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

    def _random(self, nest: Nest) -> None:
        drawn = nest.drawn
        assert drawn is not None  # noqa: S101 - for the type checker
        cell = Cell({}, 1, None, {})
        seed, step = (
            convert(self.b, self.w.term(t, cell), "int64") for t in (drawn.seed, drawn.step)
        )
        draw(self.w, drawn, seed, step)

    def _scatter(self, nest: Nest) -> None:
        scattered = nest.scattered
        assert scattered is not None  # noqa: S101 - for the type checker
        scatter(self.w, scattered)

    def _once(self, nest: Nest) -> None:
        if nest.reduction is not None:
            self._around(nest.loops, lambda: self._cells(nest, [{}], 1, None))
            return
        cell = Cell({}, 1, None, {})
        for store in nest.stores:
            self.w.store(store, cell)


_FAR = 32768  # numbers of a table from which it is fetched ahead of its use
_WORTH = 4096  # numbers of a table from which threads share it


_LONG = 200  # operations from which formulas are written once, in a loop


def _length(nest: Nest) -> int:
    """Operations of a nest's stores; a function counts as many."""
    return sum(_operations(store.term) for store in nest.stores)


def _operations(term: Term) -> int:
    if not isinstance(term, Apply):
        return 0
    own = _LONG if term.op in FUNCTIONS else 1
    return own + sum(_operations(arg) for arg in term.args)


def _is_shared(nest: Nest) -> bool:
    """True for nests over large tables; small work is done by one thread."""
    return nest.over == "table" and math.prod(n.size for n in nest.loops) >= _WORTH


def segments(nests: Sequence[Nest]) -> list[list[Nest]]:
    """Runs of nests between which threads need not wait for one another."""
    found: list[list[Nest]] = []
    for nest in nests:
        last = found[-1] if found else None
        if last is None or not _joins(last, nest):
            found.append([nest])
        else:
            last.append(nest)
    return found


def _joins(segment: list[Nest], nest: Nest) -> bool:
    if (segment[0].over == "rows") != (nest.over == "rows"):
        return False
    if nest.over == "rows":
        return True
    return not any(conflict(one, nest) and (_is_shared(one) or _is_shared(nest)) for one in segment)


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


def _in_a_row(nest: Nest, last: Loop) -> bool:
    """True where every load and store moves by one number, or not at all, along the loop."""
    terms = [s.term for s in nest.stores] + ([nest.reduction.term] if nest.reduction else [])
    strides = [load.place.stride(last) for term in terms for load in loads(term)]
    return all(s in {0, 1} for s in strides) and all(s.place.stride(last) == 1 for s in nest.stores)
