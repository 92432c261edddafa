"""Register blocks: how many totals are made at once, and what is asked of memory ahead of them."""

from __future__ import annotations

from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.codegen.registers import Registers
from glassnet.engines.native.codegen.totals import Prefetch
from glassnet.engines.native.thresholds import PREFETCHED_NUMBERS, STREAMED_NUMBERS
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Computed, Domain, Load, Order, Reduce, Store, dtype_of, loads


def totals_at_once(nest: Computed, lanes: int, registers: Registers) -> int:
    """How many totals of so many lanes stay in registers."""
    dtype = dtype_of(nest.reduction.term) if isinstance(nest, Reduce) else "float32"
    return max(1, registers.sums(dtype) * LANES // lanes)


def blocks(size: int, most: int) -> list[tuple[int, int, int]]:
    """(first, stop, width): blocks of one width, and a narrower one for what is left.

    >>> blocks(24, 12), blocks(20, 12), blocks(13, 12)
    ([(0, 24, 12)], [(0, 20, 10)], [(0, 7, 7), (7, 13, 6)])
    """
    if size <= most:
        return [(0, size, size)]
    count = -(-size // most)
    width = -(-size // count)
    width = next((w for w in range(most, most // 2, -1) if size % w == 0), width)
    whole = size // width * width
    return [(0, whole, width)] + ([(whole, size, size - whole)] if whole < size else [])


def large_tables(nest: Computed) -> list[Load]:
    """The arrays that a sum for each sample goes through, and that are too large for the caches."""
    if not isinstance(nest, Reduce) or nest.domain is not Domain.SAMPLES:
        return []
    found = loads(nest.reduction.term)
    return [x for x in found if x.buffer.is_table and x.buffer.count >= STREAMED_NUMBERS]


def next_block(nest: Computed, blocked: Loop, last: int) -> list[Prefetch]:
    """What the next block reads beside what this one does, row by row of a large array."""
    inner = nest.reduction.loops[-1] if isinstance(nest, Reduce) and nest.reduction.loops else None
    if inner is None:
        return []
    return [
        Prefetch(x.buffer, x.offset, {blocked: Affine.of(blocked) + last})
        for x in large_tables(nest)
        if x.offset.stride(blocked) == 1 and (x.offset.stride(inner) or 0) >= LANES
    ]


def late_stores(nest: Computed) -> list[Store]:
    """What a long sum over samples is followed by, far from what the caches hold."""
    if not isinstance(nest, Reduce) or nest.reduction.over_samples is Order.TREE:
        return []
    return [s for s in nest.stores if not s.local and s.buffer.count >= PREFETCHED_NUMBERS]
