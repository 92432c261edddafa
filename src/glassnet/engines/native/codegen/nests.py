"""One nest as LLVM code: loops around register blocks, in the lanes that `lanes` names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from glassnet.engines.native.codegen.blocking import (
    Tile,
    blocked_of_array,
    blocked_over_samples,
    blocks,
    late_loads,
    late_stores,
    next_block,
    places,
    tiles,
    totals_at_once,
)
from glassnet.engines.native.codegen.lanes import goes_in_strips
from glassnet.engines.native.codegen.layout import LANES, SIZES
from glassnet.engines.native.codegen.registers import Registers
from glassnet.engines.native.codegen.scatter import add_inside, clear
from glassnet.engines.native.codegen.strips import Strips
from glassnet.engines.native.codegen.totals import Prefetch, totals
from glassnet.engines.native.codegen.values import FUNCTIONS
from glassnet.engines.native.codegen.writer import I8P, Along, Cell, Loops, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64
from glassnet.engines.native.thresholds import LOOPED_OPERATIONS
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Computed, Reduce, ScatterInside
from glassnet.loops.term import Apply, Term
from glassnet.loops.views import Sample

Share = tuple[Value, Value]  # first and end of a thread's part of a range
Body = Callable[[list[Loops]], None]  # what is written for the places of a register block


class NestWriter:
    """Writes nests of loops around stores into a function."""

    def __init__(self, writer: Writer, registers: Registers) -> None:
        self.w, self.b, self.registers = writer, writer.b, registers

    def over_samples(self, nest: Computed, share: Share | None = None) -> None:
        """Lanes are samples; some loops are blocked, so that sums stay in registers.

        share  of the blocks of samples: each register block is done for all of them before the
               next is begun; None is the block of samples at hand
        """
        lanes = self.w.layout.lanes
        most = totals_at_once(nest, lanes, self.registers)
        blocked = blocked_over_samples(nest, most, streamed=share is not None)

        def inside() -> None:
            for tile in tiles(blocked, most):
                with self._tiled(tile) as at:
                    ahead = next_block(nest, tile) if share is not None else []
                    with self.each_block(share):
                        self._cells(nest, at, lanes, Sample.HERE, ahead)

        self.w.begin(nest)
        self.around([n for n in nest.loops if n not in blocked], inside)

    def scatter_inside(self, nest: ScatterInside) -> None:
        """Numbers of the block at hand onto places of their samples."""
        self.w.begin(nest)
        clear(self.w, nest.buffer)
        self.around(nest.loops, lambda: add_inside(self.w, nest))

    @contextmanager
    def _tiled(self, tile: Tile, shared: Loop | None = None) -> Iterator[list[Loops]]:
        """Loops over the register blocks of a tile; yields the places of one.

        shared  the loop that threads share
        """
        with ExitStack() as stack:
            for loop, (first, end, width) in tile.items():
                start: Value = I64(first)
                stop: Value = I64(end)
                if loop is shared:
                    parts = self.w.share(I64(end - first), width)
                    start, stop = (self.w.plus(part, first) for part in parts)
                turn = stack.enter_context(self.w.loop(stop, start, width))
                self.w.counters[loop] = turn[0]
            yield places(tile)

    @contextmanager
    def each_block(self, share: Share | None) -> Iterator[None]:
        """A loop over this thread's blocks of samples; without a share, the block at hand."""
        if share is None:
            yield
            return
        start, stop = share
        with self.w.loop(stop, start) as (self.w.block, _, _):
            yield

    def over_array(self, nest: Computed, *, shared: bool) -> None:
        """Lanes are numbers of an array, side by side along its last axis."""
        self.w.begin(nest)
        last = nest.loops[-1]
        reduction = nest.reduction if isinstance(nest, Reduce) else None
        wide = 2 * LANES if last.size > LANES and reduction is not None else LANES
        most = totals_at_once(nest, wide, self.registers)
        blocked = blocked_of_array(nest, most, shared=shared)
        outer = [n for n in nest.loops[:-1] if n not in blocked]
        sums_alone = reduction is not None and not reduction.over_samples

        def each(body: Body) -> None:
            def inside() -> None:
                if blocked:
                    self._in_blocks(nest, blocked, wide, body, shared=shared and not outer)
                elif sums_alone and not shared:
                    self._abreast(nest, last, wide)
                else:
                    self._along(nest, last, wide, [{}], body, shared=shared and not outer)

            self.around(outer, inside, shared=shared)

        if isinstance(nest, Reduce) and goes_in_strips(nest):
            self._in_strips(nest, each, wide)
        else:
            each(lambda at: self._late_cells(nest, at, wide, last))

    def _in_strips(self, nest: Reduce, each: Callable[[Body], None], wide: int) -> None:
        """Sums over the places of large images."""
        strips, last = Strips(self.w, nest), nest.loops[-1]
        with strips.each():
            each(lambda at: strips.add(at, wide, last))

        def finish(at: list[Loops]) -> None:
            with self.w.after_sum():
                self._store_all(nest, at, strips.totals(at, wide, last), wide, last)

        each(finish)

    def scalars(self, nest: Computed) -> None:
        """Number by number."""
        self.w.begin(nest)
        self.around(nest.loops, lambda: self._cells(nest, [{}], 1, None))

    def around(
        self, loops: Sequence[Loop], body: Callable[[], None], *, shared: bool = False
    ) -> None:
        """The body inside of loops; threads may share the first."""
        if not loops:
            body()
            return
        if shared and len(loops) > 1:
            self._all_shared(loops, body)
            return
        size = I64(loops[0].size)
        start, stop = self.w.share(size) if shared else (I64(0), size)
        with self.w.loop(stop, start) as (i, _, _):
            self.w.counters[loops[0]] = i
            self.around(loops[1:], body)

    def _all_shared(self, loops: Sequence[Loop], body: Callable[[], None]) -> None:
        """Threads share all turns of several short loops, such as those over a kernel's places."""
        start, stop = self.w.share(I64(math.prod(n.size for n in loops)))
        with self.w.loop(stop, start) as (turn, _, _):
            for loop in reversed(loops[1:]):
                size = I64(loop.size)
                self.w.counters[loop] = self.b.urem(turn, size)
                turn = self.b.udiv(turn, size)  # noqa: PLW2901 - what is left of it
            self.w.counters[loops[0]] = turn
            body()

    def _in_blocks(
        self, nest: Computed, blocked: Sequence[Loop], wide: int, body: Body, *, shared: bool
    ) -> None:
        """Some rows of an array at once, along the whole of them: memory is read in order."""
        last, rows = nest.loops[-1], blocked[0]
        most = totals_at_once(nest, wide, self.registers)
        by_rows = rows.size // most >= last.size // wide
        for tile in tiles(blocked, most):
            with self._tiled(tile, rows if shared and by_rows else None) as at:
                self._along(nest, last, wide, at, body, shared=shared and not by_rows)

    def _along(
        self, nest: Computed, last: Loop, wide: int, at: list[Loops], body: Body, *, shared: bool
    ) -> None:
        """Lanes along the last axis."""
        size = I64(last.size)
        start, stop = self.w.share(size, wide) if shared else (I64(0), size)
        with self.w.loop(stop, start, wide) as (v, _, _):
            self.w.counters[last] = v
            body(at)

    def _late_cells(self, nest: Computed, at: list[Loops], wide: int, last: Loop) -> None:
        """A register block, and a wish for what its stores will meet."""
        self._prefetch_stores(nest, at, wide, last)
        self._cells(nest, at, wide, last)

    def _abreast(self, nest: Computed, last: Loop, wide: int) -> None:
        """One row of an array, as much of it at once as stays in registers."""
        most = totals_at_once(nest, wide, self.registers)
        for first, stop, width in blocks(-(-last.size // wide), most):
            with self.w.loop(I64(stop * wide), I64(first * wide), width * wide) as (v, _, _):
                self.w.counters[last] = v
                at: list[Loops] = [{last: Affine.of(last) + k * wide} for k in range(width)]
                self._cells(nest, at, wide, last)

    def _prefetch_stores(self, nest: Computed, at: list[Loops], lanes: int, along: Loop) -> None:
        """Ask for what a long sum is followed by, while the sum is being made."""
        stores = late_stores(nest) if self.w.chunk is None else []
        if not stores:
            return
        with self._each(at):
            for store in stores:
                for lane in range(0, lanes, LANES):
                    here = {along: Affine.of(along) + lane}
                    pointer, _ = self.w.address(store.buffer, store.offset, here, 1, along)
                    self.w.prefetch(pointer, write=True)

    def _prefetch_others(self, nest: Computed, at: list[Loops], lanes: int) -> None:
        """Ask for what the stores of a long sum read of the samples, while it is being made."""
        for x in late_loads(nest):
            for loops in at:
                for lane in range(0, lanes, LANES):
                    pointer, _ = self.w.address(x.buffer, x.offset, loops, lanes, Sample.HERE)
                    first = self.b.bitcast(pointer, I8P)
                    beside = I64(lane * SIZES[x.buffer.dtype])
                    self.w.prefetch(self.b.gep(first, [beside]), write=False)

    # The inside of all loops.
    def _cells(self, nest: Computed, at: list[Loops], lanes: int, along: Along,
               ahead: Sequence[Prefetch] = ()) -> None:  # fmt: skip
        """The same turn of a nest at several places at once."""
        if along is Sample.HERE:
            self._prefetch_others(nest, at, lanes)
        found = totals(self.w, nest, at, lanes, along, ahead)
        with self.w.after_sum():
            self._store_all(nest, at, found, lanes, along)

    def _store_all(
        self, nest: Computed, at: list[Loops], found: Sequence[Value | None], lanes: int,
        along: Along,
    ) -> None:  # fmt: skip
        """What follows the totals."""
        if len(at) > 1 and len(at) * _operations_of(nest) >= LOOPED_OPERATIONS:
            self._in_turn(nest, at, found, lanes, along)
            return
        for loops, total in zip(at, found, strict=True):
            self._stores(nest, Cell(loops, lanes, along, {}, total))

    def _in_turn(
        self,
        nest: Computed,
        at: list[Loops],
        found: Sequence[Value | None],
        lanes: int,
        along: Along,
    ) -> None:
        """Long formulas are written once, in a loop over the totals: less for LLVM to compile."""
        known = [total for total in found if total is not None]
        kept = self.w.scratch(known[0].type, len(known))
        for k, total in enumerate(known):
            self.b.store(total, self.b.gep(kept, [I64(k)]))
        with self._each(at) as n:
            cell = Cell({}, lanes, along, {}, self.b.load(self.b.gep(kept, [n])))
            self._stores(nest, cell)

    def _stores(self, nest: Computed, cell: Cell) -> None:
        for store in nest.stores:
            self.w.store(store, cell)

    @contextmanager
    def _each(self, at: list[Loops]) -> Iterator[Value]:
        """A loop over the places of a register block, which yields their number."""
        counters = self.w.counters
        firsts = {blocked: counters[blocked] for blocked in at[0]}
        with self.w.loop(I64(len(at))) as (k, _, _):
            left = k
            for blocked in reversed(firsts):  # the last runs fastest
                steps = sorted({loops[blocked].constant for loops in at})
                step = steps[1] - steps[0] if len(steps) > 1 else 0
                inner = (
                    left if blocked is next(iter(firsts)) else (self.b.urem(left, I64(len(steps))))
                )
                counters[blocked] = self.b.add(firsts[blocked], self.w.times(inner, step))
                if inner is not left:
                    left = self.b.udiv(left, I64(len(steps)))
            yield k
        counters.update(firsts)


def _operations_of(nest: Computed) -> int:
    """Operations of a nest's stores; a function counts as many."""
    return sum(_operations(store.term) for store in nest.stores)


def _operations(term: Term) -> int:
    if not isinstance(term, Apply):
        return 0
    own = LOOPED_OPERATIONS if term.op in FUNCTIONS else 1
    return own + sum(_operations(arg) for arg in term.args)
