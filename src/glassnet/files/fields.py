"""Layers as JSON: the name of the class and the values of its fields. No code goes into a file.

Numbers, texts, truths, None, lists, dicts and arrays of numbers go in as they are. Functions,
objects and classes of one's own go in by name, and are handed over when the file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, SettingError, UnknownNameError
from glassnet.files.header import MOST_AXES
from glassnet.nn import regularizers
from glassnet.nn.layer import Layer
from glassnet.nn.registry import LAYERS

_SETTINGS: dict[str, type] = {
    cls.__name__: cls
    for cls in (regularizers.L1, regularizers.L2, regularizers.L1L2, regularizers.MaxNorm)
}
_WHOLE = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_KINDS = _WHOLE | {"bool", "float16", "float32", "float64"}
_HELD = "numbers, text, lists, dicts with text for names, arrays of numbers"


class Writer:
    """Turns layers into JSON; of the things that go by name, no two may have the same."""

    def __init__(self) -> None:
        self._named: dict[str, Any] = {}

    def layer(self, layer: Layer) -> dict[str, Any]:
        """The class and its fields."""
        cls = type(layer)
        if LAYERS.get(cls.__name__) is not cls:
            self._name(cls.__name__, cls)
        settings = {f.name: self._value(layer, f.name, getattr(layer, f.name)) for f in fields(cls)}
        return {"class": cls.__name__, **settings}

    def _name(self, name: str, thing: Any) -> dict[str, str]:
        """What the reader is to hand over under this name."""
        if name in LAYERS or self._named.setdefault(name, thing) is not thing:
            raise SettingError(
                f"Two different things would be called {name!r} in the file, which names what you "
                f"hand over to gn.load(path, custom={{...}}). Give yours another name."
            )
        return {"custom": name}

    def _value(self, layer: Layer, field: str, value: Any) -> Any:
        """A field's value; `layer` and `field` are for the message."""
        if isinstance(value, bool | int | float | str) or value is None:
            return value
        if isinstance(value, np.generic) and value.dtype.name in _KINDS:
            return value.item()
        if isinstance(value, list | tuple):
            return {"list": [self._value(layer, field, v) for v in value]}
        if isinstance(value, np.ndarray) and value.dtype.name in _KINDS:
            return {"array": value.tolist(), "dtype": value.dtype.name}
        if isinstance(value, dict) and all(isinstance(k, str) for k in value):
            return {"dict": {k: self._value(layer, field, v) for k, v in value.items()}}
        if isinstance(value, Layer):
            return {"layer": self.layer(value)}
        if _SETTINGS.get(type(value).__name__) is type(value):
            plain = {k: self._value(layer, field, v) for k, v in vars(value).items()}
            return {"settings": type(value).__name__, **plain}
        if _is_data(value):
            raise SettingError(
                f"{layer.name or type(layer).__name__}: {field} is {value!r}, which a file cannot "
                f"hold. It holds {_HELD}, and functions and objects of your own by their names."
            )
        return self._name(getattr(value, "__name__", type(value).__name__), value)


def _is_data(value: Any) -> bool:
    """Whether this is a value of Python's or NumPy's own kinds, and no function."""
    built_in = type(value).__module__ == "builtins" and not callable(value)
    return built_in or isinstance(value, np.ndarray | np.generic)


def layer_of(text: Any, custom: Mapping[str, Any]) -> Layer:
    """The layer that a file describes, of a class from the registry or handed over."""
    if not isinstance(text, dict) or not isinstance(text.get("class"), str):
        raise FileFormatError(f"it describes a layer by {text!r}, not by its class and fields")
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
    if not (isinstance(settings.get("name", ""), str)
            and isinstance(settings.get("trainable", True), bool)):  # fmt: skip
        raise FileFormatError(f"a layer {name} has no text for a name, or no truth for trainable")
    layer: Layer = cls(**settings)
    return layer


def _value(value: Any, custom: Mapping[str, Any]) -> Any:
    """A field's value; a dict says by its only entry, or two, what it stands for."""
    if isinstance(value, list):
        raise FileFormatError("a setting is a bare list")
    if not isinstance(value, dict):
        return value
    kind = next((k for k in _READERS if k in value), None)
    if kind is None:
        raise FileFormatError(f"a setting is {value!r}, of no kind that a file holds")
    return _READERS[kind](value, custom)


def _listed(value: dict[str, Any], custom: Mapping[str, Any]) -> tuple[Any, ...]:
    if not isinstance(value["list"], list):
        raise FileFormatError(f"a setting has {value!r} where a list is due")
    return tuple(_value(v, custom) for v in value["list"])


def _array(value: dict[str, Any], custom: Mapping[str, Any]) -> Any:
    """Only kinds of number: a name such as U1000000 would make every entry take a megabyte."""
    if value.get("dtype") not in _KINDS:
        raise FileFormatError(f"a setting is an array of {value.get('dtype')!r}")
    with np.errstate(all="ignore"):
        found = np.array(value["array"], dtype=value["dtype"])
    if found.ndim > MOST_AXES:
        raise FileFormatError(f"a setting is an array of {found.ndim} axes")
    return found


def _dict(value: dict[str, Any], custom: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value["dict"], dict):
        raise FileFormatError(f"a setting has {value!r} where a dict is due")
    return {k: _value(v, custom) for k, v in value["dict"].items()}


def _setting(value: dict[str, Any], custom: Mapping[str, Any]) -> Any:
    rest = {k: v for k, v in value.items() if k != "settings"}
    if value["settings"] not in _SETTINGS or not all(
        type(v) in {int, float} for v in rest.values()
    ):
        raise FileFormatError(f"a setting is {value!r}, which is no regulariser or constraint")
    return _SETTINGS[value["settings"]](**rest)


def _handed_over(value: dict[str, Any], custom: Mapping[str, Any]) -> Any:
    if value["custom"] not in custom:
        raise UnknownNameError(
            "object of yours, handed over in load(path, custom={name: ...}), that is called",
            value["custom"], custom,
        )  # fmt: skip
    return custom[value["custom"]]


_READERS = {
    "list": _listed,
    "array": _array,
    "dict": _dict,
    "layer": lambda value, custom: layer_of(value["layer"], custom),
    "settings": _setting,
    "custom": _handed_over,
}
