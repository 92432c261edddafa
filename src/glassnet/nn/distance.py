"""How far the rows of two inputs are apart."""

from __future__ import annotations

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.nn.layer import Layer

_LEAST = 1e-16  # of a sum of squares: at 0 the slope of the root is infinite


class Distance(Layer, library=True):
    """d = sqrt(sum((a - b)^2)) over the last axis: (B, ..., F) and (B, ..., F) -> (B, ..., 1).

    No less than 1e-8, so that two equal rows have a slope, 0. Twins end in it: see
    gn.losses.Contrastive and gn.losses.Triplet.

    >>> import glassnet as gn
    >>> a, b = gn.Input((2,)), gn.Input((2,))
    >>> net = gn.Network(inputs=[a, b], outputs=gn.Distance()(a, b))
    >>> net.predict([[[0, 0]], [[3, 4]]]).tolist()
    [[5.0]]
    """

    def formula(self, a: Node, b: Node) -> Node:
        """sqrt(sum((a - b)^2))."""
        apart = (a - b).named("apart")
        squares = g.sum(apart**2, axis=-1, keepdims=True)
        return g.sqrt(g.maximum(squares, _LEAST)).named("d")
