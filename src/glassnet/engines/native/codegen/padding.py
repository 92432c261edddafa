"""Places in tables whose last axis is filled up to whole registers."""

from __future__ import annotations

from dataclasses import replace

from glassnet.engines.native.codegen.layout import padded_sizes, plain_sizes
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Place, linear, unravel


def padded_place(buffer: Buffer, place: Place) -> Place:
    """A place in the padded table."""
    sizes = plain_sizes(buffer)
    return linear(unravel(place, sizes), padded_sizes(buffer))


def padded_inside(buffer: Buffer, place: Place) -> Place:
    """A place in a row of a padded table: in what one number along its first axis names."""
    return padded_place(replace(buffer, sizes=buffer.sizes[1:]), place)


def row_pitch(buffer: Buffer) -> int:
    """Numbers from one row of a padded table to the next."""
    place = padded_place(buffer, Place((), buffer.count // buffer.sizes[0]))
    return place.constant if buffer.sizes[0] > 1 else buffer.count
