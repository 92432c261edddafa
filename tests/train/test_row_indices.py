"""A fit on some rows of arrays, as gn.images has it: nothing of the others is read."""

import numpy as np
import pytest

import glassnet as gn
from glassnet import train


def fitted(x, y, engine, threads=None, **settings):
    net = gn.Network(
        [gn.Rescaling(1 / 255), gn.Conv2D(4, 3), gn.Flatten(), gn.Dense(3, "softmax")],
        input_shape=(6, 6, 1),
    )
    usual = {
        "loss": "auto", "optimizer": "adam", "epochs": 3, "batch_size": 8, "shuffle": True,
        "validation_data": None, "validation_split": 0.0, "sample_weight": None,
        "class_weight": None, "loss_weights": None, "metrics": ["accuracy"], "callbacks": [],
        "engine": engine, "threads": threads, "verbose": 0,
    }  # fmt: skip
    return train.fit(net, x, y, train.FitSettings(**usual | settings))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (60, 6, 6, 1), np.uint8), np.arange(60) % 3


ROWS = np.array([3, 5, 8, *range(20, 55)])


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_some_rows_are_trained_on_as_if_there_were_no_others(data, engine):
    x, y = data
    whole = fitted(x[ROWS], y[ROWS], engine)
    part = fitted(x, y, engine, rows=ROWS)
    assert part.hash == whole.hash
    assert part["loss"] == whole["loss"]
    assert fitted(x, y, engine).hash != whole.hash


def test_threads_train_on_some_rows_to_the_same_bits(data):
    hashes = {fitted(*data, "native", n, rows=ROWS).hash for n in (1, 2, 3, 7)}
    assert len(hashes) == 1


def test_validation_is_held_out_of_those_rows(data):
    x, y = data
    whole = fitted(x[ROWS], y[ROWS], "native", validation_split=0.25)
    part = fitted(x, y, "native", validation_split=0.25, rows=ROWS)
    assert part.hash == whole.hash
    assert part["val_loss"] == whole["val_loss"]
