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
        if text["format"] != FORMAT:
            raise FileFormatError(
                f"{path} has format {text['format']!r}; this version of Glassnet reads {FORMAT}."
            )
        net = rebuild(text["network"], dict(custom or {}))
        extra = dict(text["extra"])
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        if isinstance(error, GlassnetError):
            raise
        raise FileFormatError(f"{path} does not describe a network: {error!r}.") from error
    _fill(net, arrays, path)
    return net, extra


def _fill(net: Network, arrays: Mapping[str, Any], path: str | Path) -> None:
    own = net.parameters
    if set(arrays) != set(own):
        missing, foreign = sorted(set(own) - set(arrays)), sorted(set(arrays) - set(own))
        raise FileFormatError(
            f"{path}: arrays do not match the layers. Missing: {missing}; not known: {foreign}."
        )
    for name, array in arrays.items():
        if array.shape != own[name].shape or array.dtype != own[name].dtype:
            raise FileFormatError(
                f"{path}: {name} is {array.shape} {array.dtype} in the file, but the layers make "
                f"it {own[name].shape} {own[name].dtype}."
            )
        own[name] = array


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
    if isinstance(value, Layer):
        return {"layer": _layer_json(value)}
    if type(value).__name__ in _SETTINGS:
        return {"settings": type(value).__name__, **vars(value)}
    name = getattr(value, "__name__", type(value).__name__)
    return {"custom": name}


def rebuild(text: Mapping[str, Any], custom: Mapping[str, Any]) -> Network:
    """The network of an architecture, with fresh weights."""
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
    return Network(
        inputs=values[:n_inputs], outputs=outputs, seed=text["seed"], dtype=text["dtype"]
    )


def _size(value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise FileFormatError(f"The file holds {value!r} where a whole number is due.")
    return value


def _layer(text: Mapping[str, Any], custom: Mapping[str, Any]) -> Layer:
    name = text["class"]
    cls = custom.get(name) or LAYERS.get(name)
    if cls is None:
        raise UnknownNameError(
            "layer class in the file (hand your own over with custom={...})", name,
            [*LAYERS, *custom],
        )  # fmt: skip
    known = {f.name for f in fields(cls)}
    settings = {k: _value(v, custom) for k, v in text.items() if k != "class"}
    if not set(settings) <= known:
        raise FileFormatError(f"Layer {name} has no settings {sorted(set(settings) - known)}.")
    layer: Layer = cls(**settings)
    return layer


def _value(value: Any, custom: Mapping[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    if "list" in value:
        return tuple(_value(v, custom) for v in value["list"])
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
