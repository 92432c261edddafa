"""What threads share: samples by blocks, large arrays by their rows or columns.

What is too small to share is the first thread's, and between two segments of that kind nobody
waits. None of this changes a bit: who adds a sum up does not change its order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from glassnet.engines.native.codegen.lanes import Lanes, lanes_of
from glassnet.engines.native.codegen.layout import Layout
from glassnet.engines.native.thresholds import SHARED_NUMBERS, SHARED_PRODUCTS, UPDATE_PRODUCTS
from glassnet.loops.fuse import conflict
from glassnet.loops.nest import Computed, Domain, Nest, Reduce, Repeat, ScatterInside, order_of


@dataclass
class Partition:
    """Which nests are shared, for batches of one size.

    alone    True where each thread has steps of its own, and nothing is shared
    samples  True where threads share the samples of a batch, in all that runs over them
    """

    nests: Sequence[Nest]
    layout: Layout
    alone: bool
    samples: bool = field(init=False)
    _arrays: bool = field(init=False)

    def __post_init__(self) -> None:
        """Weigh the work."""
        loops = [nest for nest in self.nests if isinstance(nest, Computed)]
        work = sum(turns(nest) for nest in self.nests if is_over_samples(nest))
        together = self.layout.blocks > 1 and not self.alone
        self.samples = together and work * self._most >= SHARED_PRODUCTS
        large = sum(self._products(nest) for nest in loops if _is_large(nest))
        self._arrays = not self.alone and large >= SHARED_PRODUCTS

    def shares(self, nest: Nest) -> bool:
        """True where threads share the numbers of an array."""
        return self._arrays and isinstance(nest, Computed) and _is_large(nest)

    def any(self) -> bool:
        """True where a second thread has anything to do."""
        return self.samples or self._arrays

    def segments(self) -> list[list[Nest]]:
        """Runs of nests between which threads need not wait for one another."""
        found: list[list[Nest]] = []
        for nest in self.nests:
            if found and self._joins(found[-1], nest):
                found[-1].append(nest)
            else:
                found.append([nest])
        return found

    def _joins(self, segment: list[Nest], nest: Nest) -> bool:
        if is_over_samples(segment[0]) != is_over_samples(nest):
            return False
        if is_over_samples(nest):
            return True
        mine = self.shares(nest)
        return not any((mine or self.shares(one)) and conflict(one, nest) for one in segment)

    def _products(self, nest: Computed) -> int:
        return turns(nest) * (UPDATE_PRODUCTS + (self._most if order_of(nest) else 0))

    @property
    def _most(self) -> int:
        """Samples of a batch, in whole blocks."""
        return self.layout.lanes * self.layout.blocks


def is_over_samples(nest: Nest) -> bool:
    """True for nests whose lanes are the samples of a block."""
    return isinstance(nest, ScatterInside) or (
        isinstance(nest, Computed | Repeat) and nest.domain is Domain.SAMPLES
    )


def turns(nest: Nest) -> int:
    """How often the inside of the nest's loops is run, for one sample."""
    if isinstance(nest, Repeat):
        return nest.counter.size * sum(map(turns, nest.nests))
    if isinstance(nest, ScatterInside):
        return math.prod(loop.size for loop in nest.loops) * len(nest.additions)
    if not isinstance(nest, Computed):
        return 0
    inner = nest.reduction.loops if isinstance(nest, Reduce) else ()
    return math.prod(loop.size for loop in (*nest.loops, *inner))


def _is_large(nest: Computed) -> bool:
    numbers = math.prod(loop.size for loop in nest.loops)
    return numbers >= SHARED_NUMBERS and lanes_of(nest) is Lanes.LAST_AXIS
