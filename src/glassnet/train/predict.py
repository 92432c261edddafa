"""Predictions, on the fastest engine that this machine has."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from glassnet.engines import Predictor, find
from glassnet.errors import ShapeError
from glassnet.nn.model import Model
from glassnet.nn.parameters import Reading
from glassnet.program import Program
from glassnet.train.evaluate import inputs_of, positive
from glassnet.train.indices import check_indices
from glassnet.train.keys import structure_key
from glassnet.train.programs import prediction_of
from glassnet.train.states import check_batches, predict_on, states_for

_BATCH = 4096  # rows that an engine works on together, where it does not know better


def predict(net: Model, x: Any, batch_size: int) -> Any:
    """What net.predict gives."""
    predictor, size, parameters = predictor_of(net), positive(batch_size), net.parameters.reading()
    plain = predictor.plain
    if plain is not None and type(x) is np.ndarray and not predictor.program.index_sites:
        found = plain(x, parameters)
        if found is not None:
            return found
    inputs = _checked_inputs(net, x, predictor.program)
    if predictor.program.left:
        size = min(size, len(inputs[0]))
        check_batches(net, len(inputs[0]), size, "x")
        found = predict_on(predictor, inputs, parameters, size, states_for(net, size))
    else:
        found = predictor.predict(inputs, parameters, size)
    return found[0] if len(found) == 1 else found


def _checked_inputs(net: Model, x: Any, program: Program) -> list[Any]:
    """x as arrays for the network's inputs, with indices that name a place."""
    inputs = inputs_of(net, x)
    if program.index_sites:
        check_indices(program.index_sites, dict(zip(program.data, inputs, strict=True)))
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

    It keeps the parameters of the moment in which it was made, and states of its own, with which it
    goes on from call to call. It belongs to one thread at a time.
    """

    def __init__(self, net: Model) -> None:
        self._parameters = Reading([a.copy() for a in net.parameters.arrays()], mark=object())
        self._net, self._many = net, predictor_of(net).apart()
        self._states = net.states.copy()
        specs = net.topology.inputs
        self._single = len(specs) == 1
        is_plain = not self._many.program.index_sites  # nothing of the data to look at
        self._plain = self._many.plain if is_plain else None
        self._one = self._plain.of_row() if self._plain is not None else None
        self._row = tuple(specs[0][1].shape[1:])
        self._rows = (1, *self._row)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold the network with the parameters that were kept."""
        net = copy.deepcopy(self._net)
        for name, array in zip(net.parameters, self._parameters.arrays, strict=True):
            net.parameters[name] = array
        net.states = self._states.copy()
        return ReadyNetwork, (net,)

    def __call__(self, x: Any) -> Any:
        """The outputs for x (n, ...), or for a single row of the network's shape."""
        if type(x) is np.ndarray and self._one is not None:
            shape = x.shape
            if shape == self._rows:
                if (found := self._one(x, self._parameters)) is not None:
                    return found
            elif shape == self._row and (found := self._one(x, self._parameters)) is not None:
                return _first_of(found)
        if self._single and _shape(x) == self._row:
            return _first_of(self._for_rows(np.asarray(x)[None]))
        return self._for_rows(x)

    def _for_rows(self, x: Any) -> Any:
        if self._plain is not None and type(x) is np.ndarray:
            found = self._plain(x, self._parameters)
            if found is not None:
                return found
        inputs = _checked_inputs(self._net, x, self._many.program)
        if not len(inputs[0]):
            raise ShapeError("There is no row to predict.")
        if self._many.program.left:
            n = len(inputs[0])
            states = self._states.for_batches(self._net.topology.carried(), n)
            found = predict_on(self._many, inputs, self._parameters, n, states)
        else:
            found = self._many.predict(inputs, self._parameters, _BATCH)
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
