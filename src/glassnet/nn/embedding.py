"""The embedding layer: each code has a row of numbers, which are learnt."""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.spec import Spec


class Embedding(Layer, library=True):
    """weight[x], row by row: what OneHot and a dense layer without bias give, without the product.

    x (B, ...) int64, weight (V, O), result (B, ..., O) with V = vocabulary, O = units. A code
    outside of 0 .. V - 1 (an unseen or missing category) gives a row of zeros.

    weight_init         name, number or function
    weight_regularizer  "l1", "l2", gn.regularizers.L2(0.001), ...
    mask_zero           True: the code 0 is filling, which recurrent layers behind pass over, and
                        losses and metrics of sequences leave out

    >>> import glassnet as gn
    >>> code = gn.Input((), dtype="int64")
    >>> net = gn.Network(inputs=code, outputs=gn.Embedding(3, 2, weight_init="ones")(code))
    >>> net.predict([2, 0, -1]).tolist()
    [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]
    """

    vocabulary: int
    units: int
    weight_init: Any = "normal"
    weight_regularizer: Any = None
    mask_zero: bool = False

    def __post_init__(self) -> None:
        check_units(self, "vocabulary", self.vocabulary)
        check_units(self, "units", self.units)

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (V, O)."""
        (x,) = specs
        if x.dtype != "int64":
            raise ShapeError(f"codes are whole numbers: gn.Input(..., dtype='int64'), not {x}")
        shape = (self.vocabulary, self.units)
        return {"weight": Parameter(shape, self.weight_init, self.weight_regularizer)}

    def formula(self, x: Node, weight: Node) -> Node:
        """weight[x] where 0 <= x < V, else 0."""
        known = g.logical_and(x >= 0, x < self.vocabulary).named("known")
        safe = g.where(known, x, 0).named("safe")
        mask = g.expand_dims(g.cast(known, dtype=g.float_kind()), -1).named("mask")
        return (g.take(weight, safe) * mask).named("embedded")

    def mask(self, x: Node) -> Node | None:
        """Which codes (B, T) are no filling."""
        return g.not_equal(x, 0).named("counts") if self.mask_zero else None
