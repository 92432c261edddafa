"""A border of zeros around sequences, images and volumes, or their border cut off."""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.nn.axes import check_rank, pairs
from glassnet.nn.layer import Layer
from glassnet.spec import shape_text

Widths = tuple[tuple[int, int], ...]


class ZeroPadding1D(Layer, library=True):
    """Zeros before and after a sequence: x (B, T, C), result (B, before + T + after, C).

    padding  a whole number for both sides, or (before, after)

    >>> import glassnet as gn
    >>> gn.ZeroPadding1D((2, 0))(gn.Input((5, 3))).shape
    ('B', 7, 3)
    """

    padding: Any = 1

    def __post_init__(self) -> None:
        self.padding = _short(pairs(self, "padding", self.padding, 1))

    def formula(self, x: Node) -> Node:
        """pad(x)."""
        return _padded(x, (self.padding,))


class ZeroPadding2D(Layer, library=True):
    """Zeros around images: x (B, H, W, C), result (B, top + H + bottom, left + W + right, C).

    padding  a whole number for all sides, (rows, columns), or ((top, bottom), (left, right))

    >>> import glassnet as gn
    >>> gn.ZeroPadding2D((1, 2))(gn.Input((5, 5, 3))).shape
    ('B', 7, 9, 3)
    """

    padding: Any = 1

    def __post_init__(self) -> None:
        self.padding = pairs(self, "padding", self.padding, 2)

    def formula(self, x: Node) -> Node:
        """pad(x)."""
        return _padded(x, self.padding)


class ZeroPadding3D(Layer, library=True):
    """Zeros around volumes: x (B, D, H, W, C).

    padding  a whole number, one for each of the three axes, or three pairs (before, after)

    >>> import glassnet as gn
    >>> gn.ZeroPadding3D(1)(gn.Input((2, 2, 2, 3))).shape
    ('B', 4, 4, 4, 3)
    """

    padding: Any = 1

    def __post_init__(self) -> None:
        self.padding = pairs(self, "padding", self.padding, 3)

    def formula(self, x: Node) -> Node:
        """pad(x)."""
        return _padded(x, self.padding)


class Cropping1D(Layer, library=True):
    """A sequence without its ends: x (B, T, C), result (B, T - before - after, C).

    cropping  a whole number for both sides, or (before, after)

    >>> import glassnet as gn
    >>> gn.Cropping1D((2, 0))(gn.Input((5, 3))).shape
    ('B', 3, 3)
    """

    cropping: Any = 1

    def __post_init__(self) -> None:
        self.cropping = _short(pairs(self, "cropping", self.cropping, 1))

    def formula(self, x: Node) -> Node:
        """x[:, before : T - after]."""
        return _cropped(x, (self.cropping,))


class Cropping2D(Layer, library=True):
    """Images without their border: x (B, H, W, C), result with less of H and W.

    cropping  a whole number for all sides, (rows, columns), or ((top, bottom), (left, right))

    >>> import glassnet as gn
    >>> gn.Cropping2D(((1, 0), (2, 2)))(gn.Input((5, 5, 3))).shape
    ('B', 4, 1, 3)
    """

    cropping: Any = 1

    def __post_init__(self) -> None:
        self.cropping = pairs(self, "cropping", self.cropping, 2)

    def formula(self, x: Node) -> Node:
        """x[:, top : H - bottom, left : W - right]."""
        return _cropped(x, self.cropping)


class Cropping3D(Layer, library=True):
    """Volumes without their border: x (B, D, H, W, C).

    cropping  a whole number, one for each of the three axes, or three pairs (before, after)

    >>> import glassnet as gn
    >>> gn.Cropping3D(1)(gn.Input((4, 4, 4, 3))).shape
    ('B', 2, 2, 2, 3)
    """

    cropping: Any = 1

    def __post_init__(self) -> None:
        self.cropping = pairs(self, "cropping", self.cropping, 3)

    def formula(self, x: Node) -> Node:
        """x without the first and the last of each axis."""
        return _cropped(x, self.cropping)


def _short(widths: Widths) -> tuple[int, int]:
    (pair,) = widths
    return pair


def _padded(x: Node, widths: Widths) -> Node:
    check_rank(x, len(widths))
    return g.pad(x, widths=((0, 0), *widths, (0, 0))).named("h")


def _cropped(x: Node, widths: Widths) -> Node:
    check_rank(x, len(widths))
    index = [slice(None)]
    for size, (before, after) in zip(x.shape[1:], widths, strict=False):
        left = int(size) - before - after
        if left < 1:
            raise ShapeError(
                f"{before} and {after} are cropped from an axis of {size} in "
                f"{shape_text(x.shape)}: nothing is left. Crop less than {size} in all."
            )
        index.append(slice(before, before + left))
    return x[tuple(index)].named("h")
