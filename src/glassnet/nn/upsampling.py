"""Larger images: each number is repeated, or new ones are laid between neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.axes import along, check_rank, whole_numbers
from glassnet.nn.layer import Layer


class UpSampling1D(Layer, library=True):
    """Each step `size` times: x (B, T, C), result (B, size * T, C).

    >>> import glassnet as gn
    >>> net = gn.Network([gn.UpSampling1D(2)], input_shape=(2, 1))
    >>> net.predict([[[1.0], [2.0]]]).ravel().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """

    size: int = 2

    def __post_init__(self) -> None:
        (self.size,) = whole_numbers(self, "size", self.size, 1, least=1)

    def formula(self, x: Node) -> Node:
        """repeat(x, size) along time."""
        check_rank(x, 1)
        return _repeated(x, (self.size,))


class UpSampling2D(Layer, library=True):
    """Larger images: x (B, H, W, C), result (B, sH * H, sW * W, C) with (sH, sW) = size.

    size           a whole number, or one for each of the two axes
    interpolation  "nearest" repeats each pixel; "bilinear" mixes neighbours by their distance

    Bilinear: pixels are squares, and the new ones lie evenly inside of the old; at the border the
    last pixel counts for those beyond. So do Keras, and PyTorch with align_corners=False.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.UpSampling2D((1, 2), "bilinear")], input_shape=(1, 2, 1))
    >>> net.predict([[[[0.0], [4.0]]]]).ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """

    size: Any = 2
    interpolation: str = "nearest"

    def __post_init__(self) -> None:
        self.size = whole_numbers(self, "size", self.size, 2, least=1)
        if self.interpolation not in {"nearest", "bilinear"}:
            raise SettingError(
                "UpSampling2D: interpolation must be 'nearest' or 'bilinear', got "
                f"{self.interpolation!r}."
            )

    def formula(self, x: Node) -> Node:
        """repeat(x, size) along height and width, or mixtures of neighbours."""
        check_rank(x, 2)
        if self.interpolation == "nearest":
            return _repeated(x, self.size)
        return along(x, 2, lambda h, axis, i: _between(h, axis, self.size[i]))


class UpSampling3D(Layer, library=True):
    """Each cell repeated: x (B, D, H, W, C), result (B, sD * D, sH * H, sW * W, C).

    size  a whole number, or one for each of the three axes

    >>> import glassnet as gn
    >>> gn.UpSampling3D((1, 2, 3))(gn.Input((4, 4, 4, 2))).shape
    ('B', 4, 8, 12, 2)
    """

    size: Any = 2

    def __post_init__(self) -> None:
        self.size = whole_numbers(self, "size", self.size, 3, least=1)

    def formula(self, x: Node) -> Node:
        """repeat(x, size) along depth, height and width."""
        check_rank(x, 3)
        return _repeated(x, self.size)


def _repeated(x: Node, size: Sequence[int]) -> Node:
    def step(h: Node, axis: int, i: int) -> Node:
        return h if size[i] == 1 else g.repeat(h, repeats=size[i], axis=axis).named("h")

    return along(x, len(size), step)


def _between(x: Node, axis: int, size: int) -> Node:
    """`size` new numbers for each along an axis, as sums of their two neighbours' shares."""
    if size == 1:
        return x
    count = int(x.shape[axis])
    shares = g.interpolation(count=count, size=size, dtype=x.dtype).named("shares")
    letters = "bhwc"
    old = letters[axis]
    new = letters.replace(old, "n")
    return g.einsum(x, shares, subscripts=f"{letters},n{old}->{new}").named("h")
