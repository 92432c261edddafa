"""A table's network, taken apart where its columns meet: at the first dense layer.

In front of it every number stems from one column alone; behind it nothing does. So whoever changes
a single column needs to multiply that column's numbers only, however many others there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from glassnet.network import Network
from glassnet.nn import Activation, Dense, Input, Symbol
from glassnet.nn.symbol import connect
from glassnet.nn.topology import Topology
from glassnet.tables.model import TableModel
from glassnet.tables.network import prepared_columns


@dataclass(frozen=True)
class FirstLayer:
    """The network of a table, as `table_network` builds it, in two parts.

    columns       the column of the table that each input of the layer stems from (D)
    weight, bias  of the layer: (D, U) and (U,)
    front         from the network's inputs to those of the layer; behind  from its sums to answers
    """

    columns: list[str]
    weight: Any
    bias: Any
    front: Network
    behind: TableModel

    @staticmethod
    def of(model: TableModel) -> FirstLayer:
        """The parts of a network with the weights that it has now."""
        topology, arrays = model.net.topology, model.net.parameters
        layers = [topology.layers[call.layer] for call in topology.calls]
        at, dense = next((i, one) for i, one in enumerate(layers) if isinstance(one, Dense))
        x, values = _called(topology, at)
        (meeting,) = topology.calls[at].inputs
        z = a = Input((dense.units,))  # (B, U)
        for layer in (Activation(dense.activation), *layers[at + 1 :]):
            a = connect(layer, (a,))
        front = _with(Network(inputs=x, outputs=values[meeting], dtype=model.net.dtype), arrays)
        behind = _with(Network(inputs=z, outputs=a, dtype=model.net.dtype), arrays)
        return FirstLayer(
            prepared_columns(model.table), arrays[f"{dense.name}.weight"],
            arrays[f"{dense.name}.bias"], front, replace(model, net=behind),
        )  # fmt: skip

    def inputs(self, arrays: Mapping[str, Any]) -> Any:
        """What the layer gets (n, D), for the network's inputs."""
        return self.front.predict(dict(arrays))

    def answers(self, z: Any) -> Any:
        """Probabilities (n, classes) or amounts (n,), for the layer's sums z (n, U)."""
        return self.behind.answers({"x": z})


def _called(topology: Topology, count: int) -> tuple[list[Symbol], list[Symbol]]:
    """The inputs of a network, and every value up to its first calls of layers."""
    inputs = [
        Input(spec.shape[1:], name=name, dtype="int64" if spec.dtype == "int64" else "float")
        for name, spec in topology.inputs
    ]
    values = list(inputs)
    for call in topology.calls[:count]:
        layer = topology.layers[call.layer]
        values.append(connect(layer, tuple(values[i] for i in call.inputs)))
    return inputs, values


def _with(net: Network, arrays: Mapping[str, Any]) -> Network:
    """The network with the weights of those names."""
    for name in net.parameters:
        net.parameters[name] = arrays[name]
    return net
