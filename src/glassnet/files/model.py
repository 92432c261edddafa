"""Model files: weights and architecture in one safetensors file. Loading runs no code from it.

The architecture is JSON: layers by the names of their classes, with their fields; how they are
connected; the network's seed and kind of number. Only classes from the closed registry are built,
plus those that the caller hands over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, GlassnetError, UnknownNameError
from glassnet.files import bundle
from glassnet.nn import regularizers
from glassnet.nn.layer import LAYERS, Layer
from glassnet.nn.network import Network
from glassnet.nn.symbol import Symbol, connect
from glassnet.nn.topology import Topology, from_symbols
from glassnet.spec import Spec

FORMAT = 1
_SETTINGS: dict[str, type] = {
    cls.__name__: cls
    for cls in (regularizers.L1, regularizers.L2, regularizers.L1L2, regularizers.MaxNorm)
}


def save(net: Network, path: str | Path, extra: Mapping[str, Any] | None = None) -> None:
    """Write the network to `path`; `extra` is kept beside it, as JSON."""
    text = {"format": FORMAT, "network": describe(net), "extra": dict(extra or {})}
    bundle.write(path, dict(net.parameters), text)


def load(path: str | Path, custom: Mapping[str, Any] | None = None) -> Network:
    """Read a network that `net.save` wrote.

    custom  your own layers, activations and the like by name: {"Scale": Scale, "swish": swish}
    """
    return load_with_extra(path, custom)[0]


def load_with_extra(
    path: str | Path, custom: Mapping[str, Any] | None = None
) -> tuple[Network, dict[str, Any]]:
    """The network and what was kept beside it."""
    arrays, text = bundle.read(path)
    try:
        return _network(text, arrays, dict(custom or {})), dict(text["extra"])
    except UnknownNameError:  # what the caller can hand over
        raise
    except (GlassnetError, LookupError, TypeError, AttributeError, ValueError,
            RecursionError) as error:  # fmt: skip
        reason = str(error).rstrip(".") if isinstance(error, GlassnetError) else repr(error)
        raise FileFormatError(f"{path} does not describe a network: {reason}.") from error


def _network(
    whole: Mapping[str, Any], arrays: Mapping[str, Any], custom: Mapping[str, Any]
) -> Network:
    """The network of an architecture and its arrays; no other array is ever made."""
    if whole["format"] != FORMAT:
        raise FileFormatError(f"its format is {whole['format']!r}, this Glassnet reads {FORMAT}")
    text = whole["network"]
    topology, dtype = rebuild(text, custom), text["dtype"]
    due = {f"{layer}.{array}": p.sizes for layer, array, p in topology.parameters()}
    missing, foreign = sorted(set(due) - set(arrays)), sorted(set(arrays) - set(due))
    if missing or foreign:
        raise FileFormatError(f"arrays are missing, {missing}, or belong to no layer, {foreign}")
    for name, sizes in due.items():
        found = arrays[name]
        if found.shape != sizes or found.dtype != dtype:
            raise FileFormatError(
                f"{name} is {found.shape} {found.dtype}, but the layers make it {sizes} {dtype}"
            )
    owned = {name: np.array(arrays[name]) for name in due}
    return Network.of_arrays(topology, owned, seed=text["seed"], dtype=dtype)


def describe(net: Network) -> dict[str, Any]:
    """The architecture as JSON."""
    t = net.topology
    return {
        "seed": net.seed,
        "dtype": net.dtype,
        "inputs": [
            {"name": name, "shape": list(spec.shape[1:]), "dtype": spec.dtype}
            for name, spec in t.inputs
        ],
        "layers": [_layer_json(layer) for layer in t.layers.values()],
        "calls": [[c.layer, list(c.inputs)] for c in t.calls],
        "outputs": list(t.outputs),
    }


def _layer_json(layer: Layer) -> dict[str, Any]:
    settings = {f.name: _plain(getattr(layer, f.name)) for f in fields(layer)}
    return {"class": type(layer).__name__, **settings}


def _plain(value: Any) -> Any:
    """A field's value as JSON; functions and objects go by their names."""
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return {"list": [_plain(v) for v in value]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return {"dict": {k: _plain(v) for k, v in value.items()}}
    if isinstance(value, Layer):
        return {"layer": _layer_json(value)}
    if type(value).__name__ in _SETTINGS:
        return {"settings": type(value).__name__, **vars(value)}
    name = getattr(value, "__name__", type(value).__name__)
    return {"custom": name}


def rebuild(text: Mapping[str, Any], custom: Mapping[str, Any]) -> Topology:
    """How the layers of an architecture hang together."""
    values: list[Symbol] = []
    for one in text["inputs"]:
        shape = tuple(_size(n) for n in one["shape"])
        values.append(Symbol(Spec(("B", *shape), str(one["dtype"])), name=str(one["name"])))
    n_inputs = len(values)
    layers: dict[str, Layer] = {}
    for one in text["layers"]:
        layer = _layer(one, custom)
        layers[layer.name] = layer
    for name, inputs in text["calls"]:
        values.append(connect(layers[name], tuple(values[_size(i, 0)] for i in inputs)))
    outputs = [values[_size(i, 0)] for i in text["outputs"]]
    return from_symbols(values[:n_inputs], outputs)


def _size(value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise FileFormatError(f"it holds {value!r} where a whole number is due")
    return value


def _layer(text: Mapping[str, Any], custom: Mapping[str, Any]) -> Layer:
    name = text["class"]
    cls = custom.get(name) or LAYERS.get(name)
    if cls is None:
        raise UnknownNameError(
            "layer class in the file (hand your own over with custom={...})", name,
            [*LAYERS, *custom],
        )  # fmt: skip
    if not (isinstance(cls, type) and issubclass(cls, Layer)):
        raise FileFormatError(f"custom[{name!r}] must be derived from gn.Layer, got {cls!r}")
    known = {f.name for f in fields(cls)}
    settings = {k: _value(v, custom) for k, v in text.items() if k != "class"}
    if not set(settings) <= known:
        raise FileFormatError(f"layer {name} has no settings {sorted(set(settings) - known)}")
    layer: Layer = cls(**settings)
    return layer


def _value(value: Any, custom: Mapping[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    if "list" in value:
        return tuple(_value(v, custom) for v in value["list"])
    if "array" in value:
        return np.array(value["array"], dtype=value["dtype"])
    if "dict" in value:
        return {k: _value(v, custom) for k, v in value["dict"].items()}
    if "layer" in value:
        return _layer(value["layer"], custom)
    if "settings" in value:
        rest = {k: v for k, v in value.items() if k != "settings"}
        return _SETTINGS[value["settings"]](**rest)
    if value["custom"] not in custom:
        raise UnknownNameError(
            "function or object; load(path, custom={name: ...}) hands it over:",
            value["custom"], custom,
        )  # fmt: skip
    return custom[value["custom"]]
