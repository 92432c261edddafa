"""Noise: in training numbers are moved at random, so that a network learns not to rely on them."""

from __future__ import annotations

import math
from numbers import Real

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer
from glassnet.spec import FLOATS


def _normal(x: Node) -> Node:
    """Standard normal numbers of the shape of x."""
    if x.dtype not in FLOATS:
        raise ShapeError(f"noise moves floats, got {x.spec}. Put gn.Embedding before it.")
    drawn = g.random_normal(g.SEED, g.STEP, stream=0, shape=x.shape, dtype=x.dtype)
    return drawn.named("noise")


class GaussianNoise(Layer, library=True):
    """h = x + stddev * noise in training, x in prediction; the noise is standard normal.

    x and h have one shape. An autoencoder that removes noise begins with it.

    >>> import glassnet as gn
    >>> gn.Network([gn.GaussianNoise(0.1)], input_shape=(2,)).predict([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    stddev: float

    def __post_init__(self) -> None:
        if isinstance(self.stddev, bool) or not isinstance(self.stddev, Real) or self.stddev < 0:
            raise SettingError(
                f"GaussianNoise: stddev must be a number of at least 0, got {self.stddev!r}."
            )

    def formula(self, x: Node) -> Node:
        """x + stddev * noise."""
        return g.when_training((x + self.stddev * _normal(x)).named("h"), x)


class GaussianDropout(Layer, library=True):
    """h = x * (1 + s * noise) in training with s = sqrt(rate / (1 - rate)), x in prediction.

    The factor has the mean and the deviation of Dropout's, but is normal. x and h have one shape.
    (Srivastava et al., 2014, section 10.)

    >>> import glassnet as gn
    >>> gn.Network([gn.GaussianDropout(0.5)], input_shape=(2,)).predict([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, Real) or not 0 <= self.rate < 1:
            raise SettingError(f"GaussianDropout: rate must be from 0 up to 1, got {self.rate!r}.")

    def formula(self, x: Node) -> Node:
        """x * (1 + s * noise)."""
        deviation = float(f"{math.sqrt(self.rate / (1 - self.rate)):.15g}")
        factor = (1 + deviation * _normal(x)).named("factor")
        return g.when_training((x * factor).named("h"), x)
