"""From an image file to an array of bytes of the frame's size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import need
from glassnet.images.frame import Frame
from glassnet.images.header import FORMATS, Fault, fault_of, pillow

_WHITE = (255, 255, 255, 255)


def decode(path: Path, frame: Frame) -> Any:
    """uint8 (H, W, C), or a Fault.

    Turned as EXIF says; the first picture of an animation; colours in place of a palette; on white
    where it is transparent; of 16 bits the upper 8.
    """
    return fault_of(lambda: _decode(path, frame))


def _decode(path: Path, frame: Frame) -> Any:
    operations = need("PIL.ImageOps", "images")
    with pillow().open(path, formats=FORMATS) as image:
        longest = 2 * max(frame.height, frame.width)
        image.draft(None, (longest, longest))  # a JPEG is unpacked at a half, a quarter, an eighth
        upright = operations.exif_transpose(image)
        if upright.mode in {"I", "F"}:
            return Fault("holds 32-bit numbers; save it with 8 or 16 bits, or give arrays")
        flat = _flat(upright, "L" if frame.channels == 1 else "RGB")
    return np.asarray(_sized(operations, flat, frame)).reshape(frame.shape)


def _flat(image: Any, mode: str) -> Any:
    """Without palette, transparency and more than 8 bits."""
    if image.mode.startswith("I;16"):
        image = pillow().fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = pillow().new("RGBA", image.size, _WHITE)
        image = pillow().alpha_composite(ground, image)
    elif image.mode in {"P", "PA"}:
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _sized(operations: Any, image: Any, frame: Frame) -> Any:
    """In the frame's size, aspect kept; every pixel is a mean over those that it stands for."""
    size = frame.width, frame.height
    if image.size == size:
        return image
    way = operations.fit if frame.resize == "crop" else operations.pad
    return way(image, size, method=pillow().Resampling.BILINEAR)
