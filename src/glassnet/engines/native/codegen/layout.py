"""Where every buffer lies in one stretch of memory."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from glassnet.loops.buffer import Buffer

LANES = 16  # numbers that are worked on together, on every CPU
_ALIASED = 512  # numbers
ALIGN = 64  # bytes: a cache line, and the widest register
SIZES = {"float32": 4, "float64": 8, "int64": 8, "bool": 1}  # bytes


@dataclass(frozen=True)
class Layout:
    """Offsets in bytes.

    lanes   samples of a block
    blocks  how many blocks the largest batch needs
    at      where a buffer begins
    sample_major  where its copy begins that has the numbers of a sample side by side
    size    bytes of everything
    """

    lanes: int
    blocks: int
    at: dict[Buffer, int]
    sample_major: dict[Buffer, int]
    size: int

    @staticmethod
    def of(
        buffers: Sequence[Buffer], sample_major: Collection[Buffer], batch_size: int,
        beside: int = 0, *, is_long: bool = False, instead: Mapping[Buffer, Buffer] | None = None,
    ) -> Layout:  # fmt: skip
        """A place for each buffer, and room around all of them.

        beside   how many numbers of a sample are read before or behind a buffer, and not used
        is_long  see lanes_and_blocks
        instead  whose place a buffer takes; that one has its own
        """
        lanes, blocks = lanes_and_blocks(batch_size, is_long=is_long)
        size = room = _rounded(beside * lanes * max(SIZES.values()))
        at: dict[Buffer, int] = {}
        copies: dict[Buffer, int] = {}
        homes = instead or {}
        for buffer in sorted(buffers, key=lambda one: one in homes):
            if buffer in homes:
                at[buffer] = at[homes[buffer]]
                continue
            at[buffer] = size
            size += _rounded(_bytes(buffer, lanes * blocks))
            if buffer in sample_major:
                copies[buffer] = size
                size += _rounded(blocks * lanes * pitch(buffer.count) * SIZES[buffer.dtype])
        return Layout(lanes, blocks, at, copies, size + room + ALIGN * LANES)


def lanes_and_blocks(batch_size: int, *, is_long: bool) -> tuple[int, int]:
    """Samples of a block, and how many blocks a batch needs: all that a layout takes from it.

    is_long  of a step that is worth a second thread: where there is only one whole block of 32,
             blocks are of 16, so that there is something to share. They take a few hundredths
             more time where one thread does them all

    >>> lanes_and_blocks(32, is_long=False), lanes_and_blocks(32, is_long=True)
    ((32, 1), (16, 2))
    >>> lanes_and_blocks(64, is_long=False), lanes_and_blocks(64, is_long=True)
    ((32, 2), (32, 2))
    """
    wide = 2 * LANES
    lanes = wide if batch_size >= (2 * wide if is_long else wide) else LANES
    return lanes, -(-batch_size // lanes)


def _rounded(count: int) -> int:
    return -(-count // ALIGN) * ALIGN


def _bytes(buffer: Buffer, rows: int) -> int:
    size = SIZES[buffer.dtype]
    if buffer.is_scalar:
        return size
    if buffer.batched:
        return buffer.count * rows * size
    return math.prod(padded_sizes(buffer)) * size


def pitch(count: int) -> int:
    """Numbers from one row to the next: whole registers, in pairs where there are several.

    Rows that are a large power of two apart would share a few places of the caches: they get a
    little more room.
    """
    width = LANES if count <= LANES else 2 * LANES
    found = -(-count // width) * width
    return found + LANES if found % _ALIASED == 0 else found


def plain_sizes(buffer: Buffer) -> tuple[int, ...]:
    """The sizes of a table without axes of one."""
    return tuple(n for n in buffer.sizes if n != 1) or (1,)


def padded_sizes(buffer: Buffer) -> tuple[int, ...]:
    """The sizes of a table with its last axis filled up to whole registers."""
    sizes = plain_sizes(buffer)
    return (*sizes[:-1], pitch(sizes[-1]))
