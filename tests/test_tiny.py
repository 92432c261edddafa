"""The whole product in a few seconds: build, read, check, train, save, load, predict."""

import numpy as np

import glassnet as gn

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=float)
Y = np.array([0, 1, 1, 0])


def small():
    layers = [gn.Dense(4, "sigmoid"), gn.Dense(1, "sigmoid")]
    return gn.Network(layers, input_shape=(3,), seed=1)


def test_a_network_learns_xor():
    net = small()
    history = net.fit(X, Y, optimizer=gn.optim.Adam(0.1), epochs=300, batch_size=None, verbose=0)
    assert history["loss"][-1] < 0.05 < history["loss"][0]
    assert (net.predict(X)[:, 0] > 0.5).tolist() == Y.astype(bool).tolist()
    assert net.evaluate(X, Y, metrics=["accuracy"])["accuracy"] == 1.0


def test_the_program_reads_like_the_textbook():
    text = small().training_program(optimizer="sgd").source("numpy")
    assert "z1 = x @ W1 + b1" in text
    assert "dz2 = (sigmoid(z2) - y) / len(x)" in text
    assert "dW1 = x.T @ dz1" in text
    assert "W1 -= learning_rate * dW1" in text


def test_derived_gradients_are_right():
    assert gn.checks.check_gradients(small(), X, Y).worst < 1e-6


def test_a_saved_network_predicts_the_same(tmp_path):
    net = small()
    net.save(tmp_path / "model.safetensors")
    same = gn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(same.predict(X), net.predict(X))


def test_only_the_last_layer_is_trained():
    net = small()
    net.layers["dense"].trainable = False
    before = net.parameters["dense.weight"].copy()
    assert "dW1" not in str(net.training_program())
    net.fit(X, Y, epochs=3, verbose=0)
    np.testing.assert_array_equal(net.parameters["dense.weight"], before)
