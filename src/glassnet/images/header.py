"""What the header of an image file says: its size, its kind, what is odd. No pixel is unpacked."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.errors import need

MOST_PIXELS = 100_000_000  # of one image: 400 MB once unpacked
# What is tried, by the content; Pillow knows more, of which some start other programs (EPS).
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM")
_GREY = ("1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N")
_ORIENTATION, _LYING = 0x0112, (5, 6, 7, 8)  # of EXIF: turned by a quarter


@dataclass(frozen=True)
class Look:
    """An image as its header has it, turned upright.

    odd  what is not taken as it is: "palette", "alpha", "16 bit", "animated", "turned by EXIF", ...
    """

    height: int
    width: int
    is_grey: bool
    format: str
    odd: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Why a file is no image that can be used."""

    why: str


@functools.cache
def pillow() -> Any:
    """Pillow, loaded when the first image file is met."""
    return need("PIL.Image", "images")


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow warns of odd headers; what matters of that is said by ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def fault_of(work: Callable[[], Any]) -> Any:
    """What the work gives, or the Fault that ended it.

    Damaged files make a decoder raise whatever it pleases: OSError, SyntaxError, struct.error, ...
    """
    try:
        return work()
    except MemoryError:
        return Fault("needs more memory than there is")
    except OSError as error:
        return Fault(_of_file(error))
    except Exception as error:  # noqa: BLE001 - see above
        return Fault(_too_large(error) or f"damaged: {_first_line(error)}")


def look(path: Path) -> Look | Fault:
    """What the header says, or why the file cannot be used."""
    found: Look | Fault = fault_of(lambda: _look(path))
    return found


def _look(path: Path) -> Look | Fault:
    if path.stat().st_size == 0:
        return Fault("empty file")
    with pillow().open(path, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            return Fault(f"claims {width:,} x {height:,} pixels; {MOST_PIXELS:,} is the most")
        if image.mode in {"I", "F"}:
            return Fault("holds 32-bit numbers; save it with 8 or 16 bits, or give arrays")
        odd = tuple(_odd(image))
        if "turned by EXIF" in odd and _orientation(image) in _LYING:
            width, height = height, width
        return Look(height, width, image.mode in _GREY, str(image.format), odd)


def _odd(image: Any) -> Iterator[str]:
    if image.mode in {"P", "PA"}:
        yield "palette"
    if image.mode.startswith("I;16"):
        yield "16 bit"
    if image.mode in {"CMYK", "YCbCr", "LAB", "HSV"} and image.format != "JPEG":
        yield image.mode
    if image.mode == "CMYK" and image.format == "JPEG":
        yield "CMYK"
    if image.has_transparency_data:
        yield "alpha"
    if getattr(image, "is_animated", False):
        yield "animated"
    if _orientation(image) > 1:
        yield "turned by EXIF"


def _orientation(image: Any) -> int:
    """How the camera was held; Pillow unpacks a PNG to look for EXIF behind its pixels."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    found = image.getexif().get(_ORIENTATION, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _of_file(error: OSError) -> str:
    if type(error).__name__ == "UnidentifiedImageError":
        return "no image, or one of a kind that is not read"
    if error.strerror:
        return f"cannot be opened: {error.strerror}"
    return f"damaged: {_first_line(error)}"


def _too_large(error: Exception) -> str:
    """Pillow's own limit, which its users can lower."""
    if type(error).__name__ != "DecompressionBombError":
        return ""
    return f"claims far too many pixels; {MOST_PIXELS:,} is the most"


def _first_line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:100].rstrip(".")
