"""How a network hangs together, as JSON: inputs, layers, which is called on what, outputs.

What a file claims is checked before anything is allocated: layers are traced, which takes no
memory whatever their sizes are, and every size must be one that a machine could hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from glassnet.errors import FileFormatError, SettingError
from glassnet.files.fields import Writer, layer_of
from glassnet.files.header import MOST_AXES
from glassnet.nn.layer import Layer
from glassnet.nn.model import Model
from glassnet.nn.symbol import Input, Symbol, connect
from glassnet.nn.topology import Topology, from_symbols

MOST_LAYERS = 10_000  # and calls of layers, and inputs: each takes some time to trace
MOST_INPUTS = 1_000  # of one call
MOST_WIRES = 50_000  # inputs of all calls together
MOST_NUMBERS = 2**31  # of one row, anywhere in the network


def describe(net: Model) -> dict[str, Any]:
    """The architecture as JSON."""
    t, writer = net.topology, Writer()
    if len(t.calls) > MOST_LAYERS or len(t.inputs) > MOST_LAYERS:
        raise SettingError(
            f"This network calls {len(t.calls):,} layers on {len(t.inputs):,} inputs; a model file "
            f"holds {MOST_LAYERS:,} of each."
        )
    _check_wires([call.inputs for call in t.calls], SettingError)
    for spec in t.specs:
        _check_size("A value", spec.shape[1:], SettingError)
    return {
        **({"name": net.name} if net.name else {}),
        "seed": net.seed,
        "dtype": net.dtype,
        "inputs": [
            {"name": name, "shape": list(spec.shape[1:]), "dtype": spec.dtype}
            for name, spec in t.inputs
        ],
        "layers": [writer.layer(layer) for layer in t.layers.values()],
        "calls": [[c.layer, list(c.inputs)] for c in t.calls],
        "outputs": list(t.outputs),
    }


def rebuild(text: Any, custom: Mapping[str, Any]) -> Topology:
    """How the layers of an architecture hang together."""
    inputs = [_input(one) for one in _list(text, "inputs")]
    layers: dict[str, Layer] = {}
    for one in _list(text, "layers"):
        layer = layer_of(one, custom)
        if layer.name in layers or not layer.name:
            raise FileFormatError(f"two layers are called {layer.name!r}, or one has no name")
        layers[layer.name] = layer
    values, calls = list(inputs), [_call(one) for one in _list(text, "calls")]
    _check_wires([wires for _, wires in calls])
    for name, wires in calls:
        values.append(_connected(name, wires, layers, values))
    outputs = [values[_whole(i, len(values))] for i in _list(text, "outputs")]
    topology = from_symbols(inputs, outputs)
    if len(topology.layers) != len(layers) or len(topology.calls) != len(values) - len(inputs):
        raise FileFormatError("it has layers on which no output depends")
    return topology


def _list(text: Any, name: str) -> list[Any]:
    if not isinstance(text, dict) or not isinstance(text.get(name), list):
        raise FileFormatError(f"it has no list of {name}")
    found: list[Any] = text[name]
    if len(found) > MOST_LAYERS:
        raise FileFormatError(f"it has {len(found):,} {name}; at most {MOST_LAYERS:,} are read")
    return found


def _input(text: Any) -> Symbol:
    if not isinstance(text, dict) or set(text) != {"name", "shape", "dtype"}:
        raise FileFormatError(f"it describes an input by {text!r}")
    name, shape, dtype = text["name"], text["shape"], text["dtype"]
    if not isinstance(name, str) or dtype not in {"float32", "int64"}:
        raise FileFormatError(f"it has an input {name!r} of kind {dtype!r}")
    if not isinstance(shape, list):
        raise FileFormatError(f"it has an input {name!r} of shape {shape!r}")
    sizes = tuple(_whole(n, math.inf, 1) for n in shape)
    _check_size(f"the input {name!r}", sizes)
    return Input(sizes, name=name, dtype="float" if dtype == "float32" else dtype)


def _call(one: Any) -> tuple[str, list[Any]]:
    """The name of a layer and the numbers of its inputs."""
    if not (isinstance(one, list) and len(one) == 2 and isinstance(one[0], str)
            and isinstance(one[1], list)):  # fmt: skip
        raise FileFormatError(f"it calls a layer by {one!r}")
    return one[0], one[1]


def _connected(
    name: str, wires: list[Any], layers: Mapping[str, Layer], values: list[Symbol]
) -> Symbol:
    """A layer called on values that are there already."""
    if name not in layers:
        raise FileFormatError(f"it calls a layer {name!r}, which it does not describe")
    found = connect(layers[name], tuple(values[_whole(i, len(values))] for i in wires))
    _check_size(f"what layer {name!r} gives", found.shape[1:])
    return found


def _check_wires(calls: list[Any], error: type[Exception] = FileFormatError) -> None:
    widest, total = max(map(len, calls), default=0), sum(map(len, calls))
    if widest > MOST_INPUTS or total > MOST_WIRES:
        raise error(
            f"a layer is called on {widest:,} values, all layers on {total:,}; a file holds "
            f"{MOST_INPUTS:,} and {MOST_WIRES:,}"
        )


def _whole(value: Any, below: float, least: int = 0) -> int:
    if type(value) is not int or not least <= value < below:
        raise FileFormatError(f"it holds {value!r} where a whole number is due")
    return value


def _check_size(
    what: str, shape: tuple[Any, ...], error: type[Exception] = FileFormatError
) -> None:
    """Raise for a shape that no array can have."""
    if len(shape) > MOST_AXES or math.prod(shape) > MOST_NUMBERS:
        raise error(
            f"{what} has {len(shape)} axes or more than {MOST_NUMBERS:,} numbers a row, which no "
            "file may claim"
        )
