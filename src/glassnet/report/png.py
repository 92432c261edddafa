"""Pictures inside the page: arrays of bytes as PNG, which every browser shows."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

from glassnet.report.markup import Markup, tag

_GREY, _RGB = 0, 2  # PNG's kinds of pixel
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(x: Any) -> bytes:
    """A PNG file of bytes (H, W, 1) or (H, W, 3); of other channels the mean is taken."""
    if x.shape[-1] not in {1, 3}:
        x = x.mean(axis=-1, keepdims=True).astype(np.uint8)
    height, width, channels = x.shape
    kind = _GREY if channels == 1 else _RGB
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # in front: no filter
    rows[:, 1:] = x.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    pixels = zlib.compress(rows.tobytes(), 9)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def picture(x: Any, says: str, height: int) -> Markup:
    """An array of bytes (H, W, C) as an image so many pixels high; `says` is its text."""
    found = base64.b64encode(png(x)).decode("ascii")
    width = max(1, round(height * x.shape[1] / x.shape[0]))
    return tag("img", src=f"data:image/png;base64,{found}", alt=says, title=says, width=width,
               height=height)  # fmt: skip
