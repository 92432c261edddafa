"""A layer applied to each step of a sequence alone, with the same weights."""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.activation import Activation
from glassnet.nn.dense import Dense
from glassnet.nn.layer import Layer, Parameter
from glassnet.spec import Spec, shape_text

_OF_ANY_AXES = (Dense, Activation)  # whose formula is the same for a step and for all of them


class TimeDistributed(Layer, library=True):
    """The layer's result for every step: x (B, T, ...) as T inputs (B, ...), result (B, T, ...).

    What a layer draws in training (the mask of gn.Dropout) is the same in all steps.

    layer  any layer of one input; gn.Dense needs none of this, it takes sequences as they are

    >>> import glassnet as gn
    >>> net = gn.Network([gn.TimeDistributed(gn.Flatten())], input_shape=(7, 2, 3))
    >>> net.predict(gn.graph.evaluate([gn.graph.constant([[[[0.0] * 3] * 2] * 7])], {})[0]).shape
    (1, 7, 6)
    """

    layer: Any

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Layer):
            raise SettingError(f"TimeDistributed takes a layer, got {self.layer!r}.")
        if type(self.layer).penalty is not Layer.penalty:
            raise SettingError(
                f"TimeDistributed: {type(self.layer).__name__} adds to the loss, and its penalty "
                "would be lost here. Write it for sequences (B, T, ...), and take it as it is."
            )
        if getattr(self.layer, "stateful", False):
            raise SettingError(
                "TimeDistributed: every step is a sequence of its own, which goes on from none. "
                f"Leave out stateful=True of {type(self.layer).__name__}."
            )

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """Those of the layer."""
        (x,) = specs
        if x.rank < 3 or x.shape[1] == 0:
            raise ShapeError(
                f"sequences (B, T, ...) of at least one step are needed, got {shape_text(x.shape)}."
            )
        one = x.with_shape((x.shape[0], *x.shape[2:]))
        found: dict[str, Parameter] = self.layer.parameters(one)
        return found

    def formula(self, x: Node, **arrays: Node) -> Node:
        """The layer's formula, step by step; at once where it is the same for all steps."""
        if isinstance(self.layer, _OF_ANY_AXES):
            return self.layer.formula(x, **arrays)
        _, (every,) = g.scan(lambda x: ([], [self.layer.formula(x, **arrays)]), [], [x])
        return every
