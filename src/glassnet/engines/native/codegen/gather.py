"""Numbers at places that each lane computes for itself, of the sample that is the lane's.

A term's place is a whole number as a float; it becomes an address for each lane once, from which
numbers beside one another, such as the four pixels around a point, lie at known distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.layout import SIZES
from glassnet.engines.native.codegen.values import KINDS, STORED, spread
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I32, I64
from glassnet.errors import UnsupportedError
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine
from glassnet.loops.term import Gathered, Term
from glassnet.loops.views import Sample

if TYPE_CHECKING:
    from glassnet.engines.native.codegen.writer import Cell, Writer

_MOST = 2**31  # numbers of a block that 32 bits count


def gathered(w: Writer, term: Gathered, cell: Cell) -> Value:
    """A number of each sample, side by side in lanes."""
    if cell.along is not Sample.HERE:
        raise UnsupportedError("native: places of a sample are read where samples are no lanes.")
    places = pointers(w, term.buffer, term.at, term.scale, term.offset, cell)
    kind = ir.VectorType(KINDS[term.buffer.dtype], len(places))
    found: Value = ir.Constant(kind, ir.Undefined)
    for i, pointer in enumerate(places):
        found = w.b.insert_element(found, number(w, term.buffer, pointer), I32(i))
    return found


def number(w: Writer, buffer: Buffer, pointer: Value) -> Value:
    """What lies there."""
    value = w.b.load(pointer)
    value.align = SIZES[buffer.dtype]
    return value


def pointers(
    w: Writer, buffer: Buffer, at: Term, scale: int, offset: Affine, cell: Cell
) -> Sequence[Value]:
    """Where number at * scale + offset of each sample of the block lies."""
    b, lanes, kind = w.b, w.layout.lanes, STORED[buffer.dtype]
    start = w.times(w.block, buffer.count * lanes)
    moved = offset.moved(cell.loops)
    first = b.add(start, w.index(Affine(moved.terms), lanes))
    origin = w.pointer(w.layout.at[buffer], first, kind, 1)
    apart = [I64(moved.constant * lanes)]
    return [b.gep(b.gep(origin, [n]), apart) for n in _numbers(w, buffer, at, scale, cell)]


def _numbers(w: Writer, buffer: Buffer, at: Term, scale: int, cell: Cell) -> Sequence[Value]:
    """at * scale, counted in the numbers of a block, and the lane, for each lane."""
    b, lanes = w.b, w.layout.lanes
    if buffer.count * lanes >= _MOST:
        raise UnsupportedError("native: images of so many numbers are not read at places of them.")
    wide = ir.VectorType(I32, lanes)
    whole = b.fptosi(spread(b, w.term(at, cell), lanes), wide)
    numbers = b.add(b.mul(whole, wide(scale * lanes)), ir.Constant(wide, list(range(lanes))))
    return [b.extract_element(numbers, I32(i)) for i in range(lanes)]
