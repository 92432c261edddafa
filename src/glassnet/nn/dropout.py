"""Dropout: in training some numbers are set to zero, so that no unit relies on another."""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.axes import check_rank
from glassnet.nn.layer import Layer
from glassnet.spec import BATCH, FLOATS, Shape


class Dropout(Layer, library=True):
    """h = x * mask in training, x in prediction.

    The mask is 0 with probability `rate` and 1 / (1 - rate) otherwise, so that the mean stays.
    x and h have one shape. (Srivastava et al., 2014, in its inverted form.)
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        _check_rate(self, self.rate)

    def formula(self, x: Node) -> Node:
        """x * mask."""
        return _dropped(x, self.rate, x.shape)


class SpatialDropout1D(Layer, library=True):
    """h = x * mask in training, x in prediction: whole channels are dropped. x (B, T, C).

    The mask (B, 1, C) is 0 with probability `rate` and 1 / (1 - rate) otherwise: neighbours in a
    sequence say nearly the same, so that one of them says what another has lost.
    (Tompson et al., 2015.)
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        _check_rate(self, self.rate)

    def formula(self, x: Node) -> Node:
        """x * mask."""
        return _dropped(x, self.rate, _by_channel(x, 1))


class SpatialDropout2D(Layer, library=True):
    """As SpatialDropout1D, of images: x (B, H, W, C), mask (B, 1, 1, C)."""

    rate: float = 0.5

    def __post_init__(self) -> None:
        _check_rate(self, self.rate)

    def formula(self, x: Node) -> Node:
        """x * mask."""
        return _dropped(x, self.rate, _by_channel(x, 2))


class SpatialDropout3D(Layer, library=True):
    """As SpatialDropout1D, of volumes: x (B, D, H, W, C), mask (B, 1, 1, 1, C)."""

    rate: float = 0.5

    def __post_init__(self) -> None:
        _check_rate(self, self.rate)

    def formula(self, x: Node) -> Node:
        """x * mask."""
        return _dropped(x, self.rate, _by_channel(x, 3))


class WordDropout(Layer, library=True):
    """h = x * mask in training, x in prediction: whole steps are dropped. x (B, T, C).

    The mask (B, T, 1) is 0 with probability `rate` and 1 / (1 - rate) otherwise: of a text some
    words are lost, so that no answer hangs on a single one. (Iyyer et al., 2015, section 2.2.)
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        _check_rate(self, self.rate)

    def formula(self, x: Node) -> Node:
        """x * mask."""
        check_rank(x, 1, "Put gn.Embedding before it.")
        return _dropped(x, self.rate, (BATCH, x.shape[1], 1))


def _dropped(x: Node, rate: float, shape: Shape) -> Node:
    """x * mask in training, the mask of this shape; x in prediction."""
    if x.dtype not in FLOATS:
        raise ShapeError(f"only floats can be dropped, got {x.spec}. Put gn.Embedding before it.")
    mask = g.random_mask(g.SEED, g.STEP, rate=rate, stream=0, shape=shape, dtype=x.dtype)
    return g.when_training((x * mask.named("mask")).named("h"), x)


def _by_channel(x: Node, axes: int) -> Shape:
    """The shape of a mask with one number for each row and channel."""
    fitting = 2 <= x.ndim - 1 <= 4
    check_rank(x, axes, f"Take gn.SpatialDropout{x.ndim - 2}D." if fitting else "")
    return (BATCH, *[1] * axes, x.shape[-1])


def _check_rate(layer: Layer, rate: Any) -> None:
    if not isinstance(rate, int | float) or not 0 <= rate < 1:
        raise SettingError(f"{type(layer).__name__}: rate must be from 0 up to 1, got {rate!r}.")
