"""The memory in which the buffers of a program lie, and its arrays as NumPy's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glassnet.engines.native.codegen.layout import ALIGN, padded_sizes, plain_sizes
from glassnet.engines.native.kernel import Kernel
from glassnet.loops.buffer import Buffer
from glassnet.memory import check_memory
from glassnet.program import Program


class Arena(NamedTuple):
    """Memory for all buffers, once for each thread that has a copy of its own."""

    whole: Any
    copies: list[Any]


def new_arena(kernel: Kernel, batch_size: int, copies: int = 1) -> Arena:
    """Memory for all buffers, with the constant tables in it."""
    size = kernel.layout.size
    check_memory(size * copies, batch_size)
    space = np.zeros(size * copies + ALIGN, np.uint8)
    whole = space[-space.ctypes.data % ALIGN :]
    found = [whole[i * size : (i + 1) * size] for i in range(copies)]
    for arena in found:
        for buffer, numbers in kernel.lowered.tables.items():
            own = view(arena, kernel, buffer)
            own[...] = numbers.reshape(own.shape)
    return Arena(whole, found)


class RowsView(NamedTuple):
    """An array (B, ...) in the arena: blocks of samples, of which each number has a lane.

    blocks  (blocks, lanes, numbers of a row)
    """

    blocks: Any

    def fill(self, array: Any) -> None:
        """The numbers of an array into it; lanes beyond its rows are zero."""
        n_blocks, lanes, count = self.blocks.shape
        flat = np.zeros((n_blocks * lanes, count), self.blocks.dtype)
        flat[: len(array)] = array.reshape(len(array), -1)
        self.blocks[...] = flat.reshape(self.blocks.shape)

    def take(self, array: Any) -> None:
        """Its numbers into an array."""
        flat = self.blocks.reshape(-1, self.blocks.shape[2])
        array[...] = flat[: len(array)].reshape(array.shape)


def rows_views(program: Program, kernel: Kernel, arena: Any) -> list[RowsView]:
    """What a batch leaves for the next, inside the arena."""
    return [_rows_view(arena, kernel, kernel.lowered.leaves[n]) for n in program.carried.values()]


def _rows_view(arena: Any, kernel: Kernel, buffer: Buffer) -> RowsView:
    layout, kind = kernel.layout, np.dtype(buffer.dtype)
    sizes = layout.blocks, buffer.count, layout.lanes
    stop = layout.at[buffer] + math.prod(sizes) * kind.itemsize
    found = arena[layout.at[buffer] : stop].view(kind).reshape(sizes)
    return RowsView(found.transpose(0, 2, 1))


def view(arena: Any, kernel: Kernel, buffer: Buffer) -> Any:
    """A table or a number of the arena as an array, without its filling and its axes of one."""
    offset = kernel.layout.at[buffer]
    kind = np.dtype(buffer.dtype)
    if buffer.is_scalar:
        return arena[offset : offset + kind.itemsize].view(kind).reshape(())
    padded = padded_sizes(buffer)
    count = int(np.prod(padded)) * kind.itemsize
    whole = arena[offset : offset + count].view(kind).reshape(padded)
    return whole[..., : plain_sizes(buffer)[-1]]


def state_views(program: Program, kernel: Kernel, arena: Any) -> list[Any]:
    """The program's parameters and slots inside the arena."""
    leaves = [*program.parameters.values(), *program.slots.values()]
    return [view(arena, kernel, kernel.lowered.leaves[leaf]) for leaf in leaves]


def fill(views: Sequence[Any], arrays: Sequence[Any]) -> None:
    """The numbers of arrays into views of the arena, axes of one aside."""
    for own, array in zip(views, arrays, strict=True):
        own[...] = array if own.shape == array.shape else array.reshape(own.shape)
