"""Layers in native code: the NumPy engine's weights, losses and predictions, in training too."""

import numpy as np
import pytest
from cases.layers import ROWS

import glassnet as gn
from glassnet.engines import find

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

N_ROWS = 37


def described(row):
    return f"{row[0]!r} of {row[1]}"


def network(row, dtype):
    """The layer between dense ones, so that gradients go through it to both sides."""
    layer, shapes, *_ = row
    inputs = [gn.Input(shape[1:], name=f"input{i}") for i, shape in enumerate(shapes)]
    h = layer(*[gn.Dense(shape[-1])(x) for x, shape in zip(inputs, shapes, strict=True)])
    return gn.Network(inputs=inputs, outputs=gn.Dense(2)(gn.Flatten()(h)), seed=2, dtype=dtype)


def data(row):
    rng = np.random.default_rng(3)
    x = {f"input{i}": rng.normal(size=(N_ROWS, *s[1:])) for i, s in enumerate(row[1])}
    return x, rng.normal(size=(N_ROWS, 2))


def trained(row, engine, dtype="float64", **settings):
    """(losses, weights, predictions) after some epochs, whose last batches are smaller."""
    net = network(row, dtype)
    x, y = data(row)
    given = {"loss": "mse", "optimizer": gn.optim.SGD(0.02), "epochs": 4, "batch_size": 16,
             "verbose": 0, "engine": engine, **settings}  # fmt: skip
    history = net.fit(x, y, **given)
    predictor = find(engine).predictor(net.prediction_program())
    inputs = [np.asarray(a, dtype) for a in x.values()]
    (found,) = predictor.predict(inputs, net.parameters.reading(), 4096)
    return [np.array(history.steps), *net.parameters.arrays(), found]


def assert_close(found, expected, bound):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=bound, atol=bound)


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-9), ("float32", 2e-4)])
@pytest.mark.parametrize("row", ROWS, ids=described)
def test_layer_trains_and_predicts_as_in_numpy(row, dtype, bound):
    found, expected = trained(row, "native", dtype), trained(row, "numpy", dtype)
    assert_close(found, expected, bound)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=described)
def test_one_row_trains_as_in_numpy(row):
    """Batches of one row, of which the last of an epoch is one."""
    found, expected = (trained(row, e, batch_size=6, epochs=2) for e in ("native", "numpy"))
    assert_close(found, expected, 1e-9)
    found, expected = (trained(row, e, batch_size=1, epochs=1) for e in ("native", "numpy"))
    assert_close(found, expected, 1e-9)
    assert all(np.isfinite(each).all() for each in expected)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=described)
def test_threads_change_no_bit(row, monkeypatch):
    monkeypatch.setenv("GLASSNET_CACHE", "off")
    for name in ("SHARED_PRODUCTS", "SHARED_NUMBERS"):
        monkeypatch.setattr(f"glassnet.engines.native.codegen.partition.{name}", 1)
    alone = trained(row, "native", "float32", threads=1, epochs=2)
    for threads in (2, 3, 7):
        for one, other in zip(trained(row, "native", "float32", threads=threads, epochs=2), alone,
                              strict=True):  # fmt: skip
            assert one.tobytes() == other.tobytes()


def test_noise_is_that_of_numpy():
    """The same words of Philox; logarithm, root and cosine within a few units of the last place."""
    row = gn.GaussianNoise(1.0), (("B", 7),), None, None
    found, expected = (trained(row, engine, epochs=1) for engine in ("native", "numpy"))
    assert_close(found, expected, 1e-12)
