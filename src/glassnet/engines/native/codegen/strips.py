"""Weight gradients of convolutions: sums over samples and places, a strip of an image at a time.

    for each sample n, for each strip of its rows:      what is read stays in the nearest caches
        for each register block, of 8 x 32 weights:     its sums come from memory
            for each row r of it, each place s:       total += x[n, r+k, s+l, c] * dz[n, r, s, o]
    for each register block:                            what follows the sum

Without strips each register block would go through all images before the next is begun, and they
are too large for a cache. The order of a sum (sample by sample, row by row, place by place) is the
same with them and without, and so are its bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from glassnet.engines.native.codegen.lanes import goes_in_strips
from glassnet.engines.native.codegen.totals import Bounds, partial_totals
from glassnet.engines.native.codegen.writer import Along, Cell, Loops, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64, Maths
from glassnet.engines.native.thresholds import STRIP_PLACES
from glassnet.loops.buffer import Buffer
from glassnet.loops.nest import Nest, Reduce
from glassnet.loops.term import dtype_of


def strip_accumulators(nests: Iterable[Nest]) -> dict[int, Buffer]:
    """Memory for the totals of each such nest, by its identity."""
    return {
        id(nest): Buffer(f"totals{i}", batched=False, dtype=dtype_of(nest.reduction.term),
                         sizes=(1, *(loop.size for loop in nest.loops)))
        for i, nest in enumerate(nests) if isinstance(nest, Reduce) and goes_in_strips(nest)
    }  # fmt: skip


def rows_of_strip(nest: Reduce) -> int:
    """How many turns of the outermost loop over places make a strip."""
    rows, *others = nest.reduction.loops
    places = rows.size * math.prod(n.size for n in others)
    return -(-rows.size // max(1, places // STRIP_PLACES))


class Strips:
    """Writes the sums of one nest."""

    def __init__(self, w: Writer, nest: Reduce) -> None:
        self.w, self.nest = w, nest
        self._bounds: Bounds = {}
        self._is_first: Value = I64(0)

    @contextmanager
    def each(self) -> Iterator[None]:
        """What is written inside is run for each strip of each sample."""
        w, b, lanes = self.w, self.w.b, self.w.layout.lanes
        rows, step = self.nest.reduction.loops[0], rows_of_strip(self.nest)
        with w.loop(w.blocks()) as (w.block, _, _):
            stop = w.least(b.sub(w.count, w.times(w.block, lanes)), I64(lanes))
            with (
                w.loop(stop) as (w.lane, _, _),
                w.loop(I64(rows.size), step=step) as (first, _, _),
            ):
                end = w.least(w.plus(first, step), I64(rows.size))
                self._bounds = {rows: (first, end)}
                begins = b.or_(b.or_(w.block, w.lane), first)
                self._is_first = b.icmp_signed("==", begins, I64(0))
                if w.chunk is not None:
                    self._is_first = b.and_(self._is_first, w.chunk.is_first)
                w.reads_rows = True
                yield
                w.reads_rows = False

    def add(self, at: list[Loops], lanes: int, along: Along) -> None:
        """The strip's part of some totals, added to what lies in memory."""
        w, cells = self.w, [Cell(loops, lanes, along, {}) for loops in at]
        found = [self._load(cell) for cell in cells]
        zero = Maths(w.b, found[0].type).const(0.0)
        starts = [w.b.select(self._is_first, zero, value) for value in found]
        sums = partial_totals(w, self.nest, at, lanes, along, starts, self._bounds)
        for total, cell in zip(sums, cells, strict=True):
            pointer, align = w.left_at(0, cell)
            w.b.store(total, pointer).align = align

    def totals(self, at: list[Loops], lanes: int, along: Along) -> list[Value]:
        """The totals of all strips."""
        return [self._load(Cell(loops, lanes, along, {})) for loops in at]

    def _load(self, cell: Cell) -> Value:
        pointer, align = self.w.left_at(0, cell)
        found = self.w.b.load(pointer)
        found.align = align
        return found
