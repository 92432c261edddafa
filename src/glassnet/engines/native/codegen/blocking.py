"""Register blocks: how many totals are made at once, and what is asked of memory ahead of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.codegen.registers import Registers
from glassnet.engines.native.codegen.totals import Prefetch
from glassnet.engines.native.codegen.writer import Loops
from glassnet.engines.native.thresholds import (
    LONG_SUM,
    PREFETCHED_NUMBERS,
    PREFETCHED_PLACES,
    STREAMED_NUMBERS,
)
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Computed, Domain, Order, Reduce, Store
from glassnet.loops.term import Load, dtype_of, loads


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


def blocked_over_samples(nest: Computed, most: int, *, streamed: bool) -> list[Loop]:
    """The loops of which register blocks are made where lanes are samples.

    First that along which the samples' numbers stay the same, as over the outputs of a layer: what
    is loaded of them serves all totals. If it is short, also one along which the weights do, as
    over the places of an image. Of a product of two values of the sample, the two of `_of_each`.
    """
    if not isinstance(nest, Reduce) or not nest.loops:
        return []
    found = loads(nest.reduction.term)
    if not streamed and (each := _of_each(nest, found)):
        return each
    still = _still(nest.loops, [x for x in found if x.buffer.batched])
    first = max(still or nest.loops, key=lambda n: n.size)
    others = [n for n in _still(nest.loops, [x for x in found if not x.buffer.batched])
              if n is not first]  # fmt: skip
    if streamed or not still or not others or 2 * first.size > most:
        return [first]
    return [first, others[-1]]


def blocked_of_array(nest: Computed, most: int, *, shared: bool) -> list[Loop]:
    """The loops of which register blocks are made beside lanes along the last axis.

    That before the last; if it is short, the one before it as well, unless threads share that.
    """
    if not isinstance(nest, Reduce) or len(nest.loops) == 1:
        return []
    *outer, second, first, _ = (None, *nest.loops) if len(nest.loops) == 2 else nest.loops
    alone = second is None or 2 * first.size > most or (shared and not outer)
    return [first] if alone or second is None else [first, second]


def _of_each(nest: Computed, found: Sequence[Load]) -> list[Loop]:
    """Of a product of two values of the sample, the longest loop along which one alone moves, each.

    As of q @ k.T: what is loaded of a row of q serves several columns of k, and these serve several
    rows of q.
    """
    if len(found) != 2 or not all(x.buffer.batched for x in found):
        return []
    a, b = found
    of_a, of_b = _still(nest.loops, [b]), _still(nest.loops, [a])
    if not of_a or not of_b:
        return []
    return [max(loops, key=lambda n: n.size) for loops in (of_a, of_b)]


def _still(loops: Sequence[Loop], found: Sequence[Load]) -> list[Loop]:
    """The loops along which all that is loaded stays the same."""
    return [n for n in loops if all(x.offset.stride(n) == 0 for x in found)]


_FEWEST = 4  # totals of a register block from which it is cut along two long loops

Tile = dict[Loop, tuple[int, int, int]]  # of each loop (first, stop, width of a register block)


def tiles(blocked: Sequence[Loop], most: int) -> list[Tile]:
    """All of some loops in register blocks of so many totals, by parts in which these are alike.

    >>> [list(tile.values()) for tile in tiles([Loop("o", 6), Loop("j", 9)], 12)]
    [[(0, 6, 6), (0, 8, 2)], [(0, 6, 6), (8, 9, 1)]]
    >>> [list(tile.values()) for tile in tiles([Loop("j", 64), Loop("k", 64)], 12)]
    [[(0, 64, 4), (0, 64, 2)]]
    """
    if not blocked:
        return [{}]
    first, *rest = blocked
    square = rest and 2 * first.size > most >= _FEWEST
    own = math.isqrt(most) + 1 if square else most
    return [
        {first: part, **tile}
        for part in blocks(first.size, own) for tile in tiles(rest, max(1, most // part[2]))
    ]  # fmt: skip


def places(tile: Tile) -> list[Loops]:
    """The places of a register block: the loops' counters, and some numbers behind them."""
    axes = [[Affine.of(loop) + k for k in range(width)] for loop, (_, _, width) in tile.items()]
    return [dict(zip(tile, at, strict=True)) for at in itertools.product(*axes)]


def large_tables(nest: Computed) -> list[Load]:
    """The arrays that a sum for each sample goes through, and that are too large for the caches."""
    if not isinstance(nest, Reduce) or nest.domain is not Domain.SAMPLES:
        return []
    found = loads(nest.reduction.term)
    return [x for x in found if x.buffer.is_table and x.buffer.count >= STREAMED_NUMBERS]


def next_block(nest: Computed, tile: Tile) -> list[Prefetch]:
    """What the next block reads beside what this one does, row by row of a large array."""
    inner = nest.reduction.loops[-1] if isinstance(nest, Reduce) and nest.reduction.loops else None
    if inner is None or not tile:
        return []
    blocked, (_, _, width) = next(iter(tile.items()))
    last = 2 * width - 1
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


def late_loads(nest: Computed) -> list[Load]:
    """What the stores behind a long sum of each sample read of it, beside what the sum does."""
    if not isinstance(nest, Reduce) or nest.domain is not Domain.SAMPLES:
        return []
    turns = math.prod(n.size for n in nest.reduction.loops)
    known = {s.buffer for s in nest.stores} | {x.buffer for x in loads(nest.reduction.term)}
    found = {x: None for s in nest.stores for x in loads(s.term)
             if x.buffer.batched and x.buffer not in known
             and x.buffer.count >= PREFETCHED_PLACES}  # fmt: skip
    return list(found) if turns >= LONG_SUM else []
