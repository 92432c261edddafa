"""The dense layer: every output is a weighted sum of every input."""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.nn.activation import as_layer
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.spec import Spec, shape_text


class Dense(Layer, library=True):
    """a = activation(x @ weight + bias).

    x (B, ..., I), weight (I, O), bias (O,), result (B, ..., O) with O = units.

    activation          name, or function in graph ops, or layer
    use_bias            False leaves the bias out
    weight_init         name, number or function; so is bias_init
    weight_regularizer  "l1", "l2", gn.regularizers.L2(0.001), ...; so is bias_regularizer
    weight_constraint   "max_norm", gn.regularizers.MaxNorm(2)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(3, "tanh"), gn.Dense(1)], input_shape=(2,))
    >>> net.parameters["dense.weight"].shape
    (2, 3)
    """

    units: int
    activation: Any = "linear"
    use_bias: bool = True
    weight_init: Any = "glorot_uniform"
    bias_init: Any = "zeros"
    weight_regularizer: Any = None
    bias_regularizer: Any = None
    weight_constraint: Any = None

    def __post_init__(self) -> None:
        check_units(self, "units", self.units)
        as_layer(self.activation)

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (I, O), bias (O,), and those of the activation."""
        (x,) = specs
        if x.rank < 2:
            raise ShapeError(
                f"a row must have at least one axis, got {shape_text(x.shape)}. Say how many "
                "columns there are: input_shape=(10,)."
            )
        I, O = x.shape[-1], self.units  # noqa: E741 - the shape letters of the project
        found = {
            "weight": Parameter(
                (I, O), self.weight_init, self.weight_regularizer, self.weight_constraint
            )
        }
        if self.use_bias:
            found["bias"] = Parameter((O,), self.bias_init, self.bias_regularizer)
        return found | as_layer(self.activation).parameters(x.with_shape((*x.shape[:-1], O)))

    def formula(self, x: Node, weight: Node, bias: Node | None = None, **others: Node) -> Node:
        """activation(x @ weight + bias)."""
        z = x @ weight
        if bias is not None:
            z = z + bias
        return as_layer(self.activation).formula(z.named("z"), **others)
