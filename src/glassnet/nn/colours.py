"""Images made brighter or darker, with more contrast or less, at random in training.

Pixels have a scale: from 0 to 1 behind gn.Rescaling(1 / 255), from 0 to 255 without. It is the
setting value_range, beyond which no value goes.
"""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.nn.drawn import Bounds, bounds, check_images, drawn, scale_of, times
from glassnet.nn.layer import Layer
from glassnet.spec import BATCH

_EACH = (BATCH, 1, 1, 1)


class RandomBrightness(Layer, library=True):
    """clip(x + change) in training, x in prediction: x (B, H, W, C), a change for each image.

    factor       how much, as a share of the scale: 0.2 is -0.2 to 0.2, (0, 0.2) only brighter
    value_range  the scale of the pixels, (0, 1) as behind gn.Rescaling(1 / 255); of bytes (0, 255),
                 which is what Keras takes where nothing is said

    >>> import glassnet as gn
    >>> gn.RandomBrightness(0.2)(gn.Input((28, 28, 3))).shape
    ('B', 28, 28, 3)
    """

    factor: Any
    value_range: Any = (0.0, 1.0)

    def __post_init__(self) -> None:
        self._limits()

    def _limits(self) -> tuple[Bounds, Bounds]:
        """The change, in units of the pixels, and their scale."""
        low, high = bounds(self, "factor", self.factor, -1, 1)
        scale = scale_of(self, self.value_range)
        return times((low, high), scale[1] - scale[0]), scale

    def formula(self, x: Node) -> Node:
        """clip(x + change, smallest, largest)."""
        check_images(x)
        limits, scale = self._limits()
        changed = x + drawn(x, limits, "change", _EACH)
        return g.when_training(g.clip(changed, *scale).named("brighter"), x)


class RandomContrast(Layer, library=True):
    """clip(mean + gain * (x - mean)) in training, x in prediction: x (B, H, W, C).

    The mean is that of each channel of the image; the gain is drawn for each image.

    factor       how much more or less than 1 the gain is: 0.3 is 0.7 to 1.3, (0, 0.3) only more
    value_range  the scale of the pixels, (0, 1) as behind gn.Rescaling(1 / 255); of bytes (0, 255),
                 which is what Keras takes where nothing is said

    >>> import glassnet as gn
    >>> gn.RandomContrast(0.3)(gn.Input((28, 28, 3))).shape
    ('B', 28, 28, 3)
    """

    factor: Any
    value_range: Any = (0.0, 1.0)

    def __post_init__(self) -> None:
        self._limits()

    def _limits(self) -> tuple[Bounds, Bounds]:
        """The gain, and the scale of the pixels."""
        low, high = bounds(self, "factor", self.factor, -1, 10)
        return (1 + low, 1 + high), scale_of(self, self.value_range)

    def formula(self, x: Node) -> Node:
        """clip(mean + gain * (x - mean), smallest, largest)."""
        check_images(x)
        limits, scale = self._limits()
        mean = g.mean(x, axis=(1, 2), keepdims=True).named("mean")
        gained = mean + drawn(x, limits, "gain", _EACH) * (x - mean)
        return g.when_training(g.clip(gained, *scale).named("contrasted"), x)
