"""The memory in which the buffers of a program lie, and its tables as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.engines.native.codegen.layout import padded_sizes, plain_sizes
from glassnet.engines.native.kernel import Kernel
from glassnet.loops.buffer import Buffer
from glassnet.memory import check_memory
from glassnet.program import Program


def new_arena(kernel: Kernel, batch_size: int) -> Any:
    """Memory for all buffers, with the constant tables in it."""
    check_memory(kernel.layout.size, batch_size)
    whole = np.zeros(kernel.layout.size + 64, np.uint8)
    arena = whole[-whole.ctypes.data % 64 :]
    for buffer, numbers in kernel.lowered.tables.items():
        own = view(arena, kernel, buffer)
        own[...] = numbers.reshape(own.shape)
    return arena


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
        own[...] = array.reshape(own.shape)
