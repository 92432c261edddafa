"""Keys of settings: equal where two networks, losses or optimisers make the same program.

A program that has been built is kept under the key of all that it depends on. Of a user's own
layers and functions that is their code, and whatever it takes from around itself: defaults,
closures, and the values of the names that it uses. What cannot be told (an object that is no data,
say) has no key, and its programs are built anew for each use.
"""

from __future__ import annotations

import builtins
import enum
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from glassnet.nn.layer import Layer
from glassnet.nn.model import Model

_PLAIN = (str, bytes, bool, int, float, complex, type(None), type(Ellipsis))
# What does not change.
_FIXED = (ModuleType, BuiltinFunctionType, np.ufunc, CodeType, enum.Enum)


class NoKeyError(TypeError):
    """Something has no key."""


def key_of(value: Any) -> Hashable:
    """A key of settings; NoKeyError where it cannot be told what they will do.

    >>> from glassnet.optim import SGD
    >>> key_of(SGD(0.1)) == key_of(SGD(0.1)), key_of(SGD(0.1)) == key_of(SGD(0.2))
    (True, False)
    """
    return _Keys().of(value)


def is_own(value: type | FunctionType) -> bool:
    """True for what Glassnet itself defines."""
    return value.__module__.split(".")[0] == "glassnet" and "<locals>" not in value.__qualname__


class _Keys:
    """Finds keys; what calls itself is met a second time, and counts as known."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def of(self, value: Any) -> Hashable:
        if isinstance(value, _PLAIN):
            return type(value), value
        if isinstance(value, tuple | list):
            return type(value), tuple(map(self.of, value))
        if isinstance(value, Mapping):
            return type(value), tuple((self.of(k), self.of(v)) for k, v in value.items())
        if isinstance(value, np.ndarray | np.generic):
            return value.dtype.str, np.shape(value), value.tobytes()
        if isinstance(value, _FIXED):
            return value
        if isinstance(value, type):
            return value if is_own(value) else self._of_class(value)
        if isinstance(value, FunctionType):
            return value if is_own(value) else self._of_function(value)
        if is_dataclass(value):
            kept = tuple(self.of(getattr(value, field.name)) for field in fields(value))
            return self.of(type(value)), kept
        raise NoKeyError(type(value).__name__)

    def _of_class(self, cls: type) -> Hashable:
        """A user's class: what its methods do, and the values that it holds."""
        if id(cls) in self._seen or cls.__module__ in {"builtins", "abc", "typing"}:
            return cls
        self._seen.add(id(cls))
        members = [
            (name, self._of_member(member))
            for one in cls.__mro__ if one.__module__ not in {"builtins", "abc"} and not is_own(one)
            for name, member in vars(one).items() if not name.startswith("_") or name == "__call__"
        ]  # fmt: skip
        return cls, tuple(members)

    def _of_member(self, member: Any) -> Hashable:
        if isinstance(member, property):
            return self.of(member.fget)
        if isinstance(member, staticmethod | classmethod):
            return self.of(member.__func__)
        return self.of(member)

    def _of_function(self, function: FunctionType) -> Hashable:
        if id(function) in self._seen:
            return function.__code__
        self._seen.add(id(function))
        cells = tuple(self.of(cell.cell_contents) for cell in function.__closure__ or ())
        defaults = self.of(function.__defaults__), self.of(function.__kwdefaults__)
        return function.__code__, cells, defaults, self._of_names(function)

    def _of_names(self, function: FunctionType) -> Hashable:
        """The values of the global names in a function's code, and what it takes from modules."""
        known = function.__globals__
        found: list[Hashable] = []
        for name in sorted(_names(function.__code__)):
            if name not in known:
                continue
            value = known[name]
            if isinstance(value, ModuleType) and not _is_library(value):
                inside = {n: vars(value)[n] for n in _names(function.__code__) if n in vars(value)}
                found.append((name, value, self.of(inside)))
            else:
                found.append((name, self.of(value)))
        return tuple(found)


def _names(code: CodeType) -> set[str]:
    """The names that a function's code uses, with those of the functions inside it."""
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return {n for n in code.co_names if not hasattr(builtins, n)}.union(*map(_names, inner))


def _is_library(module: ModuleType) -> bool:
    """True for NumPy, Glassnet and the standard library, which nobody changes meanwhile."""
    import sys

    top = module.__name__.split(".")[0]
    return top in {"numpy", "glassnet"} or top in sys.stdlib_module_names


def structure_key(net: Model) -> Hashable:
    """The key of a network's structure and dtype; None where there is none.

    Of Glassnet's own layers it is found anew only when any layer has been changed.
    """
    topology, changes = net.topology, Layer.changes
    known = net.cache.get("structure")
    if known is None or known[0] is not topology or known[1] != changes:
        topology.check_arrays({name: array.shape for name, array in net.parameters.items()})
        try:
            key: Hashable = (key_of(topology), net.dtype)
        except NoKeyError:
            key = None
        lasts = key is not None and _is_all_own(topology)
        known = topology, changes if lasts else -1, key
        net.cache["structure"] = known
    found: Hashable = known[2]
    return found


def _is_all_own(value: Any) -> bool:
    """True where no class or function of a user takes part."""
    if isinstance(value, tuple | list):
        return all(map(_is_all_own, value))
    if isinstance(value, Mapping):
        return all(map(_is_all_own, value.values()))
    if isinstance(value, type | FunctionType):
        return is_own(value)
    if isinstance(value, _PLAIN) or not is_dataclass(value):
        return True
    return is_own(type(value)) and all(_is_all_own(getattr(value, f.name)) for f in fields(value))
