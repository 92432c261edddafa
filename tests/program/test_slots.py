"""What an optimiser keeps beside a parameter has a role; its name is the optimiser's own affair."""

import inspect

import numpy as np
import pytest
from train.small import ENGINE, SIZE, X, network, neuron

import glassnet as gn
from glassnet.optim.optimizer import OPTIMIZERS


@pytest.fixture
def momentum():
    """Descent with a slot that is called as the averages of weights are."""

    class Momentum(gn.optim.Optimizer):
        slots = {"ema": 0.0}  # noqa: RUF012

        def update(self, w, dw, learning_rate, t, **slots):
            v = 0.5 * slots["ema"] + dw
            return {"ema": v, "w": w - learning_rate * v}

    yield Momentum
    del OPTIMIZERS["momentum"]


@pytest.mark.parametrize("ema", [None, 0.9])
def test_slot_called_ema_is_not_taken_for_the_average_of_the_weights(momentum, ema):
    net, other = neuron("linear"), neuron("linear")
    net.fit(X, SIZE, optimizer=momentum(0.01, ema=ema), epochs=3, **ENGINE)
    other.fit(X, SIZE, optimizer=gn.optim.SGD(0.01, momentum=0.5, ema=ema), epochs=3, **ENGINE)
    for name, array in net.parameters.items():
        np.testing.assert_array_equal(array, other.parameters[name])


def test_program_says_which_slot_is_the_average_of_which_parameter(momentum):
    plain = neuron().training_program(optimizer=momentum())
    assert plain.averages == {}
    program = neuron().training_program(optimizer=momentum(ema=0.9))
    assert program.averages == {
        "dense.weight": "dense.weight/ema_2", "dense.bias": "dense.bias/ema_2"
    }  # fmt: skip
    assert set(program.slot_starts) == {"dense.weight/ema", "dense.bias/ema"}


def test_slot_is_never_called_as_another_argument():
    class Two(gn.Layer):
        def parameters(self, x):
            return {"W": gn.Parameter(x.shape[-1:]), "m_W": gn.Parameter(x.shape[-1:], "ones")}

        def formula(self, x, **own):
            return x * own["W"] * own["m_W"]

    net = gn.Network([Two()], input_shape=(3,))
    scope = {}
    exec(net.training_program().source(), scope)
    arguments = list(inspect.signature(scope["step"]).parameters)
    assert {"W", "m_W", "m_W_2", "m_m_W"} <= set(arguments)
    net.fit(X, X, epochs=1, **ENGINE)


def test_average_begins_at_the_weights_in_a_walkthrough_as_well():
    net = network(gn.Dense(1))
    walked = net.walkthrough(X[:4], SIZE[:4], optimizer=gn.optim.SGD(ema=0.5))
    np.testing.assert_array_equal(walked.given["ema_W"], net.parameters["dense.weight"])
    after = {line.names[0]: line.values[0] for line in walked.steps}
    middle = (net.parameters["dense.weight"] + after["W"]) / 2
    np.testing.assert_allclose(after["ema_W"], middle, rtol=1e-6)
