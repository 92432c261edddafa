"""What a network computes of one row: the values of its formulas and the outputs of its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError, UnknownNameError
from glassnet.graph import Node
from glassnet.network import Network
from glassnet.program.trace import Forward, trace
from glassnet.spec import Spec, shape_text


def output_of(net: Network, layer: str, row: Any) -> Any:
    """What a layer gives for one row, without the batch; of a shared layer at its first use."""
    topology = net.topology
    calls = [call for call in topology.calls if call.layer == layer]
    forward = trace(replace(topology, outputs=(calls[0].output,)), net.dtype, training=False)
    return _evaluated(net, forward, list(forward.outputs), row)[0]


def values_in(net: Network, layer: str, name: str, row: Any) -> list[Any]:
    """The values that a layer's formula calls by a name, for one row, without the batch."""
    forward = trace(net.topology, net.dtype, training=False)
    order = g.in_order(list(forward.outputs))
    found = [node for node in order if node.layer == layer and node.name == name]
    return _evaluated(net, forward, found, row)


def one_layer(net: Network, layer: str | None, fits: Callable[[str], bool], what: str) -> str:
    """The layer of this name, or the only one that fits; errors name those that do."""
    known = [name for name in net.topology.layers if fits(name)]
    if layer is not None and layer not in known:
        raise UnknownNameError(what, layer, known)
    if layer is not None:
        return layer
    if len(known) != 1:
        listed = f"it has several: {', '.join(map(repr, known))}" if known else "it has none"
        raise SettingError(f"Of this network, name the {what} to draw; {listed}.")
    return known[0]


def _evaluated(net: Network, forward: Forward, nodes: list[Node], row: Any) -> list[Any]:
    given = _rows(row, dict(net.topology.inputs))
    values: dict[Node, Any] = dict(zip(forward.inputs, given, strict=True))
    values = {leaf: np.asarray(value, leaf.dtype) for leaf, value in values.items()}
    values |= {leaf: net.parameters[name] for name, leaf in forward.parameters.items()}
    return [value[0] for value in g.evaluate(nodes, values, batch=1)]


def _rows(row: Any, inputs: Mapping[str, Spec]) -> Sequence[Any]:
    """One row for each input, with a batch of one in front."""
    if len(inputs) == 1:
        row = [row]
    elif isinstance(row, Mapping):
        row = [row.get(name) for name in inputs]
    if not isinstance(row, list | tuple) or len(row) != len(inputs):
        raise ShapeError(
            f"This network has {len(inputs)} inputs ({', '.join(inputs)}): give one row of each, "
            "as a list or by name."
        )
    return [_row(one, name, spec) for one, (name, spec) in zip(row, inputs.items(), strict=True)]


def _row(row: Any, name: str, spec: Spec) -> Any:
    array = np.asarray(row)
    if array.shape == spec.shape[1:]:
        array = array[None]
    if array.shape != (1, *spec.shape[1:]):
        raise ShapeError(
            f"One row of {name!r} has the shape {shape_text(spec.shape[1:])}, got "
            f"{shape_text(array.shape)}. Give a single row: x[0]."
        )
    return array
