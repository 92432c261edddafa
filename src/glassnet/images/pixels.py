"""The pixels of all images in one array of bytes: in memory, or in a file where that is short.

Files are unpacked once. Nothing is ever turned into floats here: the network reads bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glassnet import data
from glassnet.images.decode import decode
from glassnet.images.frame import Frame
from glassnet.images.header import Fault, quiet
from glassnet.images.listing import ImageFile
from glassnet.memory import free_memory
from glassnet.tables.columns import Progress, silent

_IN_MEMORY = 1 / 4  # of the free memory may be pixels; more goes into a file
_EVERY = 100  # images between two words on progress
_TOGETHER = 256  # images that are copied or hashed at once
_MOST_THREADS = 8


@dataclass(frozen=True)
class Decoded:
    """What came out of files.

    x       uint8 (n, H, W, C); rows of files with a fault are black
    faults  by the number of the file, why it could not be unpacked
    """

    x: Any
    frame: Frame
    faults: dict[int, str]


def decoded(
    files: Sequence[ImageFile], frame: Frame, *, grey_allowed: bool = False,
    progress: Progress = silent,
) -> Decoded:  # fmt: skip
    """Every file as one row of an array.

    grey_allowed  makes one channel of three where no image has a colour
    """
    x = room((len(files), *frame.shape))
    faults: dict[int, str] = {}

    def unpack(i: int) -> bool:
        found = decode(files[i].path, frame)
        if isinstance(found, Fault):
            faults[i] = found.why
            return False
        x[i] = found
        return grey_allowed and bool((found != found[..., :1]).any())

    coloured = False
    with quiet(), ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
        for i, has_colour in enumerate(threads.map(unpack, range(len(files))), 1):
            coloured |= has_colour
            if i % _EVERY == 0 or i == len(files):
                progress("images unpacked", i, len(files))
    faults = dict(sorted(faults.items()))
    if grey_allowed and frame.channels == 3 and not coloured:
        return Decoded(_first_channel(x), replace(frame, channels=1), faults)
    return Decoded(x, frame, faults)


def room(shape: tuple[int, ...]) -> Any:
    """An array of bytes, in memory where it takes a small part of what is free, else in a file."""
    free, size = free_memory(), int(np.prod(shape, dtype=np.int64))
    if free is not None and size > _IN_MEMORY * free:
        return data.mapped(shape, np.uint8, "The pixels of the images")
    return np.zeros(shape, np.uint8)


def _first_channel(x: Any) -> Any:
    grey = room((*x.shape[:-1], 1))
    for first in range(0, len(x), _TOGETHER):
        grey[first : first + _TOGETHER] = x[first : first + _TOGETHER, ..., :1]
    return grey


@dataclass(frozen=True)
class Pixels:
    """One array of images, or two, one behind the other: rows are counted through both.

    names  how each image is called, for people; empty for arrays
    """

    x: Any
    x_test: Any = None
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x) + (0 if self.x_test is None else len(self.x_test))

    def take(self, rows: Any) -> Any:
        """A copy of some images (n, H, W, C)."""
        rows = np.asarray(rows)
        if self.x_test is None:
            return self.x[rows]
        first = len(self.x)
        if (rows >= first).all():
            return self.x_test[rows - first]
        parts = [self.take_one(int(row)) for row in rows]
        return np.stack(parts) if parts else self.x[:0]

    def take_one(self, row: int) -> Any:
        """An image (H, W, C)."""
        first = len(self.x)
        return self.x[row] if row < first else self.x_test[row - first]

    def name(self, row: int) -> str:
        """How people call an image: its file, or its number from 0."""
        return self.names[row] if self.names else f"image {row}"
