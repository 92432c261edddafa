"""What was found out about images, and is said aloud before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from glassnet.errors import brief, shown
from glassnet.images.header import Look
from glassnet.images.pixels import Pixels

# What is done about each oddity of a header.
CHOICES = {
    "palette": "with a palette: its colours are taken",
    "alpha": "transparent: put on white",
    "16 bit": "of 16 bits: the upper 8 are kept",
    "animated": "animated or of several pages: the first picture is taken",
    "turned by EXIF": "turned upright, as EXIF says",
    "CMYK": "in CMYK: turned into RGB",
    "YCbCr": "in YCbCr: turned into RGB",
    "LAB": "in LAB: turned into RGB",
    "HSV": "in HSV: turned into RGB",
}
_FEW = 20  # images of a class to train on, below which that is said
_MOST_NAMED = 4


@dataclass(frozen=True)
class Found:
    """What is said of images beside their classes.

    formats, odd  how many images have which, of files
    ignored       what was passed over in the folder, by reason
    faults        unreadable files that were left out on demand
    why_size      how the size was chosen
    notes         what to look at before the figures are believed
    """

    source: str
    formats: Mapping[str, int] = field(default_factory=dict)
    odd: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    why_size: str = "as they are"
    notes: tuple[str, ...] = ()


def formats_of(looks: Sequence[Look]) -> dict[str, int]:
    """PNG 120, JPEG 3: the most frequent first."""
    return dict(Counter(look.format for look in looks).most_common())


def oddities_of(looks: Sequence[Look]) -> dict[str, int]:
    """How many images have each oddity."""
    return dict(Counter(odd for look in looks for odd in look.odd).most_common())


def notes_on(
    pixels: Pixels, rows: Mapping[str, Any], y: Any, classes: Sequence[str]
) -> tuple[str, ...]:
    """Doubled images, and classes of which there is little or nothing."""
    return (*_on_doubles(pixels, rows, y, classes), *_on_counts(rows, y, classes))


def _on_doubles(
    pixels: Pixels, rows: Mapping[str, Any], y: Any, classes: Sequence[str]
) -> list[str]:
    """Images that are there twice, pixel by pixel once they have one size."""
    used = np.concatenate(list(rows.values()))
    first: dict[bytes, int] = {}
    part = {int(row): name for name, some in rows.items() for row in some}
    across: list[tuple[int, int]] = []
    unlike: list[tuple[int, int]] = []
    for row in used.tolist():  # those to train on come first
        key = blake2b(pixels.take_one(row).tobytes(), digest_size=16).digest()
        twin = first.setdefault(key, row)
        if twin != row and part[row] == "test" and part[twin] != "test":
            across.append((row, twin))
        if y[twin] != y[row]:
            unlike.append((row, twin))
    return [*_across(pixels, across), *_unlike(pixels, unlike, y, classes)]


def _across(pixels: Pixels, pairs: list[tuple[int, int]]) -> list[str]:
    if not pairs:
        return []
    count = "1 test image is" if len(pairs) == 1 else f"{len(pairs):,} test images are"
    return [f"{count} also among the images trained with, such as {_pair(pixels, pairs[0])}"]


def _unlike(
    pixels: Pixels, pairs: list[tuple[int, int]], y: Any, classes: Sequence[str]
) -> list[str]:
    if not pairs:
        return []
    count = "1 image is" if len(pairs) == 1 else f"{len(pairs):,} images are"
    one, other = (shown(classes[y[row]]) for row in pairs[0])
    return [
        f"{count} there twice in different classes, {one} and {other} ({_pair(pixels, pairs[0])})"
    ]


def _pair(pixels: Pixels, pair: tuple[int, int]) -> str:
    return " = ".join(brief(pixels.name(row)) for row in pair)


def _on_counts(rows: Mapping[str, Any], y: Any, classes: Sequence[str]) -> list[str]:
    said = []
    counts = {name: np.bincount(y[some], minlength=len(classes)) for name, some in rows.items()}
    untested = [c for c, n in zip(classes, counts["test"], strict=True) if not n]
    if untested:
        said.append(f"no image to test: {_listed(untested)}")
    few = [f"{brief(c)} {n}" for c, n in zip(classes, counts["train"], strict=True) if n < _FEW]
    if few:
        said.append(f"few images to train on: {_listed(few)}")
    return said


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return ", ".join(brief(name) for name in names[:_MOST_NAMED]) + rest
