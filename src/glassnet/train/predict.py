"""Predictions, on the fastest engine that this machine has."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from glassnet.engines import Predictor, find
from glassnet.errors import ShapeError
from glassnet.nn.model import Model
from glassnet.program import Program
from glassnet.train.evaluate import inputs_of, positive
from glassnet.train.indices import check_indices
from glassnet.train.keys import structure_key
from glassnet.train.programs import prediction_of

_BATCH = 4096  # rows that an engine works on together, where it does not know better


def predict(net: Model, x: Any, batch_size: int) -> Any:
    """What net.predict gives."""
    predictor, size, arrays = predictor_of(net), positive(batch_size), net.parameters.arrays()
    sites = predictor.program.index_sites
    found = predictor.few(x, arrays) if type(x) is np.ndarray and not sites else None
    if found is None:
        found = predictor.predict(_checked_inputs(net, x, predictor.program), arrays, size)
    return found[0] if len(found) == 1 else found


def _checked_inputs(net: Model, x: Any, program: Program) -> list[Any]:
    """x as arrays for the network's inputs, with indices that name a place."""
    inputs = inputs_of(net, x)
    if program.index_sites:
        check_indices(program.index_sites, dict(zip(program.inputs, inputs, strict=True)))
    return inputs


def predictor_of(net: Model) -> Predictor:
    """What predicts for this network; kept with it as long as its structure is the same."""
    key, known = structure_key(net), net.cache.get("predictor")
    if key is None or known is None or (known[0] is not key and known[0] != key):
        known = net.cache["predictor"] = key, find("auto").predictor(prediction_of(net))
    elif known[0] is not key:
        known = net.cache["predictor"] = key, known[1]
    found: Predictor = known[1]
    return found


class ReadyNetwork:
    """A network made ready to predict rows one by one, or a few, again and again.

    It keeps the parameters of the moment in which it was made. It belongs to one thread at a time.
    """

    def __init__(self, net: Model) -> None:
        self._arrays = [a.copy() for a in net.parameters.arrays()]
        self._net = net
        self._many = predictor_of(net).bound(self._arrays)
        specs = net.topology.inputs
        self._single = len(specs) == 1
        self._plain = not self._many.program.index_sites  # nothing of the data to look at
        alone = self._single and self._plain
        self._one = self._many.single_row(self._arrays) if alone else None
        self._row = tuple(specs[0][1].shape[1:])
        self._rows = (1, *self._row)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold the network with the parameters that were kept."""
        net = copy.deepcopy(self._net)
        for name, array in zip(net.parameters, self._arrays, strict=True):
            net.parameters[name] = array
        return ReadyNetwork, (net,)

    def __call__(self, x: Any) -> Any:
        """The outputs for x (n, ...), or for a single row of the network's shape."""
        if type(x) is np.ndarray and self._one is not None:
            shape = x.shape
            if shape == self._rows:
                if (found := self._one(x)) is not None:
                    return found
            elif shape == self._row and (found := self._one(x)) is not None:
                return _first_of(found)
        if self._single and _shape(x) == self._row:
            return _first_of(self._for_rows(np.asarray(x)[None]))
        return self._for_rows(x)

    def _for_rows(self, x: Any) -> Any:
        is_plain = self._plain and type(x) is np.ndarray
        found = self._many.few(x, self._arrays) if is_plain else None
        if found is None:
            inputs = _checked_inputs(self._net, x, self._many.program)
            if not len(inputs[0]):
                raise ShapeError("There is no row to predict.")
            found = self._many.predict(inputs, self._arrays, _BATCH)
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
