"""Convolutions as loop nests: what is padded lies there, what is asked lies there."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.loops.fuse import arrange
from glassnet.loops.lower import lower
from glassnet.loops.nest import Computed


def nests(*layers, shape=(8, 8, 2), optimizer="sgd", **settings):
    """The nests of a step as texts, and the stores that reach memory."""
    net = gn.Network([*layers, gn.Flatten(), gn.Dense(1)], input_shape=shape)
    lowered = lower(net.training_program(optimizer=optimizer, **settings))
    found = arrange(lowered.nests, {*lowered.leaves.values(), *lowered.outputs})
    stored = {
        s.buffer.name: s.buffer for n in found if isinstance(n, Computed)
        for s in n.stores if not s.local
    }  # fmt: skip
    return "\n".join(map(str, found)), stored


def conv(activation="relu", **settings):
    return gn.Conv2D(4, 3, activation=activation, **settings)


def test_what_is_padded_lies_in_a_buffer_with_room():
    text, stored = nests(conv(padding="same"), conv(padding="same"))
    assert stored["a1"].sizes == (10, 10, 4)
    assert stored["dz2"].sizes == (10, 10, 4)  # its convolution back is padded
    assert stored["a2"].sizes == (8, 8, 4)
    assert "a1[n, 40*i + 4*j + k + 44] = " in text
    assert text.count("where(logical_and") == 1  # x alone is copied


def test_gradient_of_strides_is_a_convolution_for_each_phase_of_the_places():
    text, stored = nests(conv(padding="same"), conv(padding=1, strides=2))
    sums = [line for line in text.splitlines() if " * W2[" in line and "dz2[" in line]
    loops = [line.partition("sum over ")[2].partition(" of ")[0] for line in sums]
    # 2 x 2, 2, 2 and 1 of the kernel's places, beside the 4 channels
    assert loops == ["r < 2, s < 2, t < 4", "r < 2, s < 4", "r < 2, s < 4", "r < 4"]
    assert stored["dz2"].sizes == (5, 5, 4)  # the phases share its room


def test_gradient_of_windows_side_by_side_is_one_product():
    text, _ = nests(conv(padding="same"), gn.Conv2D(4, 2, strides=2))
    (total,) = [line for line in text.splitlines() if " * W2[" in line and "dh2[" in line]
    assert "sum over r < 4 of" in total  # the channels alone


def test_room_that_costs_more_than_it_saves_is_made_by_copying():
    _, stored = nests(conv(), conv(padding=6))
    assert stored["a1"].sizes == (6, 6, 4)


def test_output_of_the_network_has_no_room_around_it():
    x = gn.Input((8, 8, 2))
    h = conv(padding="same")(x)
    net = gn.Network(inputs=x, outputs=[h, conv(padding="same")(h)])
    lowered = lower(net.prediction_program())
    assert [out.sizes for out in lowered.outputs] == [(8, 8, 4), (8, 8, 4)]


def test_relu_keeps_its_result_alone():
    """z1 > 0 is asked of a1 = relu(z1): z1 stays in registers."""
    text, stored = nests(conv(), conv("tanh"))
    assert "(a1[n, " in text
    assert " > 0)" in text
    assert "z1" not in stored


def test_other_activations_keep_what_their_gradient_asks():
    _, stored = nests(conv("softplus"), conv())
    assert "z1" in stored


def padded_twice(x):
    """One value padded in two ways: one of them lies there, the other is copied."""
    from glassnet import graph as g

    w = g.constant(np.ones((3, 3, 2, 2)), x.dtype)
    return g.conv(x, w, padding=1) + g.conv(x, w, padding=((2, 0), (1, 1)))


class Twice(gn.Layer):
    """Two convolutions of one value."""

    def formula(self, x):
        return padded_twice(x)


@pytest.mark.parametrize("layers", [
    [gn.Dense(2, "relu"), Twice()], [gn.Dense(2, "tanh"), gn.Dropout(0.2), Twice()],
    [conv(padding="same"), gn.MaxPooling2D(3, 1, "same"), conv(padding=1)],
], ids=["two ways", "behind a mask", "behind maxima"])  # fmt: skip
def test_room_changes_no_number(layers):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 8, 8, 2)), rng.normal(size=(40, 1))
    weights = []
    for engine in ("numpy", "native"):
        net = gn.Network([*layers, gn.Flatten(), gn.Dense(1)], input_shape=(8, 8, 2),
                         dtype="float64", seed=2)  # fmt: skip
        net.fit(x, y, epochs=3, batch_size=16, engine=engine, verbose=0)
        weights.append(list(net.parameters.values()))
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
