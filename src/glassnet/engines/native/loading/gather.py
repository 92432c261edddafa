"""Rows of the user's array into blocks of samples, sixteen by sixteen numbers where that fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.layout import LANES, pitch
from glassnet.engines.native.codegen.transpose import transposed
from glassnet.engines.native.codegen.values import STORED
from glassnet.engines.native.codegen.writer import Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.loading.conversion import astype, element
from glassnet.engines.native.loading.row_tile import RowTile, row_tile_of
from glassnet.engines.native.loading.source import ArraySource
from glassnet.engines.native.maths import I32, I64
from glassnet.loops.buffer import Buffer


class _Gather:
    """One input: rows of its array, in a given order or their own, into its block.

    first   the place of the batch's first row
    places  the rows in their order, and whether they come in it; if not, any number may stand there
    """

    def __init__(
        self,
        w: Writer,
        buffer: Buffer,
        source: ArraySource,
        first: Value,
        order: tuple[Value, Value],
    ) -> None:
        self.w, self.b, self.buffer, self.source, self.first = w, w.b, buffer, source, first
        self.places, self.ordered = order
        self.kind, self.has_rows = STORED[buffer.dtype], buffer in w.layout.sample_major

    def row(self, n: Value, i: int = 0) -> Value:
        """Where the row of the batch's sample n + i begins."""
        b = self.b
        here = b.add(self.first, n)
        places = b.gep(self.places, [b.select(self.ordered, here, I64(0))])
        drawn = b.load(b.gep(places, [I64(i)]))
        return self.source.row(b.select(self.ordered, drawn, self.w.plus(here, i)))

    def one_by_one(self, start: Value, stop: Value) -> None:
        """Samples start .. stop - 1, number by number."""
        with self.w.loop(stop, start) as (n, _, _):
            row, place = self.row(n), self._place(n)
            with self.source.numbers() as (f, offset):
                value = self._as_kind(self.source.read(row, offset))
                self.b.store(value, self._in_block(place, f))
                if self.has_rows:
                    self.b.store(value, self._in_row(n, f))

    def by_tiles(self, start: Value, stop: Value) -> None:
        """Sixteen samples at once, in tiles that are transposed in registers."""
        with self.w.loop(stop, start, LANES) as (n, _, _):
            rows = self._rows(n)
            count, last = self.buffer.count, I64(self.buffer.count - LANES)
            with self.w.loop(I64(count), step=LANES) as (f, _, _):
                if count > LANES and count % LANES:
                    f = self.b.select(self.b.icmp_signed("<", f, last), f, last)  # noqa: PLW2901
                self._tile(rows, n, f, row_tile_of(count))

    def _tile(self, rows: Sequence[Value], n: Value, f: Value, tile: RowTile) -> None:
        """Some numbers, from f on, of sixteen rows from sample n on."""
        places = [self.w.plus(f, start) for start in tile.starts]
        pieces = [[self._piece(row, at, tile.width) for at in places] for row in rows]
        if self.has_rows:
            for i, parts in enumerate(pieces):
                for at, part in zip(places, parts, strict=True):
                    self._store(part, self._in_row(self.w.plus(n, i), at, tile.width))
        columns = transposed(self.b, [_joined(self.b, parts) for parts in pieces])
        first, sample = self._place(n)
        place = self.b.add(first, f), sample  # once: LLVM does not see that it could be
        for lane, column in tile.columns().items():
            self._store(columns[lane], self._in_block(place, I64(column), LANES))

    def _piece(self, row: Value, f: Value, width: int) -> Value:
        offset = self.w.times(f, self.source.bytes)
        return self._as_kind(self.source.read(row, offset, width))

    def by_columns(self, start: Value, stop: Value) -> None:
        """Sixteen samples at once, number by number: those above one another come together."""
        b, source = self.b, self.source
        with self.w.loop(stop, start, LANES) as (n, _, _):
            rows, place = self._rows(n), self._place(n)
            with source.numbers() as (f, offset):
                value: Value = ir.Constant(ir.VectorType(element(source.kind), LANES), ir.Undefined)
                for i, row in enumerate(rows):
                    value = b.insert_element(value, source.read(row, offset), I32(i))
                value = self._as_kind(value)
                self._store(value, self._in_block(place, f, LANES))
                if self.has_rows:
                    for i in range(LANES):
                        b.store(b.extract_element(value, I32(i)), self._in_row(b.add(n, I64(i)), f))

    def _rows(self, n: Value) -> Sequence[Value]:
        """Where sixteen rows begin."""
        return [self.row(n, i) for i in range(LANES)]

    def _place(self, n: Value) -> tuple[Any, Value]:
        """The first number of sample n's block, and the sample's lane."""
        lanes = I64(self.w.layout.lanes)
        return self.b.mul(self.b.udiv(n, lanes), I64(self.buffer.count)), self.b.urem(n, lanes)

    def _in_block(self, place: tuple[Any, Value], f: Value, lanes: int = 1) -> Value:
        """Where number f of a sample, and of those behind it, lies among samples as lanes."""
        b, layout = self.b, self.w.layout
        at = b.add(b.mul(b.add(place[0], f), I64(layout.lanes)), place[1])
        return self.w.pointer(layout.at[self.buffer], at, self.kind, lanes)

    def _in_row(self, n: Value, f: Value, lanes: int = 1) -> Value:
        """Where number f of sample n, and those behind it, lie in the copy with samples as rows."""
        at = self.b.add(self.b.mul(n, I64(pitch(self.buffer.count))), f)
        return self.w.pointer(self.w.layout.sample_major[self.buffer], at, self.kind, lanes)

    def _store(self, value: Value, pointer: Value) -> None:
        self.b.store(value, pointer).align = 4 if self.kind == ir.FloatType() else 8

    def _as_kind(self, value: Value) -> Value:
        return astype(self.b, value, self.source.kind, self.buffer.dtype)


def gather(
    w: Writer, buffer: Buffer, source: ArraySource, first: Value, order: tuple[Value, Value]
) -> None:
    """The rows of this batch (and once more as rows, where sums over samples need them)."""
    job = _Gather(w, buffer, source, first, order)
    start, stop = w.share(w.count, w.layout.lanes)
    if buffer.dtype == "bool" or buffer.count == 1:
        job.one_by_one(start, stop)
        return
    whole = w.b.sub(stop, w.b.urem(w.b.sub(stop, start), I64(LANES)))
    (job.by_columns if source.is_strided else job.by_tiles)(start, whole)
    job.one_by_one(whole, stop)


def _joined(b: ir.IRBuilder, parts: Sequence[Value]) -> Value:
    """The pieces of a row in one register; in lanes behind them anything may stand."""
    width = parts[0].type.count
    if width == LANES:
        return parts[0]
    lanes = [i if i < width * len(parts) else 0 for i in range(LANES)]
    return b.shuffle_vector(parts[0], parts[-1], ir.Constant(ir.VectorType(I32, LANES), lanes))
