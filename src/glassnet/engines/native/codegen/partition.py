"""What threads share: rows by blocks, large tables by their rows or columns.

What is too small to share is the first thread's, and between two pieces of that kind nobody waits.
None of this changes a bit: who adds a sum up does not change its order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from glassnet.engines.native.codegen.layout import Layout
from glassnet.loops.fuse import conflict
from glassnet.loops.nest import Nest

_WORTH = 300_000  # products from which it pays to share: some four microseconds
_NUMBERS = 1024  # of a table, below which it has no parts to share
_RULE = 8  # products that take as long as an optimiser's rule for one number


@dataclass
class Sharing:
    """Which nests are shared, for batches of one size.

    rows  True where threads share the samples of a batch, in all that runs over them
    """

    nests: Sequence[Nest]
    layout: Layout
    rows: bool = field(init=False)
    _tables: bool = field(init=False)

    def __post_init__(self) -> None:
        """Weigh the work."""
        work = sum(_turns(nest) for nest in self.nests if nest.over == "rows")
        self.rows = self.layout.blocks > 1 and work * self._samples >= _WORTH
        large = sum(self._products(nest) for nest in self.nests if _is_large(nest))
        self._tables = large >= _WORTH

    def table(self, nest: Nest) -> bool:
        """True where threads share the numbers of a table."""
        return self._tables and _is_large(nest)

    def any(self) -> bool:
        """True where a second thread has anything to do."""
        return self.rows or self._tables

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
        if (segment[0].over == "rows") != (nest.over == "rows"):
            return False
        if nest.over == "rows":
            return True
        mine = self.table(nest)
        return not any((mine or self.table(one)) and conflict(one, nest) for one in segment)

    def _products(self, nest: Nest) -> int:
        summed = nest.reduction is not None and nest.reduction.samples
        return _turns(nest) * (_RULE + (self._samples if summed else 0))

    @property
    def _samples(self) -> int:
        return self.layout.lanes * self.layout.blocks


def _turns(nest: Nest) -> int:
    """How often the inside of the nest's loops is run, for one sample."""
    loops = [*nest.loops, *(nest.reduction.loops if nest.reduction is not None else ())]
    return math.prod(loop.size for loop in loops)


def _is_large(nest: Nest) -> bool:
    return nest.over == "table" and math.prod(loop.size for loop in nest.loops) >= _NUMBERS
