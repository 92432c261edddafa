"""net.fit(rows=..., validation_rows=...): some rows of the arrays, none of which is copied."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import DataError, SettingError

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, 1))
W = rng.uniform(0.5, 2, size=50)
ROWS, HELD = np.arange(30, 5, -1), np.arange(40, 50)


def fitted(engine, *data, **settings):
    net = gn.Network([gn.Standardize(), gn.Dense(4, "tanh"), gn.Dense(1)], input_shape=(3,))
    history = net.fit(*data, epochs=3, batch_size=8, engine=engine, verbose=0, **settings)
    return net, history


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_rows_by_number_are_those_taken_out(engine):
    ours, history = fitted(engine, X, Y, rows=ROWS, validation_rows=HELD, sample_weight=W)
    theirs, expected = fitted(
        engine, X[ROWS], Y[ROWS], validation_data=(X[HELD], Y[HELD], W[HELD]),
        sample_weight=W[ROWS],
    )  # fmt: skip
    for name, array in theirs.parameters.items():
        np.testing.assert_array_equal(ours.parameters[name], array)
    np.testing.assert_array_equal(history["val_loss"], expected["val_loss"])


def test_rows_and_a_share_held_out_of_them():
    ours, _ = fitted("numpy", X, Y, rows=ROWS, validation_split=0.2)
    theirs, _ = fitted("numpy", X[ROWS], Y[ROWS], validation_split=0.2)
    for name, array in theirs.parameters.items():
        np.testing.assert_array_equal(ours.parameters[name], array)


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"rows": [0, 50]}, DataError, "rows names rows 0 to 50; there are 0 to 49"),
        ({"rows": [-1]}, DataError, "rows names rows -1 to -1"),
        ({"rows": np.ones(50, bool)}, DataError, "For a mask of truths give np.flatnonzero"),
        ({"rows": []}, DataError, "at least one, got shape"),
        ({"validation_rows": [[1]]}, DataError, "validation_rows must be the numbers of rows"),
        ({"validation_rows": [1], "validation_split": 0.5}, SettingError, "validation_rows alone"),
        ({"rows": [1], "sample_weight": np.arange(50) > 5}, DataError,
         "0 for every row that the numbers in rows name"),
    ],
)  # fmt: skip
def test_numbers_that_are_no_rows_are_refused(settings, kind, message):
    with pytest.raises(kind, match=message):
        fitted("numpy", X, Y, **settings)
