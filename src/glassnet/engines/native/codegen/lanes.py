"""What the lanes of a vector register are, for each kind of nest, and what a register block is of.

    nest                            lanes are               a register block is of
    ------------------------------  ----------------------  ------------------------------------
    over samples                    the samples of a block  the loop along which the samples'
                                                            numbers stay the same, such as the
                                                            outputs; if it is short, another too
    of an array, side by side:
      a sum over samples            numbers of its last     the axis before the last: some rows
                                    axis                    at once; if it is short, the axis
                                                            before that, too
      another sum                   numbers of its last     the last axis: as much of a row as
                                    axis                    stays in registers
      a map                         numbers of its last     nothing: no totals are waiting
                                    axis
    of an array, in strides         nothing                 nothing
    a sum over samples, as a tree   the samples of a block  nothing: one total, its lanes joined
    of a single number              nothing                 nothing

"Side by side" means that one step of the last loop moves every read and write by one number, or not
at all, where the numbers lie: the last axis of a table is filled up. A register block is the number
of totals that are made at once; it decides how often what is loaded is used, and never the order of
a sum. Of `dW1 = x.T @ dz1`, (784, 128) on AVX-512:

    for r in 0, 12, 24, ... of 784:          12 rows x 2 registers = 24 totals (registers.py)
        for c in 0, 32, 64, 96 of 128:       2 registers of 16 lanes along the last axis
            for every sample n:              2 loads of dz1, 12 numbers of x spread, 24 FMAs
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable

from glassnet.engines.native.codegen.layout import padded_sizes, plain_sizes
from glassnet.engines.native.codegen.padding import padded_offset
from glassnet.engines.native.thresholds import FEWEST_PLACES
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Computed, Domain, Nest, Order, Reduce, Store, order_of
from glassnet.loops.term import Load, loads, offsets


class Lanes(enum.Enum):
    """What the lanes of a register are."""

    SAMPLES = enum.auto()
    LAST_AXIS = enum.auto()
    JOINED_SAMPLES = enum.auto()
    NONE = enum.auto()


def lanes_of(nest: Computed) -> Lanes:
    """By the table above."""
    if nest.domain is Domain.SAMPLES:
        return Lanes.SAMPLES
    if order_of(nest) is Order.TREE:
        return Lanes.JOINED_SAMPLES
    if nest.domain is Domain.ARRAY and nest.loops and side_by_side(nest, nest.loops[-1]):
        return Lanes.LAST_AXIS
    return Lanes.NONE


def side_by_side(nest: Computed, last: Loop) -> bool:
    """True where every index moves by one number, or not at all, along the loop."""
    strides = [offset.stride(last) for term in nest.terms() for offset in offsets(term)]
    strides += [_laid_out(x).stride(last) for term in nest.terms() for x in loads(term)]
    stored = [_laid_out(store).stride(last) for store in nest.stores]
    whole = all(_fills(store, last) for store in nest.stores)
    return whole and all(s in {0, 1} for s in strides) and all(s == 1 for s in stored)


def _fills(store: Store, last: Loop) -> bool:
    """True where the loop goes along all of the last axis: behind it is room, and no other number.

    A part of a row that is stored beside others is not filled up.
    """
    return not store.buffer.is_table or plain_sizes(store.buffer)[-1] == last.size


def _laid_out(at: Load | Store) -> Affine:
    """The offset where the numbers lie."""
    return padded_offset(at.buffer, at.offset) if at.buffer.is_table else at.offset


def beside(nests: Iterable[Nest]) -> int:
    """How many numbers before or behind its buffer a load may reach; what is there is not used."""
    found = [x for nest in nests for term in nest.terms() for x in loads(term) if not x.is_whole]
    return max((_beyond(_laid_out(x), x.buffer) for x in found), default=0)


def _beyond(offset: Affine, buffer: Buffer) -> int:
    count = math.prod(padded_sizes(buffer)) if buffer.is_table else buffer.count
    return max(0, -offset.least, offset.end - count)


def batched_reads(nest: Computed) -> set[Buffer]:
    """The batched buffers of which a sum over samples takes several numbers of a sample at once.

    They are needed with the numbers of a sample side by side; in strips all are, since with samples
    side by side each number of one would bring those of others into the cache.
    """
    if lanes_of(nest) is not Lanes.LAST_AXIS:
        return set()
    found = [x for term in nest.terms() for x in loads(term) if x.buffer.batched]
    in_strips = goes_in_strips(nest)
    return {x.buffer for x in found if in_strips or x.offset.stride(nest.loops[-1])}


def goes_in_strips(nest: Nest) -> bool:
    """True for sums over samples and over enough places of each, of which several are blocked."""
    if not isinstance(nest, Reduce) or order_of(nest) is not Order.SEQUENTIAL:
        return False
    places = math.prod(n.size for n in nest.reduction.loops)
    return places >= FEWEST_PLACES and len(nest.loops) > 1 and lanes_of(nest) is Lanes.LAST_AXIS
