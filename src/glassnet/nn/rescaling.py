"""Numbers of one range brought into another, the same for all columns: pixels to 0 .. 1."""

from __future__ import annotations

import math
from numbers import Real

from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.layer import Layer


class Rescaling(Layer, library=True):
    """x * scale + offset, number by number; both are known beforehand.

    scale, offset  numbers: 1 / 255 brings the bytes of a picture to 0 .. 1

    Images go in as they are: uint8 is read where it lies, and no copy of it in floats is made.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Rescaling(1 / 255)], input_shape=(2,))
    >>> net.predict([[0, 255]]).tolist()
    [[0.0, 1.0]]
    """

    scale: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        for name in ("scale", "offset"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
                raise SettingError(f"Rescaling: {name} must be a finite number, got {value!r}.")
            setattr(self, name, float(value))

    def formula(self, x: Node) -> Node:
        """x * scale + offset."""
        scaled = x * self.scale
        return (scaled + self.offset if self.offset else scaled).named("scaled")
