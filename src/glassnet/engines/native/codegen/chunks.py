"""Large batches, some hundreds of samples at a time, so that their values stay in the caches.

All nests of a step are gone through for one chunk of samples after another:

    for each chunk of 512 samples:
        gather; nests over samples                  their values are overwritten by the next chunk
        sums over samples: from where the chunk before left them, to where the next goes on
        at the last chunk: what follows a sum (the optimiser's rule), and all that needs it

A sum has its order whatever the chunks are, so they change no bit. Nothing is chunked where a value
of one sample depends on all samples of the batch, or is kept for the next step.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from glassnet.engines.native.codegen.lanes import Lanes, lanes_of
from glassnet.engines.native.codegen.layout import LANES, SIZES
from glassnet.engines.native.thresholds import (
    CHUNK_BYTES,
    CHUNK_MEMORY,
    FEWEST_IMAGES,
    FEWEST_SAMPLES,
)
from glassnet.loops.buffer import Buffer
from glassnet.loops.fuse import touched
from glassnet.loops.nest import (
    Computed,
    Domain,
    Nest,
    Order,
    RandomFill,
    Reduce,
    Repeat,
    RollRows,
    ScatterAdd,
    ScatterInside,
    innermost,
    order_of,
)
from glassnet.loops.term import dtype_of, loads

BLOCK = 2 * LANES  # samples of a block, in batches that are large enough to be cut
CHAINS = 4  # sums over samples that are made side by side where a nest has only one


@dataclass(frozen=True)
class Chunks:
    """How a batch is cut; nests are told by their identity.

    samples       of a chunk: whole blocks
    accumulators  where the sums of a nest over samples lie between two chunks
    before        nests that only the first chunk needs; after: only the last
    """

    samples: int
    accumulators: dict[int, Buffer]
    before: frozenset[int]
    after: frozenset[int]


def chunks_of(
    nests: Sequence[Nest], kept: Collection[Buffer], state: Collection[Buffer], batch_size: int
) -> Chunks | None:
    """How to cut batches of this size; None where they stay whole.

    kept   buffers that are looked at from outside: inputs among them
    state  those that are changed from step to step
    """
    if any(buffer.batched for buffer in state):  # the whole batch lies there for the next step
        return None
    samples = _samples_of(nests, kept)
    if batch_size < 2 * samples or any(isinstance(nest, RollRows) for nest in nests):
        return None
    late: set[Buffer] = set()  # what is known only after the last sample
    before, after = set(), set()
    accumulators: dict[int, Buffer] = {}
    for i, nest in enumerate(nests):
        needs_all = not late.isdisjoint(touched(nest).read)
        if is_per_sample(nest):
            if needs_all:
                return None
        elif isinstance(nest, Reduce) and order_of(nest):
            if not late.isdisjoint(x.buffer for x in loads(nest.reduction.term)):
                return None
            accumulators[id(nest)] = _accumulator(i, nest)
            late |= nest.written()
        elif isinstance(nest, ScatterAdd):
            late |= nest.written()
        elif needs_all or not nest.written().isdisjoint({*state, *late}):
            after.add(id(nest))
            late |= nest.written()
        else:
            before.add(id(nest))
    return Chunks(samples, accumulators, frozenset(before), frozenset(after))


def is_per_sample(nest: Nest) -> bool:
    """True for what is computed for each sample alone."""
    if isinstance(nest, RandomFill | ScatterInside):
        return True
    return isinstance(nest, Computed | Repeat) and nest.domain is Domain.SAMPLES


def _samples_of(nests: Sequence[Nest], kept: Collection[Buffer]) -> int:
    """As many samples as fit into the bytes of a chunk: a power of two.

    Images of which no few hundred fit into memory's share of a chunk come in fewer.
    """
    buffers = {b for b in {*memory_of(nests), *kept} if b.batched}
    size = sum(b.count * SIZES[b.dtype] for b in buffers)
    fitting = CHUNK_BYTES // max(1, size)
    fewest = FEWEST_SAMPLES if size * FEWEST_SAMPLES <= CHUNK_MEMORY else FEWEST_IMAGES
    return max(fewest, 1 << max(0, fitting.bit_length() - 1))


def memory_of(nests: Sequence[Nest]) -> set[Buffer]:
    """The buffers of nests that do not stay in registers."""
    every = [n for n in innermost(nests) if isinstance(n, Computed)]
    local = {s.buffer for n in every for s in n.stores if s.local}
    return {b for nest in nests for b in (*touched(nest).read, *nest.written())} - local


def _accumulator(i: int, nest: Reduce) -> Buffer:
    """Memory for a reduction's totals: chains in front of its loops, or lanes behind them."""
    loops = tuple(loop.size for loop in nest.loops)
    sizes = (*loops, BLOCK) if order_of(nest) is Order.TREE else (chains_of(nest), *loops)
    dtype = dtype_of(nest.reduction.term)
    return Buffer(f"sums{i}", batched=False, sizes=sizes, dtype=dtype)


def chains_of(nest: Reduce) -> int:
    """How many sums one result is made in: a register block has enough to do without."""
    is_blocked = len(nest.loops) > 1 and lanes_of(nest) is Lanes.LAST_AXIS
    return 1 if is_blocked else CHAINS
