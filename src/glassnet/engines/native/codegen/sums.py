"""Sums over samples where nothing else runs along: lanes are samples, joined in a fixed tree."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.values import KINDS, convert, spread
from glassnet.engines.native.codegen.writer import Cell, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64, Maths
from glassnet.loops.index import Loop
from glassnet.loops.nest import Reduce, Reduction
from glassnet.loops.term import dtype_of
from glassnet.loops.views import Sample

EMPTY = {"sum": 0.0, "max": float("-inf"), "min": float("inf")}


def sums(w: Writer, nest: Reduce, blocks: Value) -> None:
    """A nest's total over all samples, and its stores."""
    reduction, lanes = nest.reduction, w.layout.lanes
    kind = ir.VectorType(KINDS[dtype_of(reduction.term)], lanes)
    start = Maths(w.b, kind).const(EMPTY[reduction.how])
    lanes_cell = Cell({}, lanes, Sample.HERE, {})
    with w.loop(blocks, carried=[w.resumed(start, 0, lanes_cell)]) as (block, inside, box):
        w.block = block
        first = w.b.mul(block, I64(lanes))
        numbers = ir.Constant(ir.VectorType(I64, lanes), list(range(lanes)))
        row = w.b.add(spread(w.b, first, lanes), numbers)
        there = w.b.icmp_signed("<", row, spread(w.b, w.count, lanes))
        box[:] = [_block(w, reduction, inside[0], reduction.loops, (there, start))]
    w.leave(inside[0], 0, lanes_cell)
    with w.after_sum():
        cell = Cell({}, 1, None, {}, _tree(w.b, reduction.how, inside[0]))
        for store in nest.stores:
            w.store(store, cell)


def _block(
    w: Writer,
    reduction: Reduction,
    total: Value,
    loops: Sequence[Loop],
    masked: tuple[Value, Value],
) -> Value:
    """The total with one block's samples; masked: which of them are there, and what others are."""
    if loops:
        with w.loop(I64(loops[0].size), carried=[total]) as (i, inside, box):
            w.counters[loops[0]] = i
            box[:] = [_block(w, reduction, inside[0], loops[1:], masked)]
        return inside[0]
    cell = Cell({}, w.layout.lanes, Sample.HERE, {})
    value = convert(w.b, w.term(reduction.term, cell), dtype_of(reduction.term))
    value = spread(w.b, value, cell.lanes)
    there, empty = masked
    return _joined(w.b, reduction.how, total, w.b.select(there, value, empty))


def _joined(b: ir.IRBuilder, how: str, x: Value, y: Value) -> Value:
    m = Maths(b, x.type)
    found: Value = {"sum": b.fadd, "max": m.maximum, "min": m.minimum}[how](x, y)
    return found


def _tree(b: ir.IRBuilder, how: str, value: Value) -> Value:
    """All lanes as one number: halves joined again and again."""
    lanes, index = value.type.count, ir.IntType(32)
    while lanes > 1:
        lanes //= 2
        halves = [
            b.shuffle_vector(
                value, value, ir.Constant(ir.VectorType(index, lanes), list(range(s, s + lanes)))
            )
            for s in (0, lanes)
        ]
        value = _joined(b, how, *halves)
    return b.extract_element(value, index(0))
