"""A program on its way to machine code: its nests, and where its values lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glassnet.engines.native.buffer import Buffer
from glassnet.engines.native.layout import Layout
from glassnet.graph import Node

if TYPE_CHECKING:
    from glassnet.engines.native.terms import Nest


@dataclass
class Lowered:
    """Loop nests in order, and where everything lies.

    leaves  buffers of leaves by node; outputs  of the program's outputs, in order
    tables  the numbers of array constants
    """

    nests: list[Nest]
    leaves: dict[Node, Buffer]
    outputs: list[Buffer]
    buffers: list[Buffer]
    tables: dict[Buffer, Any]


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


def count_operations(nests: list[Nest]) -> int:
    """Products of one sample in all nests."""
    total = 0
    for nest in nests:
        if nest.reduction is not None:
            loops = [*nest.loops, *nest.reduction.loops]
            total += math.prod(n.size for n in loops)
    return total
