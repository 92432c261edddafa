"""NaN and infinity in training: the step, the layer, the likely cause; good weights stay."""

import numpy as np
import pytest
from train.small import ENGINE, SIZE, YES, X, network, neuron, same_bits, weights

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import DivergenceError


class Keep(gn.callbacks.Callback):
    """Keeps the weights after each step."""

    def __init__(self):
        self.after = {}

    def on_fit_begin(self, run):
        self.after[0] = weights(run.net)

    def on_step_end(self, run):
        self.after[run.step] = weights(run.net)


def diverged(net, x=X, y=SIZE, *, batch_size=10, epochs=200, **settings):
    """(the error, the network, the weights after each step of the same fit, watched)."""
    settings = {"optimizer": gn.optim.SGD(30.0), **ENGINE, **settings}
    keep = Keep()
    twin = gn.Network(list(net.layers.values()), input_shape=(3,), seed=net.seed, dtype=net.dtype)
    for fitted, callbacks in ((net, []), (twin, [keep])):
        with pytest.raises(DivergenceError) as caught:
            fitted.fit(x, y, epochs=epochs, batch_size=batch_size, callbacks=callbacks, **settings)
    return caught.value, net, keep.after


OPTIMIZERS = [
    gn.optim.SGD(30.0), gn.optim.SGD(30.0, momentum=0.9), gn.optim.SGD(30.0, ema=0.5),
    gn.optim.Adam(1e30),
]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_weights_are_those_of_the_last_good_step(optimizer):
    error, net, after = diverged(neuron("linear"), optimizer=optimizer)
    assert error.step - 1 == max(after) > 0
    for name, array in net.parameters.items():
        assert np.isfinite(array).all()
        if optimizer.ema is None:
            np.testing.assert_array_equal(array, after[error.step - 1][name])


def test_message_names_step_line_size_and_cure():
    error, _, _ = diverged(network(gn.Dense(4), gn.Dense(1)))
    message = str(error)
    assert f"Step {error.step} met NaN or infinity" in message
    assert f"The weights are those after step {error.step - 1}, the last good one" in message
    assert f"first in {error.value} of layer '{error.layer}' (" in message
    assert error.layer in {"dense", "dense_1"}
    assert "The largest weight was" in message
    assert "Try a smaller learning rate (it is 30; 3, say)" in message
    assert "clip_norm=1" in message


def test_logarithm_of_a_negative_number_is_named_as_the_cause():
    def negative_log_likelihood(y, p):
        return -y * g.log(p)

    net = network(gn.Dense(1, weight_init=-1.0, name="answer"))
    error, *_ = diverged(net, np.abs(X), YES, loss=negative_log_likelihood)
    assert error.step == 1
    assert "A logarithm of 0 or of a negative number" in str(error)
    assert "activation that belongs to the loss" in str(error)


def test_division_by_zero_is_named_as_the_cause():
    class Share(gn.Layer):
        def formula(self, x):
            return (x / g.sum(x, axis=-1, keepdims=True)).named("share")

    net = network(Share(), gn.Dense(1))
    rows = X.copy()
    rows[20] = 0
    error, *_ = diverged(net, rows, batch_size=5, optimizer="sgd", shuffle=False)
    assert (error.step, error.value, error.layer) == (5, "share", "share")
    assert "A division by 0 is the likely cause" in str(error)


def test_fault_in_the_first_step_leaves_the_weights_as_they_were():
    net = network(gn.Dense(1, weight_init=-1.0))
    before = weights(net)
    diverged(net, np.abs(X), YES, loss=lambda y, p: g.log(p))
    assert same_bits(weights(net), before)


def test_fault_in_the_update_alone_is_found():
    """Loss and gradients are finite, but the new weights are not."""
    net = neuron("linear")
    error, net, _ = diverged(net, X * 1e18, SIZE * 1e18, optimizer=gn.optim.SGD(1e10))
    assert error.step == 1
    assert all(np.isfinite(array).all() for array in net.parameters.values())


def test_dropout_does_not_hide_the_step():
    error, _, after = diverged(network(gn.Dense(4), gn.Dropout(0.5), gn.Dense(1)))
    assert error.step - 1 == max(after)


def test_end_of_the_fit_is_told_to_the_callbacks():
    class End(gn.callbacks.Callback):
        reason = ""

        def on_fit_end(self, run):
            self.reason = run.history.stop_reason

    end = End()
    with pytest.raises(DivergenceError):
        neuron("linear").fit(X, SIZE, optimizer=gn.optim.SGD(30.0), epochs=200, callbacks=[end],
                             **ENGINE)  # fmt: skip
    assert end.reason == "diverged"


def test_early_stopping_leaves_the_weights_of_the_last_good_step():
    net, plain = neuron("linear"), neuron("linear")
    for one, callbacks in ((net, [gn.callbacks.EarlyStopping(patience=900)]), (plain, [])):
        with pytest.raises(DivergenceError):
            one.fit(
                X, SIZE, optimizer=gn.optim.SGD(30.0), epochs=200, callbacks=callbacks, **ENGINE
            )
    assert same_bits(weights(net), weights(plain))


def test_error_is_arithmetic():
    assert issubclass(DivergenceError, ArithmeticError)
    error = DivergenceError("message", step=3)
    assert (error.step, error.value, error.layer) == (3, "", "")


@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_crossentropy"])
def test_lbfgs_does_not_diverge(loss):
    net = neuron("linear" if loss == "mean_squared_error" else "sigmoid")
    history = net.fit(
        X * 1e3, YES, loss=loss, optimizer="lbfgs", batch_size=None, epochs=20, **ENGINE
    )
    assert np.isfinite(history["loss"]).all()
