"""Masking: steps that are only filling are marked, for sequences of unequal lengths."""

from __future__ import annotations

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.recurrent import check_sequence
from glassnet.spec import Spec


class Masking(Layer, library=True):
    """Steps in which all features are `mask_value` are passed over by recurrent layers behind it.

    x (B, T, I), result (B, T, I), with zeros in those steps. Losses and metrics of an output (B, T,
    ...) leave them out too. In front of a recurrent layer a row of which no step is left is an
    error: there is nothing to compute a state from. Else it counts nothing.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Masking(-1.0), gn.LSTM(4), gn.Dense(1)], input_shape=(7, 3))
    """

    mask_value: float = 0.0

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """None; but the input must be sequences."""
        check_sequence(specs[0])
        return {}

    def formula(self, x: Node) -> Node:
        """x where the mask is 1, else 0."""
        return g.where(g.expand_dims(self.mask(x), -1), x, 0).named("h")

    def mask(self, x: Node) -> Node:
        """Which steps count, (B, T)."""
        counted = g.cast(g.not_equal(x, self.mask_value), dtype=x.dtype)
        return (g.max(counted, axis=-1) > 0).named("mask")
