"""What stateful layers go on with: net.states, by name, an array (rows of a batch, ...) each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from glassnet.errors import ShapeError, UnknownNameError
from glassnet.spec import Shape, shape_text, sizes


class States(MutableMapping[str, Any]):
    """Arrays by name, made with zeros when the first batch comes.

    Row by row the next batch begins with what this one has left. Zeros are a beginning: they take
    batches of any number of rows. Setting an entry copies the numbers.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.GRU(2, stateful=True)], input_shape=(7, 3))
    >>> net.states["gru.h"] = [[0.5, -0.5]]
    >>> net.predict([[[0.0] * 3] * 7]).shape, net.states["gru.h"].shape
    ((1, 2), (1, 2))
    """

    def __init__(self, dtype: str, arrays: Mapping[str, Any] | None = None) -> None:
        self._dtype = dtype
        self._arrays = {name: np.array(array, dtype) for name, array in (arrays or {}).items()}

    def __getitem__(self, name: str) -> Any:
        if name not in self._arrays:
            hint = "" if self else "States are there once a batch has been predicted or trained on."
            raise UnknownNameError("state", name, self._arrays, hint)
        return self._arrays[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._arrays[name] = np.array(value, self._dtype)

    def __delitem__(self, name: str) -> None:
        del self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        lines = [f"  {name}: {a.shape} {a.dtype}" for name, a in self._arrays.items()]
        return "\n".join(["States(", *lines, ")"])

    def copy(self) -> States:
        """The same numbers in arrays of their own."""
        return States(self._dtype, self._arrays)

    def reset(self) -> None:
        """All zeros."""
        for array in self._arrays.values():
            array[...] = 0

    def for_batches(self, shapes: Mapping[str, Shape], n_rows: int) -> dict[str, Any]:
        """The arrays for batches of so many rows, of which those that are missing are made.

        shapes  of a row, by name, in the order that is asked for

        Raises ShapeError where a state is one of other rows, UnknownNameError for what is no state.
        """
        for name in self._arrays:
            if name not in shapes:
                raise UnknownNameError(
                    "state", name, shapes, f"Take it away: del net.states[{name!r}]."
                )
        needed = {name: (n_rows, *sizes(row)) for name, row in shapes.items()}
        for name, shape in needed.items():
            found = self._arrays.get(name)
            if found is not None and found.shape != shape and found.any():
                raise ShapeError(_of_other_rows(name, found.shape, shape))
        for name, shape in needed.items():
            if name not in self or self._arrays[name].shape != shape:
                self._arrays[name] = np.zeros(shape, self._dtype)
        return {name: self._arrays[name] for name in shapes}


def _of_other_rows(name: str, found: tuple[int, ...], needed: tuple[int, ...]) -> str:
    layer, _, array = name.rpartition(".")
    cure = "begin anew with net.reset_states()"
    if found[1:] == needed[1:]:
        cure = f"give batches of as many rows (batch_size={found[0]}), or {cure}"
    return (
        f"In layer '{layer}': its state {array} is {shape_text(found)}, and this batch needs "
        f"{shape_text(needed)}. A state goes on row by row: {cure}."
    )
