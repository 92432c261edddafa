"""From loop nests to LLVM: who runs them, in which tiles and lanes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from glassnet.engines.native.codegen.layout import LANES, pitch
from glassnet.engines.native.codegen.partition import Sharing
from glassnet.engines.native.codegen.random import draw
from glassnet.engines.native.codegen.registers import Registers
from glassnet.engines.native.codegen.scatter import scatter
from glassnet.engines.native.codegen.sums import sums
from glassnet.engines.native.codegen.totals import Ahead, totals
from glassnet.engines.native.codegen.transpose import turning
from glassnet.engines.native.codegen.values import FUNCTIONS, STORED, convert
from glassnet.engines.native.codegen.writer import Cell, Writer
from glassnet.engines.native.maths import I64
from glassnet.engines.native.threads.barrier import barrier
from glassnet.loops.buffer import ROWS, TABLE, Buffer
from glassnet.loops.index import Loop, Place
from glassnet.loops.nest import Apply, Load, Nest, Term, dtype_of, loads, places


class Emitter:
    """Writes nests, in the order in which they stand."""

    def __init__(self, writer: Writer, nests: Sequence[Nest], registers: Registers) -> None:
        self.w, self.b, self.layout = writer, writer.b, writer.layout
        self.registers = registers
        self.sharing = Sharing(nests, writer.layout)
        self._shared = self.sharing.any()  # was the piece before?

    def nests(self) -> None:
        """All nests, segment by segment."""
        for segment in self.sharing.segments():
            if segment[0].over == "rows":
                with self.piece(shared=self.sharing.rows):
                    self._blocks_of(segment)
            else:
                self._tables_of(segment)

    def _tables_of(self, nests: Sequence[Nest]) -> None:
        """Large tables by all threads, the rest by the first."""
        shared = [n for n in nests if self.sharing.table(n)]
        with self.piece(shared=bool(shared)):
            with self.by_one():
                for nest in nests:
                    if not self.sharing.table(nest):
                        self._alone(nest)
            for nest in shared:
                self._over_table(nest)

    @contextmanager
    def piece(self, *, shared: bool) -> Iterator[None]:
        """What is written inside is for all threads to share, or else for the first alone."""
        if shared or self._shared:
            self.wait()
        self._shared = shared
        with nullcontext() if shared else self.by_one():
            yield

    @contextmanager
    def by_one(self) -> Iterator[None]:
        """What is written inside is for the first thread alone."""
        w, thread = self.w, self.w.thread
        if thread is None:
            yield
            return
        with self.b.if_then(self.b.icmp_signed("==", thread, I64(0))):
            w.thread = None
            yield
            w.thread = thread

    def wait(self) -> None:
        """Go on when all threads are here."""
        self.b.call(barrier(self.b.module), [self.w.state, self.w.threads])

    def _alone(self, nest: Nest) -> None:
        writers: dict[str, Callable[[Nest], None]] = {
            "table": self._over_table, "sums": self._sums, "once": self._once,
            "random": self._random,
            "scatter": self._scatter,
        }  # fmt: skip
        self.w.begin(nest)
        writers[nest.over](nest)

    def _blocks_of(self, nests: Sequence[Nest]) -> None:
        """Nests over samples, block by block; then the blocks' copies for sums over samples.

        A table that no cache holds is gone through once for all blocks instead.
        """
        share = self.w.share(self.w.blocks())
        for far, group in itertools.groupby(nests, _reads_far):
            part = list(group)
            if far:
                for nest in part:
                    self._over_rows(nest, share)
            stored = {s.buffer: None for nest in part for s in nest.stores}
            turned = [buffer for buffer in stored if buffer in self.layout.turned]
            if far and not turned:
                continue
            with self._each_block(share):
                for nest in () if far else part:
                    self._over_rows(nest)
                for buffer in turned:
                    self.turn(buffer)

    @contextmanager
    def _each_block(self, share: tuple[Any, Any] | None) -> Iterator[None]:
        """A loop over this thread's blocks of samples; without a share, the block at hand."""
        if share is None:
            yield
            return
        start, stop = share
        with self.w.loop(stop, start) as (self.w.block, _, _):
            yield

    def turn(self, buffer: Buffer) -> None:
        """Copy a block with samples as rows, sixteen by sixteen, for sums over samples."""
        layout, kind = self.layout, STORED[buffer.dtype]
        row_pitch = pitch(buffer.count)
        function = turning(self.b.module, kind, layout.lanes, row_pitch, buffer.count)
        first = self.w.times(self.w.block, buffer.count * layout.lanes)
        row = self.w.times(self.w.block, layout.lanes * row_pitch)
        with self.w.loop(I64(buffer.count), step=LANES) as (f, _, _):
            for part in range(0, layout.lanes, LANES):
                source = self.b.add(first, self.w.plus(self.w.times(f, layout.lanes), part))
                target = self.b.add(row, self.w.plus(f, part * row_pitch))
                self.b.call(
                    function,
                    [self.w.pointer(layout.at[buffer], source, kind, 1),
                     self.w.pointer(layout.turned[buffer], target, kind, 1)],
                )  # fmt: skip

    def _over_rows(self, nest: Nest, share: tuple[Any, Any] | None = None) -> None:
        """Lanes are samples; the longest loop is tiled, so that sums stay in registers.

        share  of the blocks: each tile is done for all of them before the next is begun
        """
        lanes = self.layout.lanes
        loops = list(nest.loops)
        tiled = max(loops, key=lambda n: n.size) if loops and nest.reduction else None
        outer = [n for n in loops if n is not tiled]
        most = self._at_once(nest, lanes)

        def inside() -> None:
            if tiled is None:
                with self._each_block(share):
                    self._cells(nest, [{}], lanes, "samples")
                return
            for first, stop, width in _tiles(tiled.size, most):
                with self.w.loop(I64(stop), I64(first), width) as (i, _, _):
                    self.w.counters[tiled] = i
                    base = Place.of(tiled)
                    at = [{tiled: base + k} for k in range(width)]
                    ahead = _ahead(nest, tiled, 2 * width - 1) if share is not None else []
                    with self._each_block(share):
                        self._cells(nest, at, lanes, "samples", ahead)

        self.w.begin(nest)
        self._around(outer, inside)

    def _at_once(self, nest: Nest, lanes: int) -> int:
        """How many sums of so many lanes stay in registers."""
        dtype = "float32" if nest.reduction is None else dtype_of(nest.reduction.term)
        return max(1, self.registers.sums(dtype) * LANES // lanes)

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

    def _cells(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Any,
               ahead: Sequence[Ahead] = ()) -> None:  # fmt: skip
        """The same turn of a nest at several places at once."""
        found = totals(self.w, nest, at, lanes, along, ahead)
        if len(at) > 1 and len(at) * _length(nest) >= _LONG:
            self._in_turn(nest, at, found, lanes, along)
            return
        for loops, total in zip(at, found, strict=True):
            cell = Cell(loops, lanes, along, {}, total)
            for store in nest.stores:
                self.w.store(store, cell)

    def _in_turn(
        self, nest: Nest, at: list[dict[Loop, Place]], found: list[Any], lanes: int, along: Any
    ) -> None:
        """Long formulas are written once, in a loop over the totals: less for LLVM to compile."""
        kept = self.w.scratch(found[0].type, len(found))
        for k, total in enumerate(found):
            self.b.store(total, self.b.gep(kept, [I64(k)]))
        with self._each(at, lanes if along in at[0] else 1) as k:
            cell = Cell({}, lanes, along, {}, self.b.load(self.b.gep(kept, [k])))
            for store in nest.stores:
                self.w.store(store, cell)

    @contextmanager
    def _each(self, at: list[dict[Loop, Place]], step: int = 1) -> Iterator[Any]:
        """A loop over the places of a tile, so far from one another, which yields their number."""
        counters = self.w.counters
        firsts = {tiled: counters[tiled] for tiled in at[0]}
        with self.w.loop(I64(len(at))) as (k, _, _):
            for tiled, first in firsts.items():
                counters[tiled] = self.b.add(first, self.w.times(k, step))
            yield k
        counters.update(firsts)

    def _over_table(self, nest: Nest) -> None:
        """Lanes are numbers of a table, along its last axis where everything lies in a row."""
        last = nest.loops[-1] if nest.loops else None
        self.w.begin(nest)
        if last is None or not _in_a_row(nest, last):
            self._around(nest.loops, lambda: self._cells(nest, [{}], 1, None))
            return
        outer = list(nest.loops[:-1])
        tiled = outer.pop() if outer and nest.reduction else None
        wide = 2 * LANES if last.size > LANES and nest.reduction else LANES
        shared = self.sharing.table(nest)

        def inside() -> None:
            if tiled is None and _sums_alone(nest) and not shared:
                self._abreast(nest, last, wide)
            elif tiled is None:
                self._along(nest, last, wide, [{}], shared=shared and not outer)
            else:
                self._tiled(nest, tiled, last, wide, shared=shared and not outer)

        self._around(outer, inside, shared=shared)

    def _tiled(self, nest: Nest, tiled: Loop, last: Loop, wide: int, *, shared: bool) -> None:
        """Some rows of a table at once, along the whole of them: its memory is read in order."""
        most = self._at_once(nest, wide)
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

    def _abreast(self, nest: Nest, last: Loop, wide: int) -> None:
        """One row of a table, as much of it at once as stays in registers."""
        for first, stop, width in _tiles(-(-last.size // wide), self._at_once(nest, wide)):
            with self.w.loop(I64(stop * wide), I64(first * wide), width * wide) as (v, _, _):
                self.w.counters[last] = v
                at = [{last: Place.of(last) + k * wide} for k in range(width)]
                self._cells(nest, at, wide, last)

    def _fetch(self, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Loop) -> None:
        """Ask for what a long sum is followed by, while the sum is being made."""
        far = [s for s in nest.stores if not s.local and s.buffer.count >= _FAR]
        if not far:
            return
        with self._each(at):
            for store in far:
                for lane in range(0, lanes, LANES):
                    here = {along: Place.of(along) + lane}
                    pointer, _ = self.w.address(store.buffer, store.place, here, 1, along)
                    self.w.prefetch(pointer, write=True)

    def _sums(self, nest: Nest) -> None:
        self._around(nest.loops, lambda: sums(self.w, nest, self.w.blocks()))

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


_FAR = 32768  # numbers of a table from which what is written is fetched ahead of its use,
_FARTHER = 131072  # and of one of which it pays to read every number once only
_LONG = 24  # operations from which formulas are written once, in a loop


def _tables_far(nest: Nest) -> list[Load]:
    """The tables that a nest over samples adds up from, and that are too large for the caches."""
    if nest.over != "rows" or nest.reduction is None or nest.reduction.samples:
        return []
    found = loads(nest.reduction.term)
    return [x for x in found if x.buffer.kind == TABLE and x.buffer.count >= _FARTHER]


def _reads_far(nest: Nest) -> bool:
    return bool(_tables_far(nest))


def _ahead(nest: Nest, tiled: Loop, last: int) -> list[Ahead]:
    """What the next tile reads beside what this one does, row by row of a large table."""
    (*_, inner) = nest.reduction.loops if nest.reduction is not None else (None,)
    return [
        Ahead(x.buffer, x.place, {tiled: Place.of(tiled) + last})
        for x in _tables_far(nest)
        if inner is not None and x.place.stride(tiled) == 1
        and (x.place.stride(inner) or 0) >= LANES
    ]  # fmt: skip


def _sums_alone(nest: Nest) -> bool:
    """True for sums that no sample takes part in."""
    return nest.reduction is not None and not nest.reduction.samples


def _length(nest: Nest) -> int:
    """Operations of a nest's stores; a function counts as many."""
    return sum(_operations(store.term) for store in nest.stores)


def _operations(term: Term) -> int:
    if not isinstance(term, Apply):
        return 0
    own = _LONG if term.op in FUNCTIONS else 1
    return own + sum(_operations(arg) for arg in term.args)


def _tiles(size: int, most: int) -> list[tuple[int, int, int]]:
    """(first, stop, width): tiles of one width, and a narrower one for what is left."""
    if size <= most:
        return [(0, size, size)]
    count = -(-size // most)
    width = -(-size // count)
    width = next((w for w in range(most, most // 2, -1) if size % w == 0), width)
    whole = size // width * width
    return [(0, whole, width)] + ([(whole, size, size - whole)] if whole < size else [])


def read_along(nest: Nest) -> set[Buffer]:
    """The rows of which a sum over samples takes many numbers at once: they are needed in a row."""
    last = nest.loops[-1] if nest.loops else None
    if nest.over != "table" or last is None or not _in_a_row(nest, last):
        return set()
    found = [load for term in nest.terms() for load in loads(term)]
    return {x.buffer for x in found if x.buffer.kind == ROWS and x.place.stride(last)}


def _in_a_row(nest: Nest, last: Loop) -> bool:
    """True where every place moves by one number, or not at all, along the loop."""
    strides = [place.stride(last) for term in nest.terms() for place in places(term)]
    return all(s in {0, 1} for s in strides) and all(s.place.stride(last) == 1 for s in nest.stores)
