"""The one size that all images are brought to, and the rule by which it is chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from glassnet.images.header import Look

LARGEST, SMALLEST = 96, 8  # pixels of the longer side; of the shorter one
_SMALL, _STEP = 32, 8
_MIXED = 0.1  # the share of upright and of lying images from which the frame is square


@dataclass(frozen=True)
class Frame:
    """Rows, columns and channels of every image that goes in.

    resize  "crop": scaled until it fills the frame, what juts out at two sides is cut off;
            "pad": scaled until it fits in, and black is put at two sides
    """

    height: int
    width: int
    channels: int
    resize: Literal["crop", "pad"] = "crop"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        return self.height, self.width, self.channels

    def describe(self) -> str:
        """28 x 28, grey."""
        kind = {1: "grey", 3: "RGB"}.get(self.channels, f"{self.channels} channels")
        return f"{self.height} x {self.width}, {kind}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def size_of(looks: Sequence[Look]) -> tuple[tuple[int, int], str]:
    """Height and width for images of these sizes, and why.

    One size: as it is, where its longer side has at most 96 pixels. Otherwise the median of
    sqrt(height * width) is the side, the median of width / height the aspect (1 where a tenth of
    the images lie and a tenth stand), and the longer side has at most 96 pixels;
    above 32 pixels both sides are multiples of 8.

    >>> wide = Look(480, 640, False, "JPEG")
    >>> size_of([wide, wide])
    ((72, 96), 'all are 480 x 640, scaled down to at most 96 pixels a side')
    >>> size_of([wide, Look(640, 480, False, "JPEG")])[0]
    (96, 96)
    """
    sizes = {(one.height, one.width) for one in looks}
    if len(sizes) == 1:
        (height, width), said = sizes.pop(), ""
        if max(height, width) <= LARGEST:
            return (height, width), "as they are"
        said = f"all are {height} x {width}"
        side, aspect = math.sqrt(height * width), width / height
    else:
        heights, widths = (np.array([getattr(o, n) for o in looks]) for n in ("height", "width"))
        side = float(np.median(np.sqrt(heights * widths)))
        aspect = _aspect(widths / heights)
        said = f"from {_ends(heights)} rows and {_ends(widths)} columns to the median"
    return _within(side, aspect), _why(side, aspect, said)


def _aspect(ratios: Any) -> float:
    lying, upright = np.mean(ratios > 1.05), np.mean(ratios < 1 / 1.05)
    return 1.0 if min(lying, upright) >= _MIXED else float(np.median(ratios))


def _within(side: float, aspect: float) -> tuple[int, int]:
    height, width = side / math.sqrt(aspect), side * math.sqrt(aspect)
    scale = min(1.0, LARGEST / max(height, width))
    return _rounded(height * scale), _rounded(width * scale)


def _rounded(length: float) -> int:
    """Whole pixels; above 32 a multiple of 8, which can be halved three times."""
    step = _STEP if length > _SMALL else 1
    return max(SMALLEST, step * round(length / step))


def _why(side: float, aspect: float, said: str) -> str:
    if side * max(math.sqrt(aspect), 1 / math.sqrt(aspect)) > LARGEST:
        return f"{said}, scaled down to at most {LARGEST} pixels a side"
    return said


def _ends(numbers: Any) -> str:
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
