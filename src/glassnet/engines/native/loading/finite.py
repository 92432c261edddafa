"""Whether all numbers that arrived are finite, found while they lie in the cache."""

from __future__ import annotations

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.codegen.values import STORED, convert
from glassnet.engines.native.codegen.writer import Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import F32, F64, I32, I64
from glassnet.loops.buffer import Buffer

_CHAINS = 4  # sums beside each other, so that none waits for another


class Finite:
    """Zero times what is not finite is NaN, and so is a sum with it; all other such sums are zero.

    Each thread puts its sum to its place of an array.
    """

    def __init__(self, w: Writer) -> None:
        self.w, self.b = w, w.b
        self.zeros: dict[ir.Type, Value] = {}
        self.sums: dict[ir.Type, Value] = {}
        for kind in (F32, F64):
            vector = ir.VectorType(kind, LANES)
            self.zeros[kind], self.sums[kind] = vector(0.0), w.scratch(vector, 1)
            self.b.store(self.zeros[kind], self.sums[kind])

    def look(self, buffer: Buffer, count: Value) -> None:
        """At the buffer's first numbers: as many, in whole registers."""
        kind, b = STORED[buffer.dtype], self.b
        if kind not in self.sums:
            return
        step = LANES * _CHAINS
        whole = b.sub(count, b.urem(count, I64(step)))
        carried = [b.load(self.sums[kind]), *[self.zeros[kind]] * (_CHAINS - 1)]
        with self.w.loop(whole, step=step, carried=carried) as (i, sums, box):
            places = [self.w.plus(i, LANES * chain) for chain in range(_CHAINS)]
            box[:] = [self._with(total, buffer, at) for total, at in zip(sums, places, strict=True)]
        total = sums[0]
        for other in sums[1:]:
            total = b.fadd(total, other)
        with self.w.loop(count, whole, LANES, [total]) as (i, sums, box):
            box[:] = [self._with(sums[0], buffer, i)]
        b.store(sums[0], self.sums[kind])

    def _with(self, total: Value, buffer: Buffer, at: Value) -> Value:
        kind = STORED[buffer.dtype]
        found = self.b.load(self.w.pointer(self.w.layout.at[buffer], at, kind, LANES))
        found.align = 4 if kind == F32 else 8
        return self.b.fadd(total, self.b.fmul(found, self.zeros[kind]))

    def put(self, results: Value, thread: Value) -> None:
        """This thread's sum to its place."""
        b = self.b
        total: Value = F64(0.0)
        for place in self.sums.values():
            lanes = b.load(place)
            for lane in range(LANES):
                number = convert(b, b.extract_element(lanes, I32(lane)), "float64")
                total = b.fadd(total, number)
        b.store(total, b.gep(results, [thread]))
