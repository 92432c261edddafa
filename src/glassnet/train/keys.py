"""Keys of settings: equal where two networks, losses or optimisers make the same program.

A program that has been built is kept under the key of all that it depends on. Whatever is not
Glassnet's own (a user's layer, loss or function) may do something else tomorrow, when a name that
it uses means something else: it has no key, and its programs are built anew for each fit.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import Any

import numpy as np

from glassnet.nn.layer import Layer
from glassnet.nn.model import Model

_PLAIN = (str, bytes, bool, int, float, type(None))


class NoKeyError(TypeError):
    """Something has no key."""


def key_of(value: Any) -> Hashable:
    """A key of settings; NoKeyError where they are not Glassnet's own.

    >>> from glassnet.optim import SGD
    >>> key_of(SGD(0.1)) == key_of(SGD(0.1)), key_of(SGD(0.1)) == key_of(SGD(0.2))
    (True, False)
    """
    if isinstance(value, _PLAIN):
        return type(value), value
    if isinstance(value, tuple | list):
        return type(value), tuple(map(key_of, value))
    if isinstance(value, Mapping):
        return type(value), tuple((key_of(k), key_of(v)) for k, v in value.items())
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.str, np.shape(value), value.tobytes()
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, type | FunctionType):
        return _own(value)
    if is_dataclass(value):
        kept = tuple(key_of(getattr(value, field.name)) for field in fields(value))
        return _own(type(value)), kept
    raise NoKeyError(type(value).__name__)


def _own(value: type | FunctionType) -> type | FunctionType:
    if value.__module__.split(".")[0] != "glassnet" or "<locals>" in value.__qualname__:
        raise NoKeyError(value.__qualname__)
    return value


def structure_key(net: Model) -> Hashable:
    """The key of a network's structure and dtype, found anew when any layer has been changed."""
    topology, changes = net.topology, Layer.changes
    known = net.cache.get("structure")
    if known is None or known[0] is not topology or known[1] != changes:
        try:
            key: Hashable = (key_of(topology), net.dtype)
        except NoKeyError:
            key = None
        known = net.cache["structure"] = topology, changes, key
    found: Hashable = known[2]
    return found
