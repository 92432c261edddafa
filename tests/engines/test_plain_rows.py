"""Few rows at a time: the bits of many rows at once, whatever the network, the sizes, the CPU."""

import numpy as np
import pytest
from cases.networks import ROWS

import glassnet as gn
from glassnet.engines import find
from glassnet.engines.native.codegen.lanes import Lanes, lanes_of
from glassnet.engines.native.fixed_rows import FixedRows, of_fixed_rows
from glassnet.errors import DataError
from glassnet.loops.fuse import arrange
from glassnet.loops.lower import lower
from glassnet.loops.nest import Repeat
from glassnet.nn.activations import ACTIVATIONS

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

pytestmark = pytest.mark.ci
LEVELS = ["x86-64-v2", "x86-64-v3", None]


def native(net):
    return find("native").predictor(net.prediction_program())


def many(net, x):
    found = native(net).predict([x], net.parameters.reading())
    return found[0] if len(found) == 1 else found


def arranged(program):
    lowered = lower(program)
    return arrange(lowered.nests, {*lowered.leaves.values(), *lowered.outputs})


def listed(outputs):
    return outputs if isinstance(outputs, list) else [outputs]


def assert_few_by_few(net, x, ready):
    """Each row alone, and several together: as many as the code is made for, and fewer."""
    whole = listed(many(net, x))
    for n in (1, 2, 4, 7, 12, 16):
        for i in range(0, len(x), n):
            few = x[i : i + n]
            for some, all_rows in zip(listed(ready(few)), whole, strict=True):
                assert some.shape == (len(few), *all_rows.shape[1:])
                assert some.dtype == all_rows.dtype
                assert some.tobytes() == all_rows[i : i + n].tobytes()


def dense(*sizes, activation="relu", dtype="float32", **options):
    layers = [gn.Dense(n, activation, **options) for n in sizes[1:]]
    return gn.Network(layers, input_shape=(sizes[0],), seed=1, dtype=dtype)


def rows(n, *sizes, seed=0):
    return np.random.default_rng(seed).normal(size=(n, *sizes)).astype("float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_network_predicts_a_row_as_it_predicts_many(row, dtype):
    net = row.build(dtype)
    row.fit(net, epochs=2)
    if len(net.topology.inputs) > 1:
        assert net.predictor()._one is None
        return
    ((_, spec),) = net.topology.inputs
    x = row.data().x if spec.dtype == "int64" else rows(19, *spec.shape[1:])
    ready = net.predictor()
    looks_at_rows = bool(net.prediction_program().index_sites)
    assert (ready._one is None) == looks_at_rows
    assert_few_by_few(net, x, ready)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_does(activation, dtype):
    net = dense(5, 20, 100, 512, 3, activation=activation, dtype=dtype)
    assert_few_by_few(net, rows(3, 5), net.predictor())


@pytest.mark.parametrize("width", [3, 10, 20])
def test_rows_of_few_columns_and_of_any_strides_are_read_where_they_lie(width):
    """In blocks that are tables, with many rows: nothing beside a row is read."""
    net = dense(width, 200, 200, 1)
    wide = rows(3000, 2 * width)
    whole = net.predict(np.ascontiguousarray(wide[:, ::2]))
    np.testing.assert_array_equal(net.predict(wide[:, ::2]), whole)
    guarded = np.full((3002, width), np.nan, "f4")
    guarded[1:-1] = wide[:, ::2]
    np.testing.assert_array_equal(net.predict(guarded[1:-1]), whole)


def test_sums_over_a_table_train_as_by_numpy():
    """A nest over a table without rows in it, with a formula that is written once, in a loop."""

    class Column(gn.Layer):
        def parameters(self, x):
            return {"a": gn.Parameter((40, 100), "normal"), "w": gn.Parameter((12, 100), "normal")}

        def formula(self, x, a, w):
            return x @ w + gn.graph.tanh(gn.graph.sum(a, axis=0))

    x, y = rows(5, 12), rows(5, 100, seed=1)
    losses = [
        gn.Network([Column()], input_shape=(12,), seed=0)
        .fit(x, y, epochs=3, engine=engine, verbose=0)["loss"]
        for engine in ("native", "numpy")
    ]  # fmt: skip
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.parametrize(
    ("row", "message"),
    [([[np.nan, 1.0]], "NaN"), ([["1", "2"]], "numbers"), ([[1j, 2.0]], "numbers")],
)
def test_what_is_no_row_of_numbers_is_refused(row, message):
    with pytest.raises(DataError, match=message):
        dense(2, 3).predictor()(row)


@pytest.mark.parametrize("cpu", LEVELS)
@pytest.mark.parametrize("width", [1, 15, 16, 17, 32, 33, 100, 385, 777])
def test_any_width_does_on_any_cpu(width, cpu):
    net = dense(width, width, 3)
    prepared = native(net)
    prepared.cpu = cpu
    parameters = net.parameters.reading()
    assert_few_by_few(net, rows(9, width), lambda few: prepared.plain(few, parameters))


class Together(gn.Layer):
    """Carries parts of a row side by side: a register stored for the last would reach beyond it."""

    def parameters(self, x):
        return {"w": gn.Parameter((x.shape[-1], 20), "normal")}

    def formula(self, x, w):
        def step(h, x):
            z = x @ w
            after = gn.graph.concatenate(gn.graph.tanh(z + h[:, 3:23]), z[:, :12] * h[:, 20:])
            return [after], [after]

        start = gn.graph.stretch(1.0, (x.shape[0], 32), x.dtype)
        forwards, back = (
            gn.graph.scan(step, [start], [x], backwards=backwards) for backwards in (False, True)
        )
        every = forwards[1][0] + back[1][0]
        return gn.graph.concatenate(*(every[:, t] for t in range(x.shape[1])))


SEQUENCES = {
    **{f"lstm {n}": [gn.LSTM(n), gn.Dense(3, "softmax")] for n in (1, 10, 16, 33)},
    **{f"gru {n}": [gn.GRU(n), gn.Dense(3)] for n in (1, 17, 32)},
    "every step": [gn.SimpleRNN(5, return_sequences=True)],
    "both ways": [gn.Bidirectional(gn.GRU(6, return_sequences=True)), gn.LSTM(20)],
    "parts side by side": [Together()],
}


@pytest.mark.parametrize("cpu", LEVELS)
@pytest.mark.parametrize("of", SEQUENCES)
def test_few_sequences_have_the_bits_of_many(of, cpu):
    """As tables, whose lanes are the units."""
    net = gn.Network(SEQUENCES[of], input_shape=(7, 4), seed=1)
    prepared = native(net)
    prepared.cpu = cpu
    parameters = net.parameters.reading()
    assert isinstance(prepared.plain.of(1), FixedRows)
    assert_few_by_few(net, rows(19, 7, 4), lambda few: prepared.plain(few, parameters))


def test_few_sequences_are_predicted_in_steps_over_tables():
    net = gn.Network(SEQUENCES["gru 32"], input_shape=(7, 4), seed=1)
    nests = arranged(of_fixed_rows(net.prediction_program(), 1))
    (loop,) = (nest for nest in nests if isinstance(nest, Repeat))
    assert str(loop).startswith("one by one, t < 7:\n    for all, j < 96:")
    assert {lanes_of(nest) for nest in loop.nests} == {Lanes.LAST_AXIS}


@pytest.mark.parametrize(
    "layers",
    [
        [gn.Embedding(7, 5), gn.Dense(2)],
        [gn.OneHot([7]), gn.Dense(4, "tanh"), gn.Dense(1)],
    ],
    ids=["embedding", "one_hot"],
)
def test_codes_do(layers):
    shape = () if isinstance(layers[0], gn.Embedding) else (1,)
    x = gn.Input(shape, dtype="int64")
    h = x
    for layer in layers:
        h = layer(h)
    net = gn.Network(inputs=x, outputs=h, seed=0)
    codes = np.arange(7).reshape(7, *shape)
    assert_few_by_few(net, codes, net.predictor())


def test_rows_of_a_deep_table_do():
    """Of a table of several axes only the last is filled up to whole registers."""

    class Lookup(gn.Layer):
        def parameters(self, x):
            return {"table": gn.Parameter((5, 3, 7), "normal")}

        def formula(self, x, table):
            return gn.graph.take(table, x)

    x = gn.Input((), dtype="int64")
    net = gn.Network(inputs=x, outputs=gn.Dense(4)(gn.Flatten()(Lookup()(x))), seed=0)
    codes = np.arange(5)
    np.testing.assert_allclose(many(net, codes), net.predict(codes), rtol=1e-5, atol=1e-6)
    assert_few_by_few(net, codes, net.predictor())


def test_images_that_are_flattened_do():
    layers = [gn.Flatten(), gn.Dense(6, "relu"), gn.Reshape((2, 3)), gn.Flatten(), gn.Dense(4)]
    net = gn.Network(layers, input_shape=(3, 5), seed=0)
    x = rows(4, 15).reshape(4, 3, 5)
    ready = net.predictor()
    assert_few_by_few(net, x, ready)
    np.testing.assert_array_equal(ready(x[2]), ready(x[2:3])[0])


def test_an_output_of_several_axes_has_its_shape():
    net = gn.Network([gn.Dense(6), gn.Reshape((2, 1, 3))], input_shape=(4,), seed=0)
    assert net.predictor()(rows(1, 4)).shape == (1, 2, 1, 3)
    assert_few_by_few(net, rows(4, 4), net.predictor())


def test_rows_may_lie_as_they_like():
    net = dense(8, 5, 2)
    ready, x = net.predictor(), rows(3, 16)
    row = x[:1, ::2]
    expected = ready(np.ascontiguousarray(row))
    for given in (row, row.astype(float), row.tolist(), np.asfortranarray(x)[:1, ::2]):
        assert ready(given).tobytes() == expected.tobytes()
    np.testing.assert_array_equal(ready(x[0, ::2].tolist()), expected[0])


def test_an_answer_stays_as_it_was():
    net = dense(8, 5, 2)
    ready, x = net.predictor(), rows(2, 8)
    first = ready(x[:1])
    before = first.copy()
    ready(x[1:])
    np.testing.assert_array_equal(first, before)


def test_several_outputs_of_a_row_are_a_list():
    x = gn.Input((7,))
    net = gn.Network(inputs=x, outputs=[gn.Dense(2)(x), gn.Dense(1)(x)], seed=0)
    ready, row = net.predictor(), rows(1, 7)
    assert [p.shape for p in ready(row)] == [(1, 2), (1, 1)]
    assert [p.shape for p in ready(row[0])] == [(2,), (1,)]
    assert_few_by_few(net, rows(4, 7), ready)


def test_a_network_that_uses_the_size_of_the_batch_knows_that_it_is_one():
    class Share(gn.Layer):
        def formula(self, x):
            return x / gn.graph.batch_size()

    net = gn.Network([gn.Dense(3), Share()], input_shape=(4,), seed=0)
    x = rows(6, 4)
    ready = net.predictor()
    np.testing.assert_allclose(ready(x[:1]), 6 * net.predict(x)[:1], rtol=1e-6)
    np.testing.assert_array_equal(ready(x), net.predict(x))


IMAGES = (np.random.default_rng(3).normal(size=(200, 9, 21)) * 50).astype("f4")
AS = {
    "as they are": lambda x: x,
    "of another kind": lambda x: x.astype("f8"),
    "bytes": lambda x: x.astype("i1"),
    "halves": lambda x: x.astype("f2"),
    "from behind": lambda x: x[::-1],
    "with gaps": lambda x: np.repeat(x, 2, axis=2)[:, :, ::2],
    "by columns": np.asfortranarray,
    "other byte order": lambda x: x.astype(">f4"),
}


@pytest.mark.parametrize("given", AS)
@pytest.mark.parametrize("n", [1, 16, 17, 31, 32, 33, 200])
@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_as_tables_have_the_bits_of_lanes(given, n, threads):
    """A network with weights enough, and rows of several axes whose last is no whole register."""
    layers = [gn.Flatten(), gn.Dense(130, "relu"), gn.Dense(3, "softmax")]
    net = gn.Network(layers, input_shape=(9, 21), seed=0)
    ready = find("native", threads).predictor(net.prediction_program())
    x, parameters = AS[given](IMAGES)[:n], net.parameters.reading()
    (expected,) = ready.predict([x], parameters)
    found = ready.plain(x, parameters)
    if given == "other byte order" and found is None:
        found = net.predict(x)
    assert found.tobytes() == expected.tobytes()


def test_large_networks_predict_in_blocks_as_tables():
    """Or the test above would compare lanes with lanes."""
    from glassnet.engines.native.blocks import blocks_of_tables

    assert blocks_of_tables(dense(189, 130, 3).prediction_program(), 1, None) is not None
    assert blocks_of_tables(dense(10, 10).prediction_program(), 1, None) is None


def images_with_weights_enough():
    images = [gn.Conv2D(8, 3), gn.Conv2D(16, 3, padding="same"), gn.Flatten()]
    layers = [*images, gn.Dense(30, "relu"), gn.Dense(3, "softmax")]
    return gn.Network(layers, input_shape=(9, 9, 1), seed=0)


def test_networks_that_use_weights_again_at_each_place_predict_in_lanes():
    from glassnet.engines.native.blocks import blocks_of_tables, weights_of

    program = images_with_weights_enough().prediction_program()
    assert weights_of(program) > 20_000
    assert blocks_of_tables(program, 1, None) is None


@pytest.mark.parametrize("n", [1, 3, 8, 9, 16, 17, 300])
def test_few_images_have_the_bits_of_many(n):
    net = images_with_weights_enough()
    ready = find("native", 1).predictor(net.prediction_program())
    x = np.random.default_rng(0).normal(size=(300, 9, 9, 1)).astype("f4")
    (expected,) = ready.predict([x], net.parameters.reading())
    assert ready.plain(x[:n], net.parameters.reading()).tobytes() == expected[:n].tobytes()
