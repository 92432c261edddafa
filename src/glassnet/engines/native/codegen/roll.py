"""Rows of a batch, each copied into the place of its neighbour."""

from __future__ import annotations

from glassnet.engines.native.codegen.values import STORED
from glassnet.engines.native.codegen.writer import Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64
from glassnet.loops.nest import RollRows


def roll(w: Writer, nest: RollRows) -> None:
    """Every row of the batch into the place of its neighbour, the last into that of the first."""
    b, lanes, buffer = w.b, w.layout.lanes, nest.buffer
    kind, last = STORED[buffer.dtype], b.sub(w.count, I64(1))

    def row(origin: int, n: Value) -> Value:
        block = b.mul(b.udiv(n, I64(lanes)), I64(buffer.count * lanes))
        return w.pointer(origin, b.add(block, b.urem(n, I64(lanes))), kind, 1)

    with w.loop(w.count) as (n, _, _):
        beyond, end, start = (I64(-1), I64(0), last) if nest.shift == 1 else (I64(1), last, I64(0))
        near = b.select(b.icmp_signed("==", n, end), start, b.add(n, beyond))
        target, source = row(w.layout.at[buffer], n), row(w.layout.at[nest.source], near)
        with w.loop(I64(buffer.count)) as (f, _, _):
            at = [w.times(f, lanes)]
            b.store(b.load(b.gep(source, at)), b.gep(target, at))
