"""The arrays of a network by name, in the order of its layers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from glassnet.errors import ShapeError, UnknownNameError
from glassnet.nn.inner import LayerGroup


def _by_name(what: str, place: object, known: Mapping[str, Any]) -> str:
    """For who asks by place: what is there is called so."""
    if not isinstance(place, int) or not -len(known) <= place < len(known):
        return ""
    return f"They go by name: net.{what}[{list(known)[place]!r}]."


def _held(arrays: Collection[Any]) -> int:
    """How often some arrays are held, by all who hold them."""
    return sum(map(sys.getrefcount, arrays))


# How often an array is counted that nobody holds but its network.
_UNHELD = _held({"array": np.zeros(1)}.values()) if hasattr(sys, "getrefcount") else -1


class Layers(dict[str, Any]):
    """The layers of a network by name; those of an inner network are a group."""

    def __missing__(self, name: Any) -> Any:
        group = LayerGroup(str(name), self)
        if group:
            return group
        raise UnknownNameError("layer", name, self, _by_name("layers", name, self))


class Reading(NamedTuple):
    """Arrays to be read at this moment.

    mark  readings with the same one hold the same numbers; None: that cannot be told
    """

    arrays: Sequence[Any]
    mark: object | None = None


class Arrays(dict[str, Any]):
    """The arrays of a network, which several may look at: shallow copies share them.

    mark  of the last reading; None where somebody could have written since
    """

    mark: object | None = None


class Parameters(Mapping[str, Any]):
    """Arrays by name; setting an entry copies the numbers in, after checking them.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(1)], input_shape=(2,))
    >>> net.parameters["dense.weight"] = [[1.0], [2.0]]
    >>> net.parameters["dense.weight"].tolist()
    [[1.0], [2.0]]
    """

    def __init__(
        self, arrays: Arrays, unset: set[str] | None = None,
        printed: Callable[[], Mapping[str, str]] = dict,
    ) -> None:  # fmt: skip
        """printed  how the printed program calls each array, for who asks by that name."""
        self._arrays, self._unset = arrays, unset if unset is not None else set()
        self._printed = printed

    def __getitem__(self, name: str) -> Any:
        if name not in self._arrays:
            hint = _by_name("parameters", name, self._arrays) or self._by_letter(name)
            raise UnknownNameError("parameter", name, self._arrays, hint)
        self._arrays.mark = None
        return self._arrays[name]

    def _by_letter(self, letter: str) -> str:
        found = [name for name, own in self._printed().items() if own == letter]
        return f"The printed program's {letter} is net.parameters[{found[0]!r}]." if found else ""

    def __setitem__(self, name: str, value: Any) -> None:
        own, new = self[name], np.asarray(value)
        if new.dtype.kind not in "fiub":
            raise ShapeError(f"{name} holds numbers, got {new.dtype}.")
        if new.shape != own.shape:
            raise ShapeError(f"{name} has shape {own.shape}, got an array of shape {new.shape}.")
        own[...] = new
        self._unset.discard(name)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold: the arrays, without the network."""
        return {**vars(self), "_printed": dict}

    def arrays(self) -> list[Any]:
        """The arrays in their order."""
        self._arrays.mark = None
        return list(self._arrays.values())

    def reading(self) -> Reading:
        """The arrays for who only reads them, and at once.

        Nobody has written since an earlier reading of the same mark: nobody has asked for an array
        in between, and nobody held one then. Who holds one, or a view of it, is counted by Python.
        """
        arrays = self._arrays
        if _held(arrays.values()) != _UNHELD * len(arrays):
            arrays.mark = None
        elif arrays.mark is None:
            arrays.mark = object()
        return Reading(list(arrays.values()), arrays.mark)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        lines = [f"  {name}: {a.shape} {a.dtype}" for name, a in self._arrays.items()]
        return "\n".join(["Parameters(", *lines, ")"])
