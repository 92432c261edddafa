"""Pooling over time passes over filling: as if each text stood alone, without any."""

import numpy as np
import pytest

import glassnet as gn

TEXTS = [[3, 1, 4, 1, 5], [2, 6], [5], []]
POOLS = [gn.GlobalAveragePooling1D, gn.GlobalMaxPooling1D]


def network(pool, length, seed=0):
    codes = gn.Input((length,), name="codes", dtype="int64")
    h = gn.WordDropout(0.2)(gn.Embedding(7, 3, mask_zero=True)(codes))
    h = pool()(gn.Dense(4, "tanh")(h))
    return gn.Network(inputs=codes, outputs=gn.Dense(1, "sigmoid")(h), seed=seed, dtype="float64")


def filled(length):
    return np.array([text + [0] * (length - len(text)) for text in TEXTS])


@pytest.mark.parametrize("pool", POOLS)
def test_filling_changes_no_answer(pool):
    net, longer = network(pool, 5), network(pool, 9)
    np.testing.assert_allclose(net.predict(filled(5)), longer.predict(filled(9)), rtol=1e-12)
    for text, answer in zip(TEXTS[:3], net.predict(filled(5))[:3], strict=True):
        alone = network(pool, len(text))
        np.testing.assert_allclose(alone.predict([text])[0], answer, rtol=1e-12)


@pytest.mark.parametrize("pool", POOLS)
def test_a_row_of_filling_alone_pools_to_zero(pool):
    net = network(pool, 5)
    bias = net.parameters["dense_1.bias"] = np.array([0.7])
    answer = net.predict(filled(5))[3]
    np.testing.assert_allclose(answer, 1 / (1 + np.exp(-bias)), rtol=1e-12)


@pytest.mark.parametrize("pool", POOLS)
def test_engines_train_alike_and_gradients_are_right(pool):
    x, y = filled(6), np.array([1.0, 0, 1, 0])
    gn.checks.check_gradients(network(pool, 6), x, y)
    losses = [
        network(pool, 6).fit(x, y, epochs=5, batch_size=2, engine=engine, verbose=0)["loss"]
        for engine in ("numpy", "native")
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9)
