"""Images that are arrays already: looked at, and used where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.errors import DataError, ShapeError, shown
from glassnet.images.frame import Frame

_MOST_CHANNELS = 32  # of the last axis, where there are four
_UNEQUAL = "images of unequal size. Write them as files, which are resized, or cut them."


def as_images(x: Any, what: str = "x") -> Any:
    """uint8 (n, H, W, C): the array itself, or a view of it; an error says what to do instead."""
    try:
        array = np.asarray(x)
    except ValueError:
        raise DataError(f"{what} must be an array of bytes, got {_UNEQUAL}") from None
    if array.dtype != np.uint8:
        raise DataError(f"{what} must hold bytes (uint8, 0 to 255), got {_of(array)}")
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4:
        single = array.ndim == 2
        raise ShapeError(
            f"{what} must have the shape (n, H, W) or (n, H, W, C), got {array.shape}."
            + (f" For a single image give {what}[None]." if single else "")
        )
    if not array.size:
        raise DataError(f"{what} holds no images: its shape is {np.shape(x)}.")
    if array.shape[-1] > _MOST_CHANNELS:
        hint = "x.transpose(0, 2, 3, 1)" if array.shape[1] <= 4 else "one array for each"
        raise ShapeError(
            f"{what} has {array.shape[-1]} channels, its shape is {array.shape}. Channels come "
            f"last: {hint}."
        )
    return array


def _of(array: Any) -> str:
    if array.dtype.kind == "O":
        return _UNEQUAL
    if array.dtype.kind not in "fiub":
        return f"{array.dtype.name}. Give pixels."
    if not array.size:
        return f"{array.dtype.name}. Give x.astype('uint8')."
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        return f"{array.dtype.name} with NaN or infinity. Correct these pixels first."
    return f"{array.dtype.name} from {low:g} to {high:g}. Give {_cure(array, low, high)}."


def _cure(array: Any, low: float, high: float) -> str:
    """How numbers from low to high become bytes."""
    if array.dtype == bool:
        return "x.astype('uint8') * 255"
    if low < 0 or high > 255:
        return f"((x - {low:g}) * (255 / {high - low:g})).round().astype('uint8')"
    if high > 16:
        return "x.astype('uint8')"
    top = f"(255 / {high:g})" if high > 1 else "255"
    return f"(x * {top}).round().astype('uint8')"


def frame_of(x: Any) -> Frame:
    """The frame of images (n, H, W, C) that are used as they are."""
    return Frame(*x.shape[1:])


def check_size(x: Any, frame: Frame, what: str) -> None:
    """Images of the size that the network takes; ShapeError otherwise."""
    if x.shape[1:] != frame.shape:
        raise ShapeError(
            f"{what} holds images of {' x '.join(map(str, x.shape[1:]))}, but the network takes "
            f"{' x '.join(map(str, frame.shape))} (rows, columns, channels). Bring them to that "
            "size, or give files, which are."
        )


def labels_of(y: Any, n: int, what: str = "y") -> list[str]:
    """The classes of images as text, one for each."""
    array = np.asarray(y)
    if array.ndim == 2 and 1 in array.shape:
        array = array.ravel()
    if array.ndim != 1:
        raise ShapeError(
            f"{what} must be one class for each image, got the shape {array.shape}. Of one-hot "
            f"rows give {what}.argmax(axis=1)."
        )
    if len(array) != n:
        raise DataError(f"{what} has {len(array):,} classes for {n:,} images. Give one for each.")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or (array != np.floor(array)).any():
            raise DataError(f"{what} must hold classes: whole numbers or names, got fractions.")
        array = array.astype(np.int64)
    found = [None if one is None else str(one) for one in array.tolist()]
    for i, name in enumerate(found):
        if name is None or name == "":
            raise DataError(f"{what} has no class for image {i}. Leave it out, or name its class.")
    return [str(name) for name in found]


def sorted_classes(labels: list[str]) -> tuple[str, ...]:
    """Distinct classes in order: of numbers theirs, else that of their letters.

    >>> sorted_classes(["10", "9", "10"]), sorted_classes(["b", "a"])
    (('9', '10'), ('a', 'b'))
    """
    found = sorted(set(labels))
    if all(name.lstrip("-").isdecimal() for name in found):
        found.sort(key=int)
    return tuple(found)


def class_numbers(labels: list[str], classes: tuple[str, ...], what: str) -> Any:
    """The number of each label's class (n,); DataError for one that is none of them."""
    place = {name: i for i, name in enumerate(classes)}
    unknown = sorted({label for label in labels if label not in place})
    if unknown:
        raise DataError(
            f"{what} has images of {shown(unknown[0])}"
            + (f" and {len(unknown) - 1} more classes" if len(unknown) > 1 else "")
            + f", which is not among the classes to train on: {', '.join(map(shown, classes[:20]))}"
            f"{', ...' if len(classes) > 20 else ''}. Leave these images out, or train on them too."
        )
    return np.array([place[label] for label in labels], np.int64)
