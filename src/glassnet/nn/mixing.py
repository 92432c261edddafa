"""Rows mixed with their neighbours in training: between two examples lies a mixture of answers."""

from __future__ import annotations

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.drawn import is_number
from glassnet.nn.layer import Layer
from glassnet.spec import BATCH, FLOATS


class MixUp(Layer, library=True):
    """(1 - share) * x + share * neighbour in training, x in prediction; so of the losses.

    x (B, ...) of any values and shape: images, tables, what a layer found. The neighbour is the row
    before in the batch, whose rows stand in a drawn order. The share (B,) of each row is

        share = u ** (1 / alpha) / 2        u drawn from 0 to 1

    from 0 to 1/2 and mostly small: nearly the smaller part of a draw from Beta(alpha, alpha), which
    Zhang et al. (2018) take; for alpha = 1 exactly. Whatever the loss is, that of a row becomes

        (1 - share) * loss(y, p) + share * loss(y of the neighbour, p)

    which goes for class numbers as for amounts. Metrics of training rows ask for their own y, of
    which there is more. One MixUp is enough: two on the way to one output are refused.

    alpha  above 0: 0.2 leaves most rows nearly as they are, 1 mixes all shares alike

    >>> import glassnet as gn
    >>> gn.MixUp(0.2)(gn.Input((28, 28, 1))).shape
    ('B', 28, 28, 1)
    """

    alpha: float = 0.2

    def __post_init__(self) -> None:
        if not is_number(self.alpha) or self.alpha <= 0:
            raise SettingError(f"MixUp: alpha must be a number above 0, got {self.alpha!r}.")
        self.alpha = float(self.alpha)

    def formula(self, x: Node) -> Node:
        """mix(x, share)."""
        if x.dtype not in FLOATS:
            raise ShapeError(f"only floats can be mixed, got {x.spec}. Put gn.Embedding before it.")
        u = g.random_uniform(g.SEED, g.STEP, stream=0, shape=(BATCH,), dtype=x.dtype)
        share = (u ** float(f"{1 / self.alpha:.15g}") / 2).named("share")
        return g.when_training(g.mix(x, share).named("mixed"), x)
