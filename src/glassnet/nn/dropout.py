"""Dropout: in training some numbers are set to zero, so that no unit relies on another."""

from __future__ import annotations

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.layer import Layer


class Dropout(Layer, library=True):
    """h = x * mask in training, x in prediction.

    The mask is 0 with probability `rate` and 1 / (1 - rate) otherwise, so that the mean stays.
    x and h have one shape. (Srivastava et al., 2014, in its inverted form.)
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.rate, int | float) or not 0 <= self.rate < 1:
            raise SettingError(f"Dropout: rate must be from 0 up to 1, got {self.rate!r}.")

    def formula(self, x: Node) -> Node:
        """x * mask."""
        mask = g.random_mask(g.SEED, g.STEP, rate=self.rate, stream=0, shape=x.shape, dtype=x.dtype)
        return g.when_training((x * mask.named("mask")).named("h"), x)
