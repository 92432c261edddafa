"""Batches of stateful networks: each goes on, row by row, with what the one before has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassnet.engines import Predictor
from glassnet.errors import SettingError, ShapeError
from glassnet.nn.model import Model
from glassnet.nn.parameters import Reading


def states_for(net: Model, n_rows: int) -> dict[str, Any]:
    """The network's states for batches of so many rows, in the program's order."""
    return net.states.for_batches(net.topology.carried(), n_rows)


def check_batches(net: Model, n_rows: int, batch_size: int, what: str) -> None:
    """Raise where a stateful network would meet a last batch with fewer rows.

    what  the rows: "x"
    """
    left = n_rows % batch_size if n_rows > batch_size else 0
    names = net.topology.carried() if left else {}
    if names:
        layer = next(iter(names)).rpartition(".")[0]
        raise ShapeError(
            f"In layer '{layer}': its state goes on row by row, and of the {n_rows:,} rows of "
            f"{what} the last batch of {batch_size} would have {left}. Leave out {left} rows, or "
            f"give a batch_size that divides {n_rows}."
        )


def check_fit(net: Model, *, shuffle: bool, validation_split: float, searches: bool) -> None:
    """Raise where a fit would mix up the rows of a state, or go through a batch many times."""
    names = net.topology.carried()
    wrong = (
        f"validation_split={validation_split:g} would take rows out of their order. Give "
        "validation_data=(x, y)" if validation_split
        else "shuffle=True would mix the rows. Give shuffle=False" if shuffle
        else "LBFGS goes through a batch many times before a step. Take another optimizer"
        if searches else ""
    )  # fmt: skip
    if names and wrong:
        layer = next(iter(names)).rpartition(".")[0]
        raise SettingError(
            f"In layer '{layer}' (stateful=True) a row goes on from the same row of the batch "
            f"before: {wrong}."
        )


def predict_on(
    predictor: Predictor, inputs: Sequence[Any], parameters: Reading, batch_size: int,
    states: Mapping[str, Any],
) -> list[Any]:  # fmt: skip
    """The outputs batch by batch, each of which begins with what the one before has left.

    states  what the first begins with; set to what the last has left, once all is known
    """
    count = len(predictor.program.outputs) - len(states)
    left, parts = list(states.values()), []
    for first in range(0, len(inputs[0]), batch_size):
        batch = [array[first : first + batch_size] for array in inputs]
        found = predictor.predict([*batch, *left], parameters, batch_size)
        parts.append(found[:count])
        left = found[count:]
    for array, value in zip(states.values(), left, strict=True):
        array[...] = value
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
