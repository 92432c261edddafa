"""The rows of a history do not depend on how often Python was entered while the engine ran."""

import numpy as np
import pytest

import glassnet as gn

X = np.random.default_rng(0).normal(size=(37, 3))
Y = (X[:, 0] > 0).astype(int)


class EveryStep(gn.callbacks.Callback):
    def on_step_end(self, run):
        pass


class EveryEpoch(gn.callbacks.Callback):
    def __init__(self):
        self.losses = []

    def on_epoch_end(self, run):
        self.losses.append(run.history["loss"][-1])


def fitted(batch_size, callbacks=(), **wishes):
    net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(1, "sigmoid")], input_shape=(3,), seed=1)
    return net.fit(X, Y, epochs=7, batch_size=batch_size, metrics=["accuracy"], engine="numpy",
                   callbacks=list(callbacks), verbose=0, **wishes)  # fmt: skip


@pytest.mark.parametrize("batch_size", [None, 37, 10, 4, 1])
@pytest.mark.parametrize("loss", ["auto", "sum_squared_error"])
def test_a_history_is_the_same_in_one_go_and_in_pieces(batch_size, loss):
    at_once, watched = fitted(batch_size, loss=loss), EveryEpoch()
    by_step = fitted(batch_size, [EveryStep()], loss=loss)
    by_epoch = fitted(batch_size, [watched], loss=loss)
    assert at_once.table == by_step.table == by_epoch.table
    assert at_once.steps == by_step.steps == by_epoch.steps
    assert at_once.epochs == 7
    assert watched.losses == at_once["loss"]


@pytest.mark.parametrize("batch_size", [37, 10])
def test_the_loss_of_an_epoch_is_the_mean_over_its_rows(batch_size):
    history = fitted(batch_size)
    steps = np.reshape(history.steps, (7, -1))
    sizes = [10, 10, 10, 7] if batch_size == 10 else [37]
    expected = np.average(steps, axis=1, weights=sizes)
    assert history["loss"] == pytest.approx(expected.tolist(), rel=1e-12)


def test_a_sum_of_squares_is_added_up_over_an_epoch():
    history = fitted(10, loss="sum_squared_error")
    assert history["loss"] == pytest.approx(np.reshape(history.steps, (7, -1)).sum(axis=1).tolist())
