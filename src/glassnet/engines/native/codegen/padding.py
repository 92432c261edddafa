"""Offsets in tables whose last axis is filled up to whole registers."""

from __future__ import annotations

from dataclasses import replace

from glassnet.engines.native.codegen.layout import padded_sizes, plain_sizes
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, linear, unravel


def padded_offset(buffer: Buffer, offset: Affine) -> Affine:
    """An offset in the padded table."""
    sizes = plain_sizes(buffer)
    return linear(unravel(offset, sizes), padded_sizes(buffer))


def padded_inside(buffer: Buffer, offset: Affine) -> Affine:
    """An offset in a row of a padded table: in what one number along its first axis names."""
    return padded_offset(replace(buffer, sizes=buffer.sizes[1:]), offset)


def row_pitch(buffer: Buffer) -> int:
    """Numbers from one row of a padded table to the next."""
    offset = padded_offset(buffer, Affine((), buffer.count // buffer.sizes[0]))
    return offset.constant if buffer.sizes[0] > 1 else buffer.count
