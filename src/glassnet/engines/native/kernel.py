"""A program on its way to machine code: its nests, and where its values lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.engines.native.codegen.layout import Layout
from glassnet.loops.buffer import Buffer
from glassnet.loops.lowered import Lowered
from glassnet.loops.nest import Nest, Reduce, Repeat


@dataclass
class Kernel:
    """A program as nests, laid out, with the inputs in the order of a call.

    operations  products of one sample's step, for the choice of threads
    module      LLVM code; None where the machine code was found in the cache, and nests are none
    """

    lowered: Lowered
    nests: list[Nest]
    layout: Layout
    rows: list[Buffer]
    operations: int
    module: Any = None


def count_operations(nests: Sequence[Nest]) -> int:
    """Products of one sample in all nests."""
    total = 0
    for nest in nests:
        if isinstance(nest, Repeat):
            total += nest.counter.size * count_operations(nest.nests)
        if isinstance(nest, Reduce):
            loops = [*nest.loops, *nest.reduction.loops]
            total += math.prod(n.size for n in loops)
    return total
