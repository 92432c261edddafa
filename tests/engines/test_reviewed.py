"""What a review found untested: edges of chunks, predictors that are shared, equal numbers."""

import os
import threading

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet import graph as g
from glassnet.engines import find
from glassnet.nn.parameters import Reading

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

pytestmark = pytest.mark.slow


CHUNKS = "glassnet.engines.native.codegen.chunks"
PARTITION = "glassnet.engines.native.codegen.partition"
RNG = np.random.default_rng(5)
X = RNG.normal(size=(640, 3)).astype("f4")
Y = np.sin(X[:, :1])


@pytest.fixture
def chunks_of(monkeypatch):
    def cut(samples):
        monkeypatch.setenv("GLASSNET_CACHE", "off")
        monkeypatch.setattr(f"{CHUNKS}.CHUNK_BYTES", 1)
        monkeypatch.setattr(f"{CHUNKS}.FEWEST_SAMPLES", samples)
        monkeypatch.setattr(f"{CHUNKS}.CHUNK_MEMORY", 1 << 60)

    return cut


def trained(layers, batch_size=640, n_rows=640, **settings):
    net = gn.Network(layers, input_shape=(3,), seed=2)
    given = {"epochs": 3, "engine": "native", "threads": 1, "verbose": 0, **settings}
    history = net.fit(X[:n_rows], Y[:n_rows], batch_size=batch_size, **given)
    return work.digest(net), dict(history.items()), history.steps


@pytest.mark.parametrize(
    ("batch_size", "n_rows"), [(640, 640), (128, 640), (130, 640), (256, 257), (640, 639)]
)
def test_chunks_end_where_the_batch_does(batch_size, n_rows, chunks_of):
    """The last chunk may be whole, or of one sample; so may the last batch."""
    layers = [gn.Dense(5, "tanh"), gn.Dense(1)]
    chunks_of(1 << 20)
    whole = trained(layers, batch_size, n_rows)
    chunks_of(64)
    assert trained(layers, batch_size, n_rows) == whole


def spread(_, p):
    return g.mean((p - g.mean(p)) ** 2)


def test_a_sum_that_needs_another_sum_over_samples_is_right(chunks_of):
    chunks_of(1 << 20)
    whole = trained([gn.Dense(1)], metrics=[spread])
    chunks_of(64)
    assert trained([gn.Dense(1)], metrics=[spread]) == whole


class Decaying(gn.Layer):
    """A factor that the loss does not move, but its penalty does: no sum over samples is needed."""

    def parameters(self, x):
        return {"factor": gn.Parameter(x.shape[-1:], "ones", regularizer="l2")}

    def formula(self, x, factor):
        return x * g.stop_gradient(factor)


def test_every_sample_of_a_step_meets_the_same_weights(chunks_of):
    layers, optimizer = [Decaying(), gn.Dense(5), gn.Dense(1)], gn.optim.SGD(0.5)
    chunks_of(1 << 20)
    whole = trained(layers, optimizer=optimizer)
    chunks_of(64)
    assert trained(layers, optimizer=optimizer) == whole


def test_nobody_fetches_a_chunk_before_all_are_done_with_the_last(chunks_of, monkeypatch):
    """Where threads share arrays alone, the first thread gathers: the others may be at work."""
    from glassnet.engines.native import loop
    from glassnet.engines.native.codegen.emit import Emitter
    from glassnet.engines.native.codegen.partition import Partition

    said = []

    def noted(word, function):
        def call(*args, **settings):
            said.append(word)
            return function(*args, **settings)

        return call

    def arrays_alone(partition):
        partition.samples, partition._arrays = False, True

    chunks_of(64)
    monkeypatch.setattr(f"{PARTITION}.SHARED_NUMBERS", 1)
    monkeypatch.setattr(Partition, "__post_init__", arrays_alone)
    monkeypatch.setattr(Emitter, "barrier", noted("barrier", Emitter.barrier))
    monkeypatch.setattr(loop, "_set_numbers", noted("numbers", loop._set_numbers))
    monkeypatch.setattr(loop, "gather", noted("gather", loop.gather))
    net = gn.Network([gn.Dense(40, "tanh"), gn.Dense(1)], input_shape=(3,))
    program = net.training_program()
    loop.build(program, 640, [leaf.dtype for leaf in program.inputs])
    assert said[said.index("numbers") : said.index("gather")] == ["numbers", "barrier"]


@pytest.mark.parametrize(
    ("shift", "batched", "expected"),
    [(0, True, 0), (-3, True, 3), (2, True, 2), (-3, False, 3), (2, False, 0), (14, False, 2)],
)
def test_room_is_left_for_what_is_read_beside(shift, batched, expected):
    """A table of four numbers is filled up to sixteen."""
    from glassnet.engines.native.codegen.lanes import beside
    from glassnet.loops.buffer import Buffer
    from glassnet.loops.index import Affine, Loop
    from glassnet.loops.nest import Domain, Load, Map, Store

    loop = Loop("i", 4)
    read, stored = (Buffer(name, batched, (4,), "float32") for name in "xa")
    term = Load(read, Affine.of(loop) + shift)
    domain = Domain.SAMPLES if batched else Domain.ARRAY
    assert beside([Map(domain, (loop,), (Store(stored, Affine.of(loop), term),))]) == expected


class Smooth:
    """A constraint without the kink of MaxNorm, on which the weights would lie to a rounding."""

    def formula(self, w):
        return w / gn.graph.sqrt(1 + gn.graph.sum(w**2, axis=0, keepdims=True))


class Held(gn.Layer):
    """Its formula holds the weights as their constraint does, which comes after the update."""

    def parameters(self, x):
        return {"w": gn.Parameter((3, 1), "normal", constraint=Smooth())}

    def formula(self, x, w):
        return x @ Smooth().formula(w)


def test_a_formula_of_changed_weights_is_another_value():
    found = []
    for engine in ("numpy", "native"):
        net = gn.Network([Held()], input_shape=(3,), seed=1, dtype="float64")
        net.fit(X, Y, epochs=3, batch_size=64, optimizer="sgd", engine=engine, verbose=0)
        found.append(next(iter(net.parameters.values())))
    np.testing.assert_allclose(*found, rtol=1e-12)


# Programs, and what runs them.
def test_numbers_that_are_nearly_equal_are_two():
    found = []
    for engine in ("numpy", "native"):
        net = gn.Network([gn.Dense(1)], input_shape=(3,), seed=1, dtype="float64")
        optimizer = gn.optim.Adam(0.1, beta1=0.9999951, beta2=0.9999949)  # both print as 0.999995
        net.fit(X, Y, epochs=5, batch_size=64, optimizer=optimizer, engine=engine, verbose=0)
        found.append(net.parameters["dense.weight"])
    np.testing.assert_allclose(*found, rtol=1e-9)


# Predictions.
def network(*sizes):
    layers = [gn.Dense(n, "tanh") for n in sizes]
    return gn.Network([*layers, gn.Dense(2)], input_shape=(3,), seed=1)


@pytest.mark.parametrize("n", [1, 2, 16, 17, 600])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_call_means_its_own_rows_and_parameters(n, threads):
    """Fewer rows than the call before had, other weights, and answers that stay as they were."""
    net = network(8)
    predictor = find("native", threads).predictor(net.prediction_program())

    def predicted(x, arrays):
        reading = Reading(arrays)
        found = predictor.plain(x, reading)
        return predictor.predict([x], reading)[0] if found is None else found

    one = [array.copy() for array in net.parameters.arrays()]
    other = [2 * array + 1 for array in one]
    fresh = find("numpy").predictor(net.prediction_program())
    before = predicted(X[:n], one)
    kept = before.copy()
    for x, arrays in ((X[n : n + n // 2 + 1], other), (X[:n], other), (X[:n][::-1].copy(), one)):
        expected = fresh.predict([x], Reading(arrays), 4096)[0]
        assert predicted(x, arrays).shape == expected.shape
        np.testing.assert_allclose(predicted(x, arrays), expected, rtol=1e-4, atol=1e-5)
    assert before.tobytes() == kept.tobytes()
    assert not np.shares_memory(predicted(X[:n], one), before)


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("n", [1, 2, 16, 17, 100, 170, 1000])
@pytest.mark.parametrize("width", [4, 200])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_few_rows_are_looked_at_as_many_are(n, width, value, dtype):
    """Wherever it stands; and what was met is gone when the next rows come, fewer or not."""
    net, good = network(width, width), np.zeros((n, 3), dtype)
    expected = network(width, width).predict(good).tobytes()
    for row in {0, n // 2, n - 1}:
        rows = good.copy()
        rows[row, 1] = value
        with pytest.raises(gn.errors.DataError, match=f"column 1.*row {row}"):
            net.predict(rows)
        assert net.predict(good).tobytes() == expected
        assert net.predict(good[: n // 2 + 1]).tobytes() == expected[: (n // 2 + 1) * 8]


@pytest.mark.parametrize("shape", [(2, 4), (2, 2), (2, 3, 1), (3,)])
def test_few_rows_of_another_shape_are_refused(shape):
    with pytest.raises(gn.errors.ShapeError):
        network(4).predict(np.zeros(shape))


def test_rows_of_any_layout_are_predicted_alike():
    net, x = network(4), X[:5]
    expected = net.predict(x).tobytes()
    wide = np.zeros((10, 6), "f4")
    wide[::2, ::2] = x
    for given in (np.asfortranarray(x), wide[::2, ::2], x.astype(">f4"), x.astype("f8")):
        assert net.predict(given).tobytes() == expected
        assert net.predictor()(given).tobytes() == expected


def test_as_many_rows_as_are_just_copied_are_predicted_as_others_are():
    net = network(8)
    net.predict(X[:20])
    most = net.cache["predictor"][1].plain.staged
    x = np.resize(X, (most + 1, 3))
    expected = np.concatenate([net.predict(x[i : i + 100]) for i in range(0, most + 1, 100)])
    for n in (most - 1, most, most + 1):
        assert net.predict(x[:n]).tobytes() == expected[:n].tobytes()


def shared(call, n, rounds=300, threads=4):
    """How many answers are wrong where threads ask for different rows at once."""
    parts = [X[i * n : (i + 1) * n] for i in range(threads)]
    expected = [np.array(call(part)) for part in parts]
    wrong = []

    def ask(i):
        wrong.extend(i for _ in range(rounds) if not np.array_equal(call(parts[i]), expected[i]))

    running = [threading.Thread(target=ask, args=(i,)) for i in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    return len(wrong)


@pytest.mark.parametrize("n", [1, 3, 16, 40])
def test_threads_may_share_a_network(n):
    assert shared(network(8).predict, n) == 0


@pytest.mark.parametrize(
    "n",
    [
        3,
        16,
    ],
)
def test_threads_may_share_a_predictor(n):
    net = network(200, 200)  # large enough for its rows to be predicted one by one
    assert shared(net.predictor(), n, rounds=1000) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.slow
def test_a_child_of_a_fork_predicts_though_the_lock_was_held():
    said = work.said(
        "import threading\n"
        "net = network(); x = data()[0][:3]; expected = net.predict(x)\n"
        "few = net.cache['predictor'][1].plain.of(3)\n"
        "held, done = threading.Event(), threading.Event()\n"
        "def hold():\n"
        "    few._turn.pop(); held.set(); done.wait()\n"
        "threading.Thread(target=hold, daemon=True).start(); held.wait()\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if np.array_equal(net.predict(x), expected) else 1)\n"
        "print(os.waitpid(child, 0)[1], flush=True); done.set()\n",
        limit=30,
    )
    assert said[0].strip() == "0"


def test_a_single_number_is_no_row():
    class Column(gn.Layer):
        def formula(self, x):
            return x.reshape("B", 1)

    x = gn.Input(())
    net = gn.Network(inputs=x, outputs=gn.Dense(1)(Column()(x)))
    with pytest.raises(gn.errors.DataError):
        net.predict(np.array(1.0))


@pytest.mark.parametrize(("value", "dtype"), [(6e4, "f2"), (1e30, "f4"), (1e200, "f8")])
def test_large_rows_are_predicted_without_a_warning(value, dtype):
    net = gn.Network([gn.Dense(4, "tanh")], input_shape=(3,), dtype="float64")
    assert np.isfinite(net.predict(np.full((2, 3), value, dtype))).all()


def own(z):
    return z * g.sigmoid(z)


def test_a_predictor_is_kept_whatever_the_activation():
    net = gn.Network([gn.Dense(4, own), gn.Dense(1)], input_shape=(3,))
    net.predict(X[:2])
    kept = net.cache["predictor"][1]
    net.predict(X[:2])
    assert net.cache["predictor"][1] is kept


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("value", [np.nan, 1e39])
def test_a_predictor_gives_no_answer_from_nan(value):
    rows = np.array([[0.0, value, 0.0]])
    with pytest.raises(gn.errors.DataError):
        network(4).predictor()(rows)


class Share(gn.Layer):
    """Each row's share of its batch: the answer depends on the rows that are beside it."""

    def formula(self, x):
        return x / g.batch_size()


def sharing(width):
    layers = [gn.Dense(width), Share(), gn.Dense(width), gn.Dense(1)]
    return gn.Network(layers, input_shape=(3,), seed=1)


class Centred(gn.Layer):
    """Each row beside the mean of its batch."""

    def formula(self, x):
        return x - g.mean(x, axis=0)


@pytest.mark.parametrize("layer", [Share, Centred])
def test_rows_of_the_call_before_are_no_part_of_the_batch(layer):
    layers = [gn.Dense(20), layer(), gn.Dense(1)]
    net = gn.Network(layers, input_shape=(3,), seed=1, dtype="float64")
    by_numpy = find("numpy").predictor(net.prediction_program())
    for n in (16, 3, 1, 200, 17, 100, 2):
        expected = by_numpy.predict([X[:n]], net.parameters.reading(), 4096)[0]
        np.testing.assert_allclose(net.predict(X[:n]), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [20, 600])
def test_a_batch_of_a_prediction_is_as_large_as_was_asked_for(n):
    net = sharing(20)
    expected = find("numpy").predictor(net.prediction_program())
    found = net.predict(X[:n], batch_size=10)
    by_numpy = expected.predict([X[:n]], net.parameters.reading(), 10)[0]
    np.testing.assert_allclose(found, by_numpy, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("n", "width"),
    [(2, 20), (17, 20), (7, 200), (17, 200), *((n, 200) for n in (2, 6))],
)
def test_a_predictor_has_the_batches_of_the_network(n, width):
    net = sharing(width)
    np.testing.assert_allclose(net.predictor()(X[:n]), net.predict(X[:n]), rtol=1e-5)


def test_a_network_keeps_memory_for_a_few_sizes_of_batches_only():
    net = network(4)
    for batch_size in range(20, 40):
        net.fit(X, np.c_[Y, Y], batch_size=batch_size, epochs=1, engine="native", verbose=0)
    assert sum(len(trainer._made) for trainer in net.cache["trainers"].values()) <= 8


def test_a_predictor_copies_weights_for_the_threads_that_it_uses(monkeypatch):
    from glassnet.engines.native import blocks

    filled = []
    monkeypatch.setattr(blocks, "available", lambda: 64)
    monkeypatch.setattr(blocks, "fill", lambda views, arrays: filled.append(len(arrays)))
    ready = network(8).predictor()
    ready._many.predict([X[:100]], ready._parameters)
    assert len(filled) <= 2


@pytest.mark.parametrize("width", [8, 200])
@pytest.mark.parametrize("n", [1, 2, 6, 7, 16, 17, 40])
def test_a_predictor_gives_the_bits_of_the_network(n, width):
    net = network(width, width)
    ready = net.predictor()
    for first in (0, 50):
        x = X[first : first + n]
        assert ready(x).tobytes() == net.predict(x).tobytes()


# Indices.
class Lookup(gn.Layer):
    def parameters(self, x):
        return {"table": gn.Parameter((5, 3), "normal")}

    def formula(self, x, table):
        return g.take(table, x)


def lookup():
    x = gn.Input((), dtype="int64")
    return gn.Network(inputs=x, outputs=gn.Dense(1)(Lookup()(x)), seed=0)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_an_index_out_of_range_is_named_in_a_fit(engine):
    codes = np.array([0, 1, 5, 2])
    with pytest.raises(gn.errors.DataError, match="5"):
        lookup().fit(codes, np.ones(4), epochs=1, engine=engine, verbose=0)


@pytest.mark.parametrize("n", [1, 2, 17])
def test_an_index_out_of_range_is_named_in_a_prediction(n):
    codes = np.r_[np.zeros(n - 1, int), 5]
    with pytest.raises(gn.errors.DataError, match="5"):
        lookup().predict(codes)
