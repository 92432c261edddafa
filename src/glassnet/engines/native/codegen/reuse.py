"""Buffers that are dead are used again: a later one takes the memory of one of the same form.

Of `z3` (read last by nest 19) and `a12` (written first by nest 50), both (32, 32, 32) for each
sample, one place is enough. Only buffers over samples of one form take each other's place: block b
of the one then lies where block b of the other lay, so that threads, each of which goes through all
nests with blocks of its own, meet nobody else's numbers. What is not written as a whole by the nest
that touches it first keeps its place for itself: a border of zeros, the steps of a loop.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence

from glassnet.loops.buffer import Buffer
from glassnet.loops.fuse import touched
from glassnet.loops.nest import Computed, Nest


def shared_places(nests: Sequence[Nest], among: Collection[Buffer]) -> dict[Buffer, Buffer]:
    """For each buffer that takes the place of others the first one that had it.

    among  buffers that lie in memory, and are looked at nowhere but in nests
    """
    lives = _lives(nests)
    free: defaultdict[tuple[int, str], dict[Buffer, int]] = defaultdict(dict)  # until which nest
    found: dict[Buffer, Buffer] = {}
    for buffer, (first, last) in lives.items():
        if buffer not in among or not buffer.batched or not _is_filled(buffer, nests[first]):
            continue
        places = free[buffer.count, buffer.dtype]
        home = next((place for place, until in places.items() if until < first), buffer)
        places[home] = last
        if home is not buffer:
            found[buffer] = home
    return found


def _is_filled(buffer: Buffer, nest: Nest) -> bool:
    """True where the nest writes every number of the buffer."""
    if not isinstance(nest, Computed) or buffer not in nest.written():
        return False
    return math.prod(loop.size for loop in nest.loops) == buffer.count


def _lives(nests: Sequence[Nest]) -> dict[Buffer, tuple[int, int]]:
    """The first and the last nest that touches a buffer, in the order of the first ones."""
    found: dict[Buffer, tuple[int, int]] = {}
    for i, nest in enumerate(nests):
        for group in (nest.written(), touched(nest).read):
            for buffer in sorted(group, key=str):
                found[buffer] = (found.get(buffer, (i, i))[0], i)
    return found
