"""One nest as LLVM code: loops around register blocks, in the lanes that `lanes` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from glassnet.engines.native.codegen.blocking import (
    blocks,
    late_stores,
    next_block,
    totals_at_once,
)
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.codegen.registers import Registers
from glassnet.engines.native.codegen.totals import Prefetch, totals
from glassnet.engines.native.codegen.values import FUNCTIONS
from glassnet.engines.native.codegen.writer import Along, Cell, Loops, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64
from glassnet.engines.native.thresholds import LOOPED_OPERATIONS
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Apply, Computed, Reduce, Term
from glassnet.loops.views import Sample

Share = tuple[Value, Value]  # first and end of a thread's part of a range


class NestWriter:
    """Writes nests of loops around stores into a function."""

    def __init__(self, writer: Writer, registers: Registers) -> None:
        self.w, self.b, self.registers = writer, writer.b, registers

    def over_samples(self, nest: Computed, share: Share | None = None) -> None:
        """Lanes are samples; the longest loop is blocked, so that sums stay in registers.

        share  of the blocks of samples: each register block is done for all of them before the
               next is begun; None is the block of samples at hand
        """
        lanes = self.w.layout.lanes
        loops = list(nest.loops)
        reduces = loops and isinstance(nest, Reduce)
        blocked = max(loops, key=lambda n: n.size) if reduces else None
        most = totals_at_once(nest, lanes, self.registers)

        def inside() -> None:
            if blocked is None:
                with self.each_block(share):
                    self._cells(nest, [{}], lanes, Sample.HERE)
                return
            for first, stop, width in blocks(blocked.size, most):
                with self.w.loop(I64(stop), I64(first), width) as (i, _, _):
                    self.w.counters[blocked] = i
                    at = _next_to_one_another(blocked, width)
                    ahead = next_block(nest, blocked, 2 * width - 1) if share is not None else []
                    with self.each_block(share):
                        self._cells(nest, at, lanes, Sample.HERE, ahead)

        self.w.begin(nest)
        self.around([n for n in loops if n is not blocked], inside)

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
        *outer, last = nest.loops
        reduction = nest.reduction if isinstance(nest, Reduce) else None
        blocked = outer.pop() if outer and reduction is not None else None
        wide = 2 * LANES if last.size > LANES and reduction is not None else LANES
        sums_alone = reduction is not None and not reduction.over_samples

        def inside() -> None:
            if blocked is not None:
                self._in_blocks(nest, (blocked, last), wide, shared=shared and not outer)
            elif sums_alone and not shared:
                self._abreast(nest, last, wide)
            else:
                self._along(nest, last, wide, [{}], shared=shared and not outer)

        self.around(outer, inside, shared=shared)

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
        size = I64(loops[0].size)
        start, stop = self.w.share(size) if shared else (I64(0), size)
        with self.w.loop(stop, start) as (i, _, _):
            self.w.counters[loops[0]] = i
            self.around(loops[1:], body)

    def _in_blocks(
        self, nest: Computed, axes: tuple[Loop, Loop], wide: int, *, shared: bool
    ) -> None:
        """Some rows of an array at once, along the whole of them: memory is read in order."""
        blocked, last = axes
        most = totals_at_once(nest, wide, self.registers)
        by_rows = blocked.size // most >= last.size // wide
        for first, end, width in blocks(blocked.size, most):
            start: Value = I64(first)
            stop: Value = I64(end)
            if shared and by_rows:
                parts = self.w.share(I64(end - first), width)
                start, stop = (self.w.plus(part, first) for part in parts)
            with self.w.loop(stop, start, width) as (i, _, _):
                self.w.counters[blocked] = i
                at = _next_to_one_another(blocked, width)
                self._along(nest, last, wide, at, shared=shared and not by_rows)

    def _along(
        self, nest: Computed, last: Loop, wide: int, at: list[Loops], *, shared: bool
    ) -> None:
        """Lanes along the last axis."""
        size = I64(last.size)
        start, stop = self.w.share(size, wide) if shared else (I64(0), size)
        with self.w.loop(stop, start, wide) as (v, _, _):
            self.w.counters[last] = v
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
        stores = late_stores(nest)
        if not stores:
            return
        with self._each(at):
            for store in stores:
                for lane in range(0, lanes, LANES):
                    here = {along: Affine.of(along) + lane}
                    pointer, _ = self.w.address(store.buffer, store.offset, here, 1, along)
                    self.w.prefetch(pointer, write=True)

    # The inside of all loops.
    def _cells(self, nest: Computed, at: list[Loops], lanes: int, along: Along,
               ahead: Sequence[Prefetch] = ()) -> None:  # fmt: skip
        """The same turn of a nest at several places at once."""
        found = totals(self.w, nest, at, lanes, along, ahead)
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
        with self._each(at, lanes if along in at[0] else 1) as n:
            cell = Cell({}, lanes, along, {}, self.b.load(self.b.gep(kept, [n])))
            self._stores(nest, cell)

    def _stores(self, nest: Computed, cell: Cell) -> None:
        for store in nest.stores:
            self.w.store(store, cell)

    @contextmanager
    def _each(self, at: list[Loops], step: int = 1) -> Iterator[Value]:
        """A loop over the places of a block, so far from one another, which yields their number."""
        counters = self.w.counters
        firsts = {blocked: counters[blocked] for blocked in at[0]}
        with self.w.loop(I64(len(at))) as (k, _, _):
            for blocked, first in firsts.items():
                counters[blocked] = self.b.add(first, self.w.times(k, step))
            yield k
        counters.update(firsts)


def _next_to_one_another(blocked: Loop, width: int) -> list[Loops]:
    """The places of a register block: the loop's counter, and some numbers behind it."""
    return [{blocked: Affine.of(blocked) + k} for k in range(width)]


def _operations_of(nest: Computed) -> int:
    """Operations of a nest's stores; a function counts as many."""
    return sum(_operations(store.term) for store in nest.stores)


def _operations(term: Term) -> int:
    if not isinstance(term, Apply):
        return 0
    own = LOOPED_OPERATIONS if term.op in FUNCTIONS else 1
    return own + sum(_operations(arg) for arg in term.args)
