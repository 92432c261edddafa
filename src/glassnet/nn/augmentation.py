"""Images flipped, shifted, turned, zoomed and cropped at random in training, each for itself.

A network that has seen a thing in many places and ways knows it in others. Values may be of any
scale; images are (B, H, W, C), and what comes out has the kind of float of the network.
"""

from __future__ import annotations

import math
from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.axes import whole_numbers
from glassnet.nn.drawn import (
    Bounds,
    Fill,
    bounds,
    check_images,
    drawn,
    fill_of,
    happens,
    times,
)
from glassnet.nn.layer import Layer
from glassnet.spec import shape_text

_FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
_BACKWARDS = slice(None, None, -1)


class RandomFlip(Layer, library=True):
    """Half of the images mirrored in training, x in prediction: x (B, H, W, C) of any values.

    mode  "horizontal" left and right, "vertical" top and bottom, or "horizontal_and_vertical":
          each of the two with probability 1/2

    >>> import glassnet as gn
    >>> gn.RandomFlip("horizontal")(gn.Input((28, 28, 1))).shape
    ('B', 28, 28, 1)
    """

    mode: str = "horizontal_and_vertical"

    def __post_init__(self) -> None:
        if self.mode not in _FLIPS:
            listed = ", ".join(map(repr, _FLIPS))
            raise SettingError(f"RandomFlip: mode must be one of {listed}, got {self.mode!r}.")

    def formula(self, x: Node) -> Node:
        """where(flip, x[:, :, ::-1], x)."""
        check_images(x)
        h = x
        if "horizontal" in self.mode:
            h = g.where(happens(x, 0.5, "mirror"), h[:, :, _BACKWARDS], h).named("flipped")
        if "vertical" in self.mode:
            h = g.where(happens(x, 0.5, "turn"), h[:, _BACKWARDS], h).named("flipped")
        return g.when_training(h, x)


class RandomTranslation(Layer, library=True):
    """Images shifted in training, x in prediction: x (B, H, W, C) of any values.

    height_factor  how far up or down, as a share of the height: 0.1 is -0.1 to 0.1, (0, 0.1) only
                   down; width_factor alike, positive to the right
    fill_mode      beside the image lies its mirror image ("reflect"), its border ("nearest") or
                   fill_value ("constant")

    Shifts need not be whole pixels: values between pixels are bilinear.

    >>> import glassnet as gn
    >>> gn.RandomTranslation(0.1, 0.1)(gn.Input((28, 28, 1))).shape
    ('B', 28, 28, 1)
    """

    height_factor: Any
    width_factor: Any
    fill_mode: str = "reflect"
    fill_value: float = 0.0

    def __post_init__(self) -> None:
        self._limits()

    def _limits(self) -> tuple[Bounds, Bounds, Fill]:
        """How far down and to the right, and what lies beside the image."""
        down = bounds(self, "height_factor", self.height_factor, -1, 1)
        right = bounds(self, "width_factor", self.width_factor, -1, 1)
        return down, right, fill_of(self, self.fill_mode, self.fill_value)

    def formula(self, x: Node) -> Node:
        """translate(x, down, right)."""
        check_images(x)
        height, width = (int(n) for n in x.shape[1:3])
        down, right, fill = self._limits()
        moves = drawn(x, times(down, height), "down"), drawn(x, times(right, width), "right")
        moved = g.translate(x, *moves, fill=fill)
        return g.when_training(moved.named("moved"), x)


class RandomRotation(Layer, library=True):
    """Images turned about their middle in training, x in prediction: x (B, H, W, C) of any values.

    factor     how far, as a share of a full turn: 0.1 is -36 to 36 degrees, (0, 0.1) only
               counter-clockwise
    fill_mode  beside the image lies its mirror image ("reflect"), its border ("nearest") or
               fill_value ("constant")

    >>> import glassnet as gn
    >>> gn.RandomRotation(0.1)(gn.Input((28, 28, 1))).shape
    ('B', 28, 28, 1)
    """

    factor: Any
    fill_mode: str = "reflect"
    fill_value: float = 0.0

    def __post_init__(self) -> None:
        self._limits()

    def _limits(self) -> tuple[Bounds, Fill]:
        """How far, in full turns, and what lies beside the image."""
        turns = bounds(self, "factor", self.factor, -1, 1)
        return turns, fill_of(self, self.fill_mode, self.fill_value)

    def formula(self, x: Node) -> Node:
        """rotate(x, angle)."""
        check_images(x)
        turns, fill = self._limits()
        turned = g.rotate(x, drawn(x, times(turns, 2 * math.pi), "angle"), fill=fill)
        return g.when_training(turned.named("turned"), x)


class RandomZoom(Layer, library=True):
    """Images smaller or larger in training, x in prediction: x (B, H, W, C) of any values.

    height_factor  how much more of the height is seen: 0.2 is -0.2 (a fifth less, so that things
                   look larger) to 0.2 (smaller); (0.1, 0.3) only smaller
    width_factor   alike; None: the same as the height's draw, so that proportions stay
    fill_mode      beside the image lies its mirror image ("reflect"), its border ("nearest") or
                   fill_value ("constant")

    >>> import glassnet as gn
    >>> gn.RandomZoom(0.2)(gn.Input((28, 28, 1))).shape
    ('B', 28, 28, 1)
    """

    height_factor: Any
    width_factor: Any = None
    fill_mode: str = "reflect"
    fill_value: float = 0.0

    def __post_init__(self) -> None:
        self._limits()

    def _limits(self) -> tuple[Bounds, Bounds | None, Fill]:
        """How many times the height and the width are seen, and what lies beside the image."""
        low, high = bounds(self, "height_factor", self.height_factor, -0.99, 10)
        fill = fill_of(self, self.fill_mode, self.fill_value)
        if self.width_factor is None:
            return (1 + low, 1 + high), None, fill
        left, right = bounds(self, "width_factor", self.width_factor, -0.99, 10)
        return (1 + low, 1 + high), (1 + left, 1 + right), fill

    def formula(self, x: Node) -> Node:
        """zoom(x, tall, wide)."""
        check_images(x)
        heights, widths, fill = self._limits()
        tall = drawn(x, heights, "tall")
        wide = tall if widths is None else drawn(x, widths, "wide")
        return g.when_training(g.zoom(x, tall, wide, fill=fill).named("zoomed"), x)


class RandomCrop(Layer, library=True):
    """A part of each image: drawn in training, the middle in prediction. x (B, H, W, C).

    height, width  of the part, in pixels; the result is (B, height, width, C). Values of any scale

    >>> import glassnet as gn
    >>> gn.RandomCrop(24, 24)(gn.Input((28, 28, 1))).shape
    ('B', 24, 24, 1)
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        (self.height,) = whole_numbers(self, "height", self.height, 1, least=1)
        (self.width,) = whole_numbers(self, "width", self.width, 1, least=1)

    def formula(self, x: Node) -> Node:
        """crop(x, top, left, (height, width)), or x without its border."""
        check_images(x)
        size, rest = (self.height, self.width), []
        for whole, part in zip(x.shape[1:3], size, strict=True):
            rest.append(int(whole) - part)
        if min(rest) < 0:
            raise ShapeError(
                f"a part of {self.height} x {self.width} pixels is larger than the images, "
                f"{shape_text(x.shape)}. Take height and width of at most "
                f"{x.shape[1]} and {x.shape[2]}."
            )
        if max(rest) == 0:
            return x
        top, left = (_corner(x, n, name) for n, name in zip(rest, ("top", "left"), strict=True))
        index = tuple(slice(n // 2, n // 2 + part) for n, part in zip(rest, size, strict=True))
        middle = x[(slice(None), *index)].named("middle")
        return g.when_training(g.crop(x, top, left, size=size).named("cropped"), middle)


def _corner(x: Node, most: int, name: str) -> Node:
    """A whole number from 0 to `most` for each image."""
    return g.floor(drawn(x, (0, most + 1), "place")).named(name)
