"""Numbers added to places that are computed: rows of a table, places of a sample's own array."""

from __future__ import annotations

import math
from contextlib import nullcontext

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.gather import number, pointers
from glassnet.engines.native.codegen.layout import SIZES, padded_sizes
from glassnet.engines.native.codegen.padding import row_pitch
from glassnet.engines.native.codegen.values import STORED, convert, held, spread
from glassnet.engines.native.codegen.writer import Cell, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I32, I64, Maths
from glassnet.loops.buffer import Buffer
from glassnet.loops.nest import ScatterAdd, ScatterInside
from glassnet.loops.views import Sample


def scatter(w: Writer, nest: ScatterAdd) -> None:
    """Zeros, then each row onto its place; one thread, so that the order is fixed."""
    b, table = w.b, nest.buffer
    kind, at = STORED[table.dtype], w.layout.at[table]
    zeros = b.if_then(w.chunk.is_first) if w.chunk is not None else nullcontext()
    with zeros, w.loop(I64(math.prod(padded_sizes(table)))) as (i, _, _):
        b.store(Maths(b, kind).const(0.0), w.pointer(at, i, kind, 1))
    inside = table.count // table.sizes[0]
    with w.loop(w.count) as (n, _, _), w.loop(I64(nest.index.count)) as (k, _, _):
        place = held(b, _of_sample(w, nest.index, n, k), table.sizes[0])
        row = b.mul(place, I64(row_pitch(table)))
        with w.loop(I64(inside)) as (f, _, _):
            pointer = w.pointer(at, b.add(row, f), kind, 1)
            added = _of_sample(w, nest.rows, n, b.add(w.times(k, inside), f))
            b.store(b.fadd(b.load(pointer), added), pointer)


def _of_sample(w: Writer, buffer: Buffer, n: Value, f: Value) -> Value:
    """Number f of sample n."""
    b, lanes = w.b, w.layout.lanes
    block, lane = b.udiv(n, I64(lanes)), b.urem(n, I64(lanes))
    index = b.add(b.mul(b.add(b.mul(block, I64(buffer.count)), f), I64(lanes)), lane)
    return b.load(w.pointer(w.layout.at[buffer], index, STORED[buffer.dtype], 1))


def clear(w: Writer, buffer: Buffer) -> None:
    """Zeros into the block at hand."""
    b, lanes, kind = w.b, w.layout.lanes, STORED[buffer.dtype]
    wide = ir.VectorType(kind, lanes)
    with w.loop(I64(buffer.count)) as (f, _, _):
        first = b.add(w.times(w.block, buffer.count * lanes), w.times(f, lanes))
        zeros = w.pointer(w.layout.at[buffer], first, kind, lanes)
        b.store(Maths(b, wide).const(0.0), zeros).align = SIZES[buffer.dtype]


def add_inside(w: Writer, nest: ScatterInside) -> None:
    """One turn of the nest's loops: its numbers onto their places, lane after lane."""
    b, buffer = w.b, nest.buffer
    cell = Cell({}, w.layout.lanes, Sample.HERE, {})
    for offset, term in nest.additions:
        value = spread(b, convert(b, w.term(term, cell), buffer.dtype), cell.lanes)
        places = pointers(w, buffer, nest.at, nest.scale, offset, cell)
        for i, pointer in enumerate(places):
            total = b.fadd(number(w, buffer, pointer), b.extract_element(value, I32(i)))
            b.store(total, pointer).align = SIZES[buffer.dtype]
