"""Predictions by NumPy, by native code in blocks, and row by row are the same numbers."""

import copy

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import DataError, UnsupportedError


def network():
    layers = [gn.Dense(10, "relu"), gn.Dropout(0.5), gn.Dense(3, "softmax")]
    return gn.Network(layers, input_shape=(7,), seed=4)


X = np.random.default_rng(0).normal(size=(30_001, 7))


def test_many_rows_equal_few_rows():
    net = network()
    few = np.concatenate([net.predict(X[i : i + 1000]) for i in range(0, len(X), 1000)])
    np.testing.assert_allclose(net.predict(X), few, rtol=1e-5, atol=1e-6)


def test_a_predictor_gives_what_predict_gives():
    net = network()
    ready = net.predictor()
    np.testing.assert_allclose(ready(X[:1]), net.predict(X[:1]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ready(X[0]), net.predict(X[:1])[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ready(X[:50]), net.predict(X[:50]), rtol=1e-5, atol=1e-6)


def codes_of(length):
    codes = gn.Input((length,), dtype="int64")
    return gn.Network(inputs=codes, outputs=gn.Dense(2)(gn.LSTM(3)(gn.Embedding(9, 4)(codes))))


@pytest.mark.parametrize("length", [1, 9, 40])  # a block holds 16 rows
def test_a_single_row_of_a_sequence_is_one_row_however_long(length):
    rng = np.random.default_rng(0)
    codes, numbers = rng.integers(0, 9, (3, length)), rng.normal(size=(3, length, 4))
    recurrent = gn.Network([gn.LSTM(3, return_sequences=True)], input_shape=(length, 4))
    for net, x in ((codes_of(length), codes), (recurrent, numbers), (recurrent, numbers[::2])):
        ready, expected = net.predictor(), net.predict(x)
        for given in (x[0], x[:1], x[0].tolist(), x[0].astype("f4").astype(x.dtype)):
            found = np.asarray(ready(given)).reshape(expected[0].shape)
            np.testing.assert_allclose(found, expected[0], rtol=1e-5, atol=1e-6)
        assert ready(x[0]).shape == expected.shape[1:]


def test_code_for_blocks_is_given_one_row_where_there_is_one(monkeypatch):
    """More than it has room for would be written behind its arrays."""
    from glassnet.engines.native import plain_rows

    def no_table(rows, n):
        raise UnsupportedError("as of a program that is none of tables")

    monkeypatch.setattr(plain_rows.PlainRows, "_fixed", no_table)
    seen, steps = [], plain_rows.StagedRows._steps
    monkeypatch.setattr(plain_rows.StagedRows, "_steps",
                        lambda self, n: (seen.append(n), steps(self, n)))  # fmt: skip
    net = gn.Network([gn.LSTM(3)], input_shape=(12, 4))
    net.predictor()(np.ones((12, 4)))
    assert seen == [1]


def test_a_predictor_keeps_its_parameters():
    net = network()
    ready, before = net.predictor(), net.predict(X[:1])
    net.parameters["dense.weight"] = np.zeros((7, 10))
    np.testing.assert_allclose(ready(X[:1]), before, rtol=1e-5, atol=1e-6)


def test_a_later_predictor_leaves_an_earlier_one_alone():
    net = network()
    first, before = net.predictor(), net.predict(X[:1])
    net.parameters["dense.weight"] = np.zeros((7, 10))
    second, after = net.predictor(), net.predict(X[:1])
    np.testing.assert_allclose(second(X[:1]), after, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(first(X[:1]), before, rtol=1e-5, atol=1e-6)


def test_several_outputs_come_as_a_list():
    x = gn.Input((7,))
    net = gn.Network(inputs=x, outputs=[gn.Dense(2)(x), gn.Dense(1)(x)])
    shapes = [p.shape for p in net.predict(X)]
    assert shapes == [(30_001, 2), (30_001, 1)]
    assert [p.shape for p in net.predictor()(X[:3])] == [(3, 2), (3, 1)]


def test_small_networks_are_worked_on_in_larger_blocks():
    from glassnet.engines.native.blocks import block_of

    def block(*sizes):
        layers = [gn.Dense(n) for n in sizes[1:]]
        return block_of(gn.Network(layers, input_shape=sizes[:1]).prediction_program())

    assert (block(10, 10, 10, 1), block(30, 20, 20, 1)) == (4096, 1024)
    assert block(784, 128, 10) == 256
    assert (
        block_of(gn.Network([gn.Activation("relu")], input_shape=(3,)).prediction_program()) == 4096
    )


def test_several_inputs_come_by_name_or_as_a_list():
    code, x = gn.Input((), dtype="int64", name="code"), gn.Input((4,), name="x")
    h = gn.Concatenate()(gn.Embedding(5, 3)(code), x)
    net = gn.Network(inputs=[code, x], outputs=gn.Dense(2)(h), seed=0)
    ready, codes, rows = net.predictor(), np.array([1, 2, 3]), X[:3, :4]
    for given in ({"code": codes, "x": rows}, [codes, rows]):
        np.testing.assert_allclose(ready(given), net.predict(given), rtol=1e-5, atol=1e-6)


def test_lists_of_different_lengths_are_no_rows():
    ready = gn.Network([gn.Dense(2)], input_shape=(2,)).predictor()
    with pytest.raises(DataError, match="Rows need one length"):
        ready([[1.0, 2.0], [3.0]])


def grown(net):
    return {name: array + 1 for name, array in net.parameters.items()}


def expected_of(arrays, x):
    return x @ arrays["dense.weight"] + arrays["dense.bias"]


@pytest.mark.parametrize("n", [1, 3, 16, 17, 1000])
@pytest.mark.parametrize("how", ["set", "held", "view", "values", "arrays", "fit", "copy"])
def test_predict_sees_every_change_of_the_weights(n, how):
    """Weights are copied only where somebody could have written, by whatever way."""
    net, x = gn.Network([gn.Dense(3)], input_shape=(4,), seed=0), np.resize(X[:, :4], (n, 4))
    held = net.parameters["dense.weight"] if how == "held" else None
    view = net.parameters["dense.weight"].T[1:] if how == "view" else None
    for _ in range(3):
        net.predict(x)
    if how == "set":
        net.parameters["dense.weight"] = grown(net)["dense.weight"]
    elif how == "held":
        held += 1
    elif how == "view":
        view *= 2
    elif how == "values":
        for array in net.parameters.values():
            array[...] += 1
    elif how == "arrays":
        net.parameters.arrays()[1][...] = 7
    elif how == "fit":
        net.fit(x, np.ones((n, 3)), loss="mse", epochs=1, verbose=0)
    else:
        net = copy.deepcopy(net)
        net.parameters["dense.bias"][...] = 5
    for _ in range(2):
        found = net.predict(x)
        np.testing.assert_allclose(found, expected_of(net.parameters, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [1, 17, 1000])
def test_a_shallow_copy_changes_the_weights_of_both(n):
    """The arrays are the same, so what one writes the other predicts with, whoever asked before."""
    net, x = gn.Network([gn.Dense(3)], input_shape=(4,), seed=0), np.resize(X[:, :4], (n, 4))
    other = copy.copy(net)
    for each in (net, other, net):
        each.predict(x)
    other.parameters["dense.bias"][...] = 5
    expected = expected_of(other.parameters, x)
    for each in (net, other):
        np.testing.assert_allclose(each.predict(x), expected, rtol=1e-4, atol=1e-5)


def test_an_inner_network_and_the_one_around_it_see_what_the_other_learns():
    inner = gn.Network([gn.Dense(2)], input_shape=(4,), seed=0, name="inner")
    at = gn.Input((4,))
    outer, x = gn.Network(inputs=at, outputs=inner(at)), X[:20, :4]
    for _ in range(2):
        assert outer.predict(x).tobytes() == inner.predict(x).tobytes()
    for one in (outer, inner):
        one.fit(x, np.ones((20, 2)), loss="mse", epochs=1, verbose=0)
        assert outer.predict(x).tobytes() == inner.predict(x).tobytes()


def test_readings_tell_whether_somebody_could_have_written():
    parameters = gn.Network([gn.Dense(3)], input_shape=(4,)).parameters
    marks = [parameters.reading().mark for _ in range(2)]
    assert marks[0] is marks[1] is not None
    held = parameters["dense.weight"]
    assert parameters.reading().mark is None
    del held
    mark = parameters.reading().mark
    assert mark is not None
    assert mark is not marks[0]
    view = memoryview(parameters["dense.bias"])
    assert parameters.reading().mark is None
    view.release()
    del view
    assert parameters.reading().mark is not None
