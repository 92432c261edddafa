"""Loops in native code: NumPy's numbers, and the same bits for any threads, CPU or chunks."""

import hashlib

import numpy as np
import pytest
from cases import random_loops
from engines import work

import glassnet as gn
from glassnet import graph as g
from glassnet.engines import find
from glassnet.engines.native.listing import listing
from glassnet.nn.parameters import Reading
from glassnet.train.fit import start_slots

native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is not installed")

pytestmark = pytest.mark.ci

T, I, N = 7, 3, 70  # noqa: E741 - the shape letters of the project


class Products(gn.Layer):
    """A loop of one's own: carried values that exchange places, and nothing learnt inside."""

    def formula(self, x):
        zeros = g.stretch(0.5, (x.shape[0], x.shape[-1]), x.dtype)
        (p, q), (every,) = g.scan(
            lambda p, q, x: ([q * x, p + 0.1 * x], [p * q]), [zeros, zeros + 0.1], [x]
        )
        return g.concatenate(p, q, g.sum(every, axis=1))


class Inside(gn.Layer):
    """A loop in the body of a loop."""

    def formula(self, x):
        def step(h, x):
            (last,), _ = g.scan(lambda k, x: ([g.tanh(0.5 * k + x)], []), [h], [x])
            return [last], []

        h0 = g.stretch(0.0, (x.shape[0], 1), x.dtype)
        return g.scan(step, [h0], [g.expand_dims(x, -1)])[0][0]


LAYERS = {
    "rnn": [gn.SimpleRNN(8)],
    "lstm": [gn.LSTM(8)],
    "gru": [gn.GRU(8)],
    "no bias": [gn.LSTM(5, use_bias=False)],
    "sequences": [gn.LSTM(8, return_sequences=True), gn.Flatten()],
    "backwards": [gn.GRU(8, return_sequences=True, go_backwards=True), gn.Flatten()],
    "stacked": [gn.LSTM(8, return_sequences=True), gn.GRU(6, return_sequences=True), gn.LSTM(5)],
    "both ways": [gn.Bidirectional(gn.LSTM(4, return_sequences=True)), gn.GRU(3)],
    "masked": [gn.Masking(), gn.LSTM(8, return_sequences=True), gn.GRU(4)],
    "dropout": [gn.LSTM(8, dropout=0.3, recurrent_dropout=0.2)],
    "steps": [gn.Reshape((T, I, 1)), gn.TimeDistributed(gn.Flatten()),
              gn.TimeDistributed(gn.Dense(4, "tanh")), gn.TimeDistributed(gn.PReLU()), gn.GRU(3)],
    "one step": [gn.Reshape((1, T * I)), gn.LSTM(4)],
    "one unit": [gn.Reshape((T * I, 1)), gn.GRU(1)],
    "own loop": [Products()],
}  # fmt: skip


def network(name, dtype="float64"):
    layers = [*LAYERS[name], gn.Dense(3, "softmax")]
    return gn.Network(layers, input_shape=(T, I), seed=2, dtype=dtype)


def data(n=N):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, T, I))
    x[::3, 4:] = 0
    return x, rng.integers(0, 3, n)


def trained(name, engine, dtype="float64"):
    net = network(name, dtype)
    x, y = data()
    settings = {"batch_size": 32, "epochs": 4, "verbose": 0, "optimizer": gn.optim.Adam(0.01)}
    history = net.fit(x.astype(dtype), y, engine=engine, **settings)
    return history["loss"], dict(net.parameters), net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_native_loops_give_numpys_numbers(name, dtype):
    bound = 1e-11 if dtype == "float64" else 2e-4
    (a, wa, _), (b, wb, net) = (trained(name, engine, dtype) for engine in ("numpy", "native"))
    np.testing.assert_allclose(b, a, rtol=bound)
    for key, array in wb.items():
        np.testing.assert_allclose(array, wa[key], rtol=bound, atol=bound)
    x = data()[0].astype(dtype)
    program, reading = net.prediction_program(), Reading(list(net.parameters.values()))
    found = [
        find(engine).predictor(program).predict([x], reading, 4096)[0]
        for engine in ("numpy", "native")
    ]
    np.testing.assert_allclose(found[1], found[0], rtol=bound, atol=bound)


def words(engine):
    codes = gn.Input((T,), dtype="int64")
    h = gn.LSTM(8)(gn.Embedding(9, 5, mask_zero=True)(codes))
    net = gn.Network(inputs=codes, outputs=gn.Dense(3, "softmax")(h), seed=1, dtype="float64")
    rng = np.random.default_rng(1)
    x = rng.integers(1, 9, (N, T))
    x[np.arange(T) > rng.integers(0, T, (N, 1))] = 0
    history = net.fit(x, rng.integers(0, 3, N), engine=engine, epochs=5, batch_size=32, verbose=0)
    return history["loss"], net.parameters, net.predict(x)


def test_words_and_masks_run_in_native_code():
    (a, wa, pa), (b, wb, pb) = words("numpy"), words("native")
    np.testing.assert_allclose(b, a, rtol=1e-12)
    np.testing.assert_allclose(pb, pa, rtol=1e-12)
    for key in wa:
        np.testing.assert_allclose(wb[key], wa[key], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["stacked", "both ways", "dropout"])
def test_rows_are_predicted_with_the_same_bits_one_by_one(name):
    net = network(name, "float32")
    x = data(40)[0].astype("float32")
    whole = net.predict(x)
    np.testing.assert_array_equal(
        np.concatenate([net.predict(x[i : i + 1]) for i in range(40)]), whole
    )
    np.testing.assert_array_equal(net.predict(x[:7]), whole[:7])


def bits(name, threads=1, cpu=None, batch_size=N, n=N):
    net = network(name, "float32")
    x, y = data(n)
    program = net.training_program(loss="sparse_categorical_crossentropy", optimizer="adam")
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    prepared = native.NativeEngine(threads, cpu).trainer(program)
    given = work.stretch(program, [x.astype("f4"), y], arrays, n, batch_size, (0, 6))
    prepared.run(given, lambda: False)
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


WIDE = {"wide": [gn.LSTM(40, return_sequences=True), gn.GRU(33), gn.Dropout(0.2)]}
LAYERS |= WIDE


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_no_bit_of_a_loop(threads):
    assert bits("wide", threads) == bits("wide")


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["x86-64-v2", "x86-64-v3"])
def test_cpus_change_no_bit_of_a_loop(cpu):
    assert bits("wide", cpu=cpu) == bits("wide", cpu="x86-64-v3")


@pytest.mark.slow
def test_chunks_change_no_bit_of_a_loop(monkeypatch):
    whole = bits("wide", batch_size=1500, n=1500)
    from glassnet.engines.native.codegen import chunks

    monkeypatch.setattr(chunks, "CHUNK_BYTES", 1 << 40)
    monkeypatch.setenv("GLASSNET_CACHE", "off")
    assert bits("wide", batch_size=1500, n=1500) == whole


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_loops_give_numpys_numbers(seed):
    found = []
    for engine in ("numpy", "native"):
        net, x, y = random_loops.network(seed)
        net.fit(
            x, y, loss="mse", epochs=2, optimizer="sgd", batch_size=None, engine=engine, verbose=0
        )
        found.append(np.concatenate([a.ravel() for a in net.parameters.values()]))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-11)


def test_loop_is_written_once_however_long_the_sequence():
    def length(steps):
        net = gn.Network([gn.LSTM(4), gn.Dense(1)], input_shape=(steps, 3))
        return len(listing(net.training_program(loss="mse", optimizer="sgd")).splitlines())

    assert length(5) == length(500)


def test_steps_are_gone_through_block_by_block():
    """For each block of samples all steps: what they leave stays in the cache."""
    net = gn.Network([gn.SimpleRNN(4)], input_shape=(7, 3))
    text = listing(net.prediction_program())
    assert "for each block of samples, t < 7:\n    for each block of samples n, i < 4:" in text
    assert "h[n, 4*t + i + 4] = tanh((xW[n, 4*t + i] + total))" in text


def test_loop_in_a_loop_is_refused_in_words():
    net = gn.Network([Inside(), gn.Dense(3, "softmax")], input_shape=(T, I))
    with pytest.raises(gn.errors.UnsupportedError, match=r"In layer 'inside': .*over one axis"):
        net.predict(data()[0])


def test_loop_that_carries_no_rows_goes_to_numpy_and_says_so():
    class Sum(gn.Layer):
        def formula(self, x):
            zeros = g.stretch(0.0, (x.shape[-1],), x.dtype)
            (total,), _ = g.scan(lambda s, x: ([s + g.mean(x, axis=0)], []), [zeros], [x])
            return x[:, 0] * total

    net = gn.Network([Sum(), gn.Dense(3, "softmax")], input_shape=(T, I))
    with pytest.raises(gn.errors.UnsupportedError, match=r"what is no row.*engine='numpy' can"):
        net.fit(*data(), engine="native", verbose=0, loss="sparse_categorical_crossentropy")
