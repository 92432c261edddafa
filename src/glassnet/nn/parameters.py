"""The arrays of a network by name, in the order of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from glassnet.errors import ShapeError, UnknownNameError


def _by_name(what: str, place: object, known: Mapping[str, Any]) -> str:
    """For who asks by place: what is there is called so."""
    if not isinstance(place, int) or not -len(known) <= place < len(known):
        return ""
    return f"They go by name: net.{what}[{list(known)[place]!r}]."


class Layers(dict[str, Any]):
    """The layers of a network by name."""

    def __missing__(self, name: Any) -> Any:
        raise UnknownNameError("layer", name, self, _by_name("layers", name, self))


class Parameters(Mapping[str, Any]):
    """Arrays by name; setting an entry copies the numbers in, after checking them.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(1)], input_shape=(2,))
    >>> net.parameters["dense.weight"] = [[1.0], [2.0]]
    >>> net.parameters["dense.weight"].tolist()
    [[1.0], [2.0]]
    """

    def __init__(
        self, arrays: dict[str, Any], unset: set[str] | None = None,
        printed: Callable[[], Mapping[str, str]] = dict,
    ) -> None:  # fmt: skip
        """printed  how the printed program calls each array, for who asks by that name."""
        self._arrays, self._unset = arrays, unset if unset is not None else set()
        self._printed = printed

    def __getitem__(self, name: str) -> Any:
        if name not in self._arrays:
            hint = _by_name("parameters", name, self._arrays) or self._by_letter(name)
            raise UnknownNameError("parameter", name, self._arrays, hint)
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
        return list(self._arrays.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        lines = [f"  {name}: {a.shape} {a.dtype}" for name, a in self._arrays.items()]
        return "\n".join(["Parameters(", *lines, ")"])
