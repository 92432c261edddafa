"""Rows of a table: from the user's array, and into the caller's, where lanes are no samples."""

from __future__ import annotations

from glassnet.engines.native.codegen.layout import LANES, padded_sizes, plain_sizes
from glassnet.engines.native.codegen.values import STORED
from glassnet.engines.native.codegen.writer import Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.loading.conversion import astype
from glassnet.engines.native.loading.source import ArraySource
from glassnet.engines.native.maths import F32, I64
from glassnet.loops.buffer import Buffer


class TableRows:
    """A table whose first axis are n rows.

    count   numbers of a row
    inner   of them those that lie side by side; outer: how many such stretches a row has
    pitch   numbers from one stretch to the next, of the same row or of the next
    """

    def __init__(self, w: Writer, buffer: Buffer, n: int) -> None:
        self.w, self.b, self.buffer, self.kind = w, w.b, buffer, STORED[buffer.dtype]
        self.count = buffer.count // n
        if self.count == 1:
            self.inner = self.outer = self.pitch = 1
        else:
            self.inner, self.pitch = plain_sizes(buffer)[-1], padded_sizes(buffer)[-1]
            self.outer = self.count // self.inner

    @property
    def room(self) -> int:
        """Numbers from one row to the next."""
        return self.outer * self.pitch

    def gather(self, source: ArraySource, first: Value) -> None:
        """The rows of this step, from the user's array: those from the first on."""
        is_wide = not source.is_strided and self.inner >= LANES
        copy = self._by_registers if is_wide else self._one_by_one
        with self.w.loop(self.w.count) as (n, _, _):
            copy(source, source.row(self.b.add(first, n)), self.w.times(n, self.room))

    def _one_by_one(self, source: ArraySource, row: Value, place: Value) -> None:
        with source.numbers() as (f, offset):
            value = astype(self.b, source.read(row, offset), source.kind, self.buffer.dtype)
            self.b.store(value, self._at(self.b.add(place, self._padded(f)), 1))

    def _by_registers(self, source: ArraySource, row: Value, place: Value) -> None:
        """Stretch by stretch; the last numbers of each are copied twice."""
        b, w, last = self.b, self.w, I64(self.inner - LANES)
        with w.loop(I64(self.outer)) as (o, _, _), w.loop(I64(self.inner), step=LANES) as (f, _, _):
            at = w.least(f, last)
            offset = w.times(b.add(w.times(o, self.inner), at), source.bytes)
            value = astype(b, source.read(row, offset, LANES), source.kind, self.buffer.dtype)
            there = self._at(b.add(place, b.add(w.times(o, self.pitch), at)), LANES)
            b.store(value, there).align = 4 if self.kind == F32 else 8

    def put(self, target: Value, first: Value) -> None:
        """The rows of this step into the caller's array."""
        b, w = self.b, self.w
        with w.loop(w.count) as (n, _, _):
            row = w.times(b.add(first, n), self.count)
            with w.loop(I64(self.count)) as (f, _, _):
                place = b.add(w.times(n, self.room), self._padded(f))
                b.store(b.load(self._at(place, 1)), b.gep(target, [b.add(row, f)]))

    def _padded(self, f: Value) -> Value:
        """Where number f of a row lies, counted from the row's first."""
        if self.outer == 1:
            return f
        o, i = self.b.udiv(f, I64(self.inner)), self.b.urem(f, I64(self.inner))
        return self.b.add(self.w.times(o, self.pitch), i)

    def _at(self, place: Value, lanes: int) -> Value:
        return self.w.pointer(self.w.layout.at[self.buffer], place, self.kind, lanes)
