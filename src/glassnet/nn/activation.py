"""Activations as layers, alone or inside another layer."""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, UnknownNameError
from glassnet.graph import Node
from glassnet.nn.activations import ACTIVATIONS, linear
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.registry import snake
from glassnet.spec import Spec


class Activation(Layer, library=True):
    """a = activation(z), number by number (softmax: over the last axis).

    A function of your own is written in graph ops or NumPy's functions. Where np.maximum or
    np.minimum meets a constant exactly its slope is 0, as relu's at 0, whatever the order.

    >>> import glassnet as gn
    >>> def swish(z):
    ...     return z * gn.graph.sigmoid(z)
    >>> net = gn.Network([gn.Dense(3), gn.Activation(swish)], input_shape=(2,))
    """

    activation: Any

    def __post_init__(self) -> None:
        if self.activation == "prelu":
            raise SettingError("PReLU has weights of its own: take the layer gn.PReLU().")
        check(self.activation)

    def formula(self, z: Node) -> Node:
        """activation(z)."""
        function = self.activation
        if isinstance(function, str):
            function = ACTIVATIONS[function]
        if function is linear:
            return z
        a = function(z)
        if not isinstance(a, Node):
            raise SettingError(
                f"The activation {getattr(function, '__name__', function)!r} must be written in "
                f"graph ops (glassnet.graph.exp, or np.exp), got {type(a).__name__} from it."
            )
        return a.named("a")


class PReLU(Layer, library=True):
    """a = z, and slope * z below zero; one slope is learned for each unit (He et al., 2015).

    z (B, ..., O), slope (O,).
    """

    slope_init: Any = 0.25

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """slope (O,)."""
        return {"slope": Parameter(specs[0].shape[-1:], self.slope_init)}

    def formula(self, z: Node, slope: Node) -> Node:
        """where(z > 0, z, slope * z)."""
        return g.where(z > 0, z, slope * z).named("a")


def as_layer(activation: Any) -> Layer:
    """A layer from an activation's name, function, or layer."""
    if isinstance(activation, Layer):
        return activation
    return PReLU() if activation == "prelu" else Activation(activation)


def check(activation: Any) -> None:
    """Raise unless this is the name of an activation, or a function."""
    if isinstance(activation, str) and activation not in ACTIVATIONS:
        raise UnknownNameError("activation", activation, [*ACTIVATIONS, "prelu"])
    if not isinstance(activation, str) and not callable(activation):
        raise SettingError(
            f"An activation is a name, a function in graph ops or a layer, got {activation!r}."
        )
    if getattr(activation, "__module__", "") == "math":
        name = activation.__name__
        raise SettingError(
            f"math.{name} takes one number, an activation values of the graph: give np.{name}."
        )


def title(activation: Any) -> str:
    """An activation in a word: its name, or that of its function or layer."""
    if isinstance(activation, str):
        return activation
    if isinstance(activation, Layer):
        return snake(type(activation).__name__)
    name = str(getattr(activation, "__name__", type(activation).__name__))
    return "function" if name == "<lambda>" else name
