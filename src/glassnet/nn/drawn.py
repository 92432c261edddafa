"""Numbers that augmentation draws for each image, and the settings that bound them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.axes import check_rank
from glassnet.nn.layer import Layer
from glassnet.spec import BATCH, FLOATS, Shape

Bounds = tuple[float, float]
Fill = str | float

EACH: Shape = (BATCH, 1, 1)  # one number an image, beside its rows and columns
FILLS = ("reflect", "nearest", "constant")


def is_number(value: Any) -> bool:
    """True for a finite number that is no truth."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def bounds(layer: Layer, name: str, value: Any, least: float, most: float) -> Bounds:
    """(low, high) of a factor: one number f stands for -f to f."""
    pair = (-value, value) if is_number(value) else value
    if (
        not _is_pair(pair)
        or not least <= pair[0] <= pair[1] <= most
        or (is_number(value) and value < 0)
    ):
        raise SettingError(
            f"{type(layer).__name__}: {name} must be a number from 0 to {min(-least, most):g}, or "
            f"two (low, high) from {least:g} to {most:g}, got {value!r}."
        )
    return float(pair[0]), float(pair[1])


def shares(layer: Layer, name: str, value: Any) -> Bounds:
    """(low, high) of a share, both above 0 and at most 1."""
    if not _is_pair(value) or not 0 < value[0] <= value[1] <= 1:
        raise SettingError(
            f"{type(layer).__name__}: {name} must be two shares (low, high) above 0 and up to 1, "
            f"got {value!r}."
        )
    return float(value[0]), float(value[1])


def scale_of(layer: Layer, value: Any) -> Bounds:
    """The smallest and the largest value of a pixel, of the setting value_range."""
    if not _is_pair(value) or not value[0] < value[1]:
        raise SettingError(
            f"{type(layer).__name__}: value_range must be (smallest, largest) of a pixel, such as "
            f"(0, 1) or (0, 255), got {value!r}."
        )
    return tidy(value[0]), tidy(value[1])


def times(limits: Bounds, factor: float) -> Bounds:
    """Both times a number."""
    return limits[0] * factor, limits[1] * factor


def fill_of(layer: Layer, mode: Any, value: Any) -> Fill:
    """What the graph's moves take as fill, of the settings fill_mode and fill_value."""
    if mode not in FILLS:
        raise SettingError(
            f"{type(layer).__name__}: fill_mode must be 'reflect', 'nearest' or 'constant', got "
            f"{mode!r}."
        )
    number = finite(layer, "fill_value", value)
    return tidy(number) if mode == "constant" else str(mode)


def finite(layer: Layer, name: str, value: Any) -> float:
    """A finite number."""
    if not is_number(value):
        raise SettingError(
            f"{type(layer).__name__}: {name} must be a finite number, got {value!r}."
        )
    return float(value)


def probability(layer: Layer, name: str, value: Any) -> float:
    """A probability from 0 to 1."""
    if not is_number(value) or not 0 <= value <= 1:
        raise SettingError(
            f"{type(layer).__name__}: {name} must be a probability from 0 to 1, got {value!r}."
        )
    return float(value)


def _is_pair(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and len(value) == 2 and all(map(is_number, value))


def check_images(x: Node) -> None:
    """Raise unless x (B, H, W, C) are images of floats."""
    check_rank(x, 2)
    if x.dtype not in FLOATS:
        raise ShapeError(
            f"augmentation changes images of floats, got {x.spec}. Declare the input without a "
            "dtype: arrays of whole numbers are read as they are."
        )


def drawn(x: Node, limits: Bounds, name: str, shape: Shape = EACH) -> Node:
    """A number from low to high for each image, anew at each step."""
    low, high = limits
    node = g.random_between(
        g.SEED, g.STEP, low=tidy(low), high=tidy(high), stream=0, shape=shape, dtype=x.dtype
    )
    return node.named(name)


def happens(x: Node, rate: float, name: str, shape: Shape = (BATCH, 1, 1, 1)) -> Node:
    """True for each image with this probability."""
    draw = g.random_uniform(g.SEED, g.STEP, stream=0, shape=shape, dtype=x.dtype)
    return (draw < rate).named(name)


def tidy(value: float) -> float:
    """A number of at most six digits, and a whole one as such, as it is read."""
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() else short
