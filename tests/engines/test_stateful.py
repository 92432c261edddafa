"""States that go on from batch to batch in native code: NumPy's numbers, and the same bits."""

import hashlib

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet.engines import Work
from glassnet.engines.native.codegen import chunks
from glassnet.train.fit import start_slots

native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is not installed")

T, I = 6, 3  # noqa: E741 - the shape letters of the project
LAYERS = {
    "rnn": [gn.SimpleRNN(8, stateful=True)],
    "lstm": [gn.LSTM(8, stateful=True)],
    "stacked": [gn.LSTM(8, return_sequences=True, stateful=True), gn.GRU(5, stateful=True)],
    "backwards": [gn.GRU(8, go_backwards=True, stateful=True)],
    "masked": [gn.Masking(), gn.LSTM(8, stateful=True)],
    "dropout": [gn.LSTM(8, dropout=0.3, recurrent_dropout=0.2, stateful=True)],
    "one step": [gn.Reshape((1, T * I)), gn.LSTM(4, stateful=True)],
    "wide": [gn.LSTM(40, return_sequences=True, stateful=True), gn.GRU(33, stateful=True)],
}


def network(name, dtype="float32"):
    return gn.Network([*LAYERS[name], gn.Dense(2)], input_shape=(T, I), seed=2, dtype=dtype)


def data(n):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, T, I))
    x[::3, 4:] = 0
    return x, rng.normal(size=(n, 2))


class Every(gn.callbacks.Callback):
    """Python is entered after every step, so that states go in and out of native code."""

    def on_step_end(self, run):
        pass


def fitted(name, n, engine, dtype="float32", callbacks=(), **settings):
    net = network(name, dtype)
    x, y = data(3 * n)
    history = net.fit(
        x, y, epochs=2, batch_size=n, shuffle=False, engine=engine, verbose=0,
        callbacks=list(callbacks), **settings,
    )  # fmt: skip
    return history["loss"], {**net.parameters, **net.states}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 5, 16, 37, 64])
@pytest.mark.parametrize("name", LAYERS)
def test_native_code_gives_numpys_states(name, n, dtype):
    bound = 1e-10 if dtype == "float64" else 2e-4
    (a, left), (b, found) = (fitted(name, n, e, dtype) for e in ("numpy", "native"))
    np.testing.assert_allclose(b, a, rtol=bound)
    for key, array in found.items():
        np.testing.assert_allclose(array, left[key], rtol=bound, atol=bound, err_msg=key)


def test_stops_between_two_steps_change_no_bit():
    _, whole = fitted("stacked", 37, "native")
    _, parts = fitted("stacked", 37, "native", callbacks=[Every()])
    for key, array in whole.items():
        assert array.tobytes() == parts[key].tobytes(), key


def test_code_from_the_cache_changes_no_bit(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSNET_CACHE", str(tmp_path))
    (_, made), (_, found) = (fitted("lstm", 37, "native") for _ in range(2))
    assert any(tmp_path.rglob("*"))
    for key, array in made.items():
        assert array.tobytes() == found[key].tobytes(), key


def bits(threads=1, cpu=None, n=70):
    net = network("wide")
    x, y = (a.astype("f4") for a in data(3 * n))
    program = net.training_program(loss="mse", optimizer="adam")
    slots = start_slots(net, program).values()
    states = net.states.for_batches(net.topology.carried(), n)
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots, *states.values()]]
    given: Work = work.stretch(program, [x, y], arrays, 3 * n, n, (0, 7))
    given.shuffle = False
    native.NativeEngine(threads, cpu).trainer(program).run(given, lambda: False)
    assert arrays[-1].any()
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_no_bit(threads):
    assert bits(threads) == bits()


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["x86-64-v2", "x86-64-v3"])
def test_cpus_change_no_bit(cpu):
    assert bits(cpu=cpu) == bits()


@pytest.mark.slow
def test_batch_that_would_be_cut_stays_whole():
    """What a batch leaves lies in memory for all of its rows."""
    n = 3 * chunks.FEWEST_SAMPLES
    (a, left), (b, found) = (fitted("lstm", n, engine) for engine in ("numpy", "native"))
    np.testing.assert_allclose(b, a, rtol=1e-4)
    np.testing.assert_allclose(found["lstm.h"], left["lstm.h"], atol=1e-5)
