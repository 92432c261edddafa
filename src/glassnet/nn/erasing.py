"""A part of each image is hidden in training, so that a network does not rely on one trait."""

from __future__ import annotations

import math
from typing import Any

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.nn.drawn import (
    EACH,
    check_images,
    drawn,
    finite,
    happens,
    probability,
    shares,
    tidy,
)
from glassnet.nn.layer import Layer
from glassnet.spec import Dim

_SLIMMEST = 3  # times as high as wide, or as wide as high


class RandomErasing(Layer, library=True):
    """In training a rectangle of some images is filled, x in prediction: x (B, H, W, C).

    factor      with which probability an image loses a part
    scale       how much of its area, from low to high
    fill_value  what stands there instead, of the scale of the values: their mean, or 0

    The rectangle is up to 3 times as high as it is wide, or as wide as it is high, and lies
    inside of the image. (Zhong et al., 2020; as squares "cutout" of DeVries & Taylor, 2017.)

    >>> import glassnet as gn
    >>> gn.RandomErasing(0.5, scale=(0.02, 0.2))(gn.Input((28, 28, 1))).shape
    ('B', 28, 28, 1)
    """

    factor: float = 1.0
    scale: Any = (0.02, 0.33)
    fill_value: float = 0.0

    def __post_init__(self) -> None:
        self.factor = probability(self, "factor", self.factor)
        self.scale = shares(self, "scale", self.scale)
        self.fill_value = finite(self, "fill_value", self.fill_value)

    def formula(self, x: Node) -> Node:
        """erase(x, top, left, height, width)."""
        check_images(x)
        area = drawn(x, self.scale, "area")
        slim = g.exp(drawn(x, (-math.log(_SLIMMEST), math.log(_SLIMMEST)), "stretch")).named("slim")
        tall = _side(area * slim, x.shape[1])
        wide = _side(area / slim, x.shape[2])
        top, left = _inside(x, x.shape[1], tall, "top"), _inside(x, x.shape[2], wide, "left")
        if self.factor < 1:  # a rectangle of no height is none
            tall = tall * happens(x, self.factor, "loses", EACH)
        corner = top, left, tall.named("tall"), wide.named("wide")
        return g.when_training(g.erase(x, *corner, fill=tidy(self.fill_value)).named("erased"), x)


def _side(share: Node, size: Dim) -> Node:
    """The side of a rectangle of which this is the square, as a share of the image's."""
    return int(size) * g.minimum(g.sqrt(share), 1)


def _inside(x: Node, size: Dim, side: Node, name: str) -> Node:
    """Where a side of this length begins, so that it ends inside of the image."""
    return ((int(size) - side) * drawn(x, (0, 1), "place")).named(name)
