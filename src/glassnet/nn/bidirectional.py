"""A recurrent layer twice: once through the sequence as it is, once backwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.graph.loop import is_placeholder
from glassnet.graph.walk import with_body
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.recurrent import Recurrent
from glassnet.spec import Spec

_MERGED: dict[str, Any] = {
    "concat": g.concatenate, "sum": g.add, "mul": g.mul, "ave": lambda a, b: (a + b) / 2,
}  # fmt: skip


class Bidirectional(Layer, library=True):
    """The layer's result going forwards beside that of a second one going backwards.

    x (B, T, I), result (B, 2 O), or (B, T, 2 O) where the layer has return_sequences; both stand in
    the order of time. Arrays are called forward_weight, backward_weight and so on. (Schuster and
    Paliwal, 'Bidirectional recurrent neural networks', 1997.)

    layer  gn.LSTM(...), gn.GRU(...) or gn.SimpleRNN(...)
    merge  "concat", or "sum", "mul", "ave" of the two

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Bidirectional(gn.LSTM(4)), gn.Dense(1)], input_shape=(7, 3))
    >>> net.topology.output_names()
    ('dense',)
    """

    layer: Any
    merge: str = "concat"

    takes_mask: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Recurrent):
            raise SettingError(
                "Bidirectional takes a recurrent layer, as in gn.Bidirectional(gn.LSTM(8)), got "
                f"{self.layer!r}."
            )
        if self.layer.stateful:
            raise SettingError(
                "Bidirectional: the layer that goes backwards begins at the end of a sequence, "
                "which is not where it left the one before: there is no state to go on with. "
                f"Leave out stateful=True of {type(self.layer).__name__}."
            )
        if self.merge not in _MERGED:
            raise SettingError(
                f"Bidirectional: merge must be one of {', '.join(_MERGED)}, got {self.merge!r}."
            )

    def both(self) -> dict[str, Recurrent]:
        """The two layers, by what stands before the names of their arrays."""
        one: Recurrent = self.layer
        return {"forward_": one, "backward_": replace(one, go_backwards=not one.go_backwards)}

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """Those of the two layers."""
        (x,) = specs
        return {
            before + name: parameter
            for before, layer in self.both().items()
            for name, parameter in layer.parameters(x).items()
        }

    def formula(self, x: Node, mask: Node | None = None, **arrays: Node) -> Node:
        """Both results, merged."""
        found = []
        for before, layer in self.both().items():
            own = {k.removeprefix(before): v for k, v in arrays.items() if k.startswith(before)}
            h = layer.formula(x, mask=mask, **own)
            found.append(_told_apart(h, before[0]))
        a, b = found
        merged: Node = _MERGED[self.merge](a, b)
        return merged.named("h")


def _told_apart(h: Node, way: str) -> Node:
    """The values of one direction under names of their own: z_f of the layer that goes forward."""
    if h.op.kind != "result":
        return h
    loop = h.args[0]

    def renamed(node: Node) -> Node:
        is_value = node.name and (is_placeholder(node) or not node.is_leaf)
        return node.named(f"{node.name}_{way}") if is_value else node

    inside = with_body(loop, lambda body: g.rebuild(body, renamed))
    args = tuple(arg if arg.is_leaf else renamed(arg) for arg in inside.args)
    return replace(h, args=(replace(inside, args=args),), name=f"h_{way}")
