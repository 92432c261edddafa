"""Rows of the user's array into blocks of samples, sixteen by sixteen numbers where that fits."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from glassnet.engines.native.buffer import Buffer
from glassnet.engines.native.layout import LANES, pitch
from glassnet.engines.native.maths import I64
from glassnet.engines.native.turn import turned
from glassnet.engines.native.values import STORED, convert
from glassnet.engines.native.writer import Writer


class _Gather:
    """One input: `array`, whose rows lie `stride` numbers apart, in a drawn order or their own."""

    def __init__(self, w: Writer, buffer: Buffer, source: Any, first: Any, order: Any) -> None:
        self.w, self.b, self.buffer = w, w.b, buffer
        (self.array, self.stride), self.first = source, first
        self.places, self.ordered = order
        self.at, self.turned = w.layout.at[buffer], w.layout.turned.get(buffer)
        self.kind, self.lanes = STORED[buffer.dtype], w.layout.lanes

    def row(self, n: Any) -> Any:
        """Where the row of the batch's sample n begins."""
        b = self.b
        here = b.add(self.first, n)
        with b.if_else(self.ordered) as (then, otherwise):
            with then:
                drawn, from_order = b.load(b.gep(self.places, [here])), b.block
            with otherwise:
                plain = b.block
        row = b.phi(I64)
        row.add_incoming(drawn, from_order)
        row.add_incoming(here, plain)
        return b.gep(self.array, [b.mul(row, self.stride)])

    def one_by_one(self, start: Any, stop: Any, from_column: int) -> None:
        """Samples start .. stop - 1, number by number from a column on."""
        b, count = self.b, self.buffer.count
        if from_column >= count:
            return
        with self.w.loop(stop, start) as (n, _, _):
            row = self.row(n)
            block, lane = b.udiv(n, I64(self.lanes)), b.urem(n, I64(self.lanes))
            with self.w.loop(I64(count), I64(from_column)) as (f, _, _):
                value = self._as_kind(b.load(b.gep(row, [f])))
                index = b.add(b.mul(block, I64(count)), f)
                at = b.add(b.mul(index, I64(self.lanes)), lane)
                b.store(value, self.w.pointer(self.at, at, self.kind, 1))
                if self.turned is not None:
                    at = b.add(b.mul(n, I64(pitch(count))), f)
                    b.store(value, self.w.pointer(self.turned, at, self.kind, 1))

    def by_squares(self, start: Any, stop: Any, columns: int) -> None:
        """Sixteen samples at once, the first columns in squares that are turned in registers."""
        b, count, width = self.b, self.buffer.count, pitch(self.buffer.count)
        with self.w.loop(stop, start, LANES) as (n, _, _):
            rows = [self.row(b.add(n, I64(i))) for i in range(LANES)]
            block, lane = b.udiv(n, I64(self.lanes)), b.urem(n, I64(self.lanes))
            with self.w.loop(I64(columns), step=LANES) as (f, _, _):
                values = [self._as_kind(self._vector(b.gep(row, [f]))) for row in rows]
                if self.turned is not None:
                    for i, value in enumerate(values):
                        at = b.add(b.mul(b.add(n, I64(i)), I64(width)), f)
                        self._store(value, self.w.pointer(self.turned, at, self.kind, LANES))
                first = b.add(b.mul(block, I64(count)), f)
                for i, value in enumerate(turned(b, values)):
                    index = b.mul(b.add(first, I64(i)), I64(self.lanes))
                    pointer = self.w.pointer(self.at, b.add(index, lane), self.kind, LANES)
                    self._store(value, pointer)

    def _vector(self, pointer: Any) -> Any:
        element = pointer.type.pointee
        value = self.b.load(self.b.bitcast(pointer, ir.VectorType(element, LANES).as_pointer()))
        value.align = 4 if element == ir.FloatType() else 8
        return value

    def _store(self, value: Any, pointer: Any) -> None:
        self.b.store(value, pointer).align = 4 if self.kind == ir.FloatType() else 8

    def _as_kind(self, value: Any) -> Any:
        return convert(self.b, value, self.buffer.dtype) if self.buffer.dtype != "bool" else value


def gather(w: Writer, buffer: Buffer, source: Any, first: Any, order: Any) -> None:
    """The rows of this batch (and once more as rows, where sums over samples need them)."""
    job = _Gather(w, buffer, source, first, order)
    start, stop = w.share(w.count, w.layout.lanes)
    columns = buffer.count // LANES * LANES
    if not columns or buffer.dtype == "bool":
        job.one_by_one(start, stop, 0)
        return
    b = w.b
    rest = b.urem(b.sub(stop, start), I64(LANES))
    whole = b.sub(stop, rest)
    job.by_squares(start, whole, columns)
    job.one_by_one(start, whole, columns)
    job.one_by_one(whole, stop, 0)
