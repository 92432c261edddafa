"""Predictions: in batches by NumPy, in native code where there are many rows or many calls."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.engines import Prepared, find, has_native
from glassnet.errors import ShapeError, UnsupportedError
from glassnet.nn.model import Model
from glassnet.program import prediction_program
from glassnet.train.evaluate import inputs_of, positive

_BATCH = 4096  # rows that NumPy works on together
_MANY = 20_000  # rows from which compiling pays within the first call


def predict(net: Model, x: Any, batch_size: int) -> Any:
    """What net.predict gives."""
    inputs = inputs_of(net, x)
    size = positive(batch_size)
    arrays = list(dict(net.parameters).values())
    native = _native(net) if len(inputs[0]) >= _MANY else None
    found = native.predict(inputs, arrays) if native else _by_numpy(net, inputs, arrays, size)
    return found[0] if len(found) == 1 else found


def _by_numpy(net: Model, inputs: Sequence[Any], arrays: Sequence[Any], size: int) -> list[Any]:
    if "numpy" not in net.cache:
        net.cache["numpy"] = find("numpy").prepare(prediction_program(net.topology, net.dtype))
    prepared: Prepared = net.cache["numpy"]
    leaves = prepared.program.inputs
    parts = []
    for first in range(0, len(inputs[0]), size):
        batch = [
            np.asarray(a[first : first + size], dtype=leaf.dtype)
            for a, leaf in zip(inputs, leaves, strict=True)
        ]
        parts.append(prepared.call(batch, arrays))
    return [np.array(p[0]) if len(p) == 1 else np.concatenate(p) for p in zip(*parts, strict=True)]


def _native(net: Model) -> Any:
    """The prediction program on the native engine, or None where it cannot run there."""
    if "native" not in net.cache:
        net.cache["native"] = None
        if has_native():
            try:
                net.cache["native"] = find("native").prepare(
                    prediction_program(net.topology, net.dtype)
                )
            except UnsupportedError:
                net.cache["native"] = None
    return net.cache["native"]


class Predictor:
    """A network made ready to predict rows one by one, or a few, again and again.

    It keeps the parameters of the moment in which it was made, and looks at nothing but shapes.
    """

    def __init__(self, net: Model) -> None:
        self._arrays = [a.copy() for a in dict(net.parameters).values()]
        self._net = net
        self._native = _native(net)
        specs = net.topology.inputs
        self._single = len(specs) == 1
        self._one = self._one_row() if self._single else None
        self._row = tuple(specs[0][1].shape[1:])
        self._rows = (1, *self._row)
        self._kinds = "iub" if specs[0][1].dtype == "int64" else "fiub"

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold the network with the parameters that were kept."""
        net = copy.deepcopy(self._net)
        for name, array in zip(net.parameters, self._arrays, strict=True):
            net.parameters[name] = array
        return Predictor, (net,)

    def _one_row(self) -> Any:
        """What predicts single rows, or None where the native engine cannot."""
        if self._native is None:
            return None
        try:
            return self._native.one_row(self._arrays)
        except UnsupportedError:
            return None

    def __call__(self, x: Any) -> Any:
        """The outputs for x (n, ...), or for a single row of the network's shape."""
        if self._one is not None and isinstance(x, np.ndarray) and x.dtype.kind in self._kinds:
            if x.shape == self._rows:
                return self._one(x)
            if x.shape == self._row:
                return _first_of(self._one(x))
        if self._single and _shape(x) == self._row:
            return _first_of(self._many(np.asarray(x)[None]))
        return self._many(x)

    def _many(self, x: Any) -> Any:
        inputs = inputs_of(self._net, x)
        if not len(inputs[0]):
            raise ShapeError("There is no row to predict.")
        if self._native is None:
            found = _by_numpy(self._net, inputs, self._arrays, _BATCH)
        else:
            found = self._native.predict(inputs, self._arrays)
        return found[0] if len(found) == 1 else found


def _shape(x: Any) -> tuple[int, ...] | None:
    """The shape of an array or of nested lists; None where they form no array."""
    try:
        return tuple(np.shape(x))
    except ValueError:
        return None


def _first_of(found: Any) -> Any:
    """The first row of an output, or of each of several."""
    return [output[0] for output in found] if isinstance(found, list) else found[0]
