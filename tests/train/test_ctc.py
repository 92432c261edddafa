"""Rows of labels without places: how they are given, what is refused, both engines."""

import copy
import itertools

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet.errors import DataError, SettingError, ShapeError
from glassnet.nn.parameters import Reading
from glassnet.train.fit import start_slots

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(5)
STEPS = 12
X = RNG.normal(size=(30, STEPS, 3))
Y = np.full((30, 4), -1)
for labels in Y:
    kept = RNG.integers(0, 5)
    labels[:kept] = RNG.integers(1, 5, kept)
CTC = gn.losses.CTC(length=4)


def network(*before, classes=5, last="softmax", dtype="float64"):
    layers = [*before, gn.Dense(classes, last)]
    return gn.Network(layers, input_shape=(STEPS, 3), seed=1, dtype=dtype)


def fitted(net, y=Y, loss=CTC, **settings):
    given = {"epochs": 1, "engine": "numpy", "verbose": 0, **settings}
    return net.fit(X[: len(y)], y, loss=loss, **given)


@pytest.mark.parametrize("make", [
    lambda: gn.LSTM(6, return_sequences=True),
    lambda: gn.Conv1D(6, 3, activation="tanh", padding="same"),
], ids=["lstm", "convolution"])  # fmt: skip
def test_engines_agree(make):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    net = network(make())
    nets = {engine: copy.deepcopy(net) for engine in ("numpy", "native")}
    curves = [fitted(n, engine=e, epochs=20)["loss"] for e, n in nets.items()]
    np.testing.assert_allclose(*curves, rtol=1e-10)
    for one, other in zip(*(n.parameters.values() for n in nets.values()), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-11)


class LogAddExp(gn.Layer):
    """Of the first two columns, at the ends of what a float holds as well."""

    def formula(self, x):
        return gn.graph.logaddexp(x[:, :1], x[:, 1:2])


def test_engines_agree_on_logaddexp_at_the_ends():
    native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is missing")
    ends = [-np.inf, -1e30, -1e4, -1.0, 0.0, 1.0, 1e4, 1e30, np.inf]
    x = np.array(list(itertools.product(ends, ends)))
    program = gn.Network([LogAddExp()], input_shape=(2,), dtype="float64").prediction_program()
    (found,) = native.NativeEngine().predictor(program).predict([x], Reading([]))
    np.testing.assert_allclose(found[:, 0], np.logaddexp(*x.T), rtol=1e-14)


def bits(threads=1, cpu=None):
    """The weights after some steps of 70 of 150 rows."""
    native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is missing")
    net = network(gn.LSTM(6, return_sequences=True), dtype="float32")
    program = net.training_program(loss=CTC, optimizer="adam")
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    x, y = np.tile(X, (5, 1, 1)).astype("f4"), np.tile(Y, (5, 1))
    given = work.stretch(program, [x, y], arrays, 150, 70, (0, 6))
    native.NativeEngine(threads, cpu).trainer(program).run(given, lambda: False)
    return [a.tobytes() for a in arrays]


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit(threads):
    assert bits(threads) == bits()


@pytest.mark.parametrize(("level", "feature"), [
    ("x86-64-v2", "sse4.2"), ("x86-64-v3", "avx2"), ("x86-64-v4", "avx512f"),
])  # fmt: skip
def test_levels_of_the_cpu_do_not_change_a_bit(level, feature):
    llvm = pytest.importorskip("llvmlite.binding", reason="llvmlite is not installed")
    if not llvm.get_host_cpu_features().get(feature, False):
        pytest.skip(f"this CPU has no {level}")
    assert bits(cpu=level) == bits()


def test_derived_gradient_of_a_network_is_right():
    net = network(gn.SimpleRNN(4, return_sequences=True))
    assert gn.checks.check_gradients(net, X[:5], Y[:5], loss=CTC).worst < 1e-6


def test_one_row_is_its_part_of_the_batch():
    net = network()
    rows = [net.evaluate(X[i : i + 1], Y[i : i + 1], loss=CTC)["loss"] for i in range(6)]
    assert net.evaluate(X[:6], Y[:6], loss=CTC)["loss"] == pytest.approx(np.mean(rows))


def test_labels_may_fill_fewer_columns_and_length_changes_nothing():
    net = network()
    narrow = np.array([[1, 2], [3, -1]])
    wide = np.array([[1, 2, -1, -1], [3, -1, -1, -1]])
    given = [(narrow, CTC), (wide, CTC), (narrow, "ctc"), (narrow, gn.losses.CTC(length=2))]
    found = [net.evaluate(X[:2], y, loss=loss)["loss"] for y, loss in given]
    np.testing.assert_allclose(found, found[0], rtol=1e-12)


def spelt(path):
    return [int(c) for c, _ in itertools.groupby(path) if c]


def test_it_learns_to_spell():
    words = np.array([[1, 2, 2], [2, 1, -1], [1, -1, -1], [2, 2, 1]])
    heard = np.repeat(np.where(words < 0, 0, words), 4, axis=1)  # (4, 12)
    heard[:, 3::4] = 0  # silence behind each
    net = network(gn.Dense(6, "tanh"), classes=3)
    x = np.eye(3)[heard]
    net.fit(x, words, loss="ctc", optimizer=gn.optim.Adam(0.05), epochs=150, verbose=0)
    found = [spelt(path) for path in net.predict(x).argmax(-1)]
    assert found == [[label for label in word if label > 0] for word in words.tolist()]


def test_it_is_kept_with_the_network(tmp_path):
    net = network()
    fitted(net)
    net.save(tmp_path / "spoken.glassnet")
    again = gn.load(tmp_path / "spoken.glassnet")
    assert again.evaluate(X, Y) == net.evaluate(X, Y) == net.evaluate(X, Y, loss=CTC)


@pytest.mark.parametrize(("y", "message"), [
    ([[1, 2, 3, 5]], "y: row 0 has the label 5, but the output has 5 classes: the blank 0"),
    ([[1, -1], [-2, -1]], "row 1 has the label -2"),
    ([[1, 0, 2]], "row 0 has the label 0, which is the blank. Count labels from 1"),
    ([[1, -1, 2]], "row 0 has labels behind a -1. Give its labels first"),
    ([[1.5, 2.0]], "must hold labels 1, 2, ..., got fractions"),
])  # fmt: skip
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises(DataError, match=message):
        fitted(network(), np.array(y))


@pytest.mark.parametrize(("y", "message"), [
    ([[1, 2, 1], [1, 2, 3]], None),
    ([[1, 2, 1], [1, 1, 2]], "row 1 has 3 labels, which take 4 steps .*, but the output has 3"),
    ([[1, 1, -1], [1, -1, -1]], None),
])  # fmt: skip
def test_more_labels_than_the_steps_can_spell_are_refused_with_both_lengths(y, message):
    net = gn.Network([gn.Dense(5, "softmax")], input_shape=(3, 3))
    x, y = X[:2, :3], np.array(y)
    if message is None:
        assert np.isfinite(net.evaluate(x, y, loss="ctc")["loss"])
        return
    with pytest.raises(DataError, match=message):
        net.fit(x, y, loss="ctc", verbose=0)


def test_more_columns_than_the_length_are_refused():
    with pytest.raises(ShapeError, match=r"takes \(n, 2\)\. A row has its labels, then -1; `len"):
        fitted(network(), Y, gn.losses.CTC(length=2))


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: fitted(network(gn.LSTM(4))), ShapeError, "CTC: the output is a softmax for each"),
    (lambda: fitted(network(last="linear")), SettingError, r"End in gn.Dense\(5, 'softmax'\)"),
    (lambda: fitted(network(), class_weight="balanced"), SettingError,
     "class_weight needs one class a row, and ctc takes a row of labels"),
    (lambda: fitted(network(), metrics=["accuracy"]), SettingError,
     "accuracy compares an answer with each target, and the labels of ctc have no steps"),
    (lambda: gn.losses.CTC(length=0), SettingError, "CTC: length must be 1 or more, got 0"),
])  # fmt: skip
def test_what_it_is_not_made_for_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# Rows of unequal lengths: a mask says where the frames of each end.

LENGTHS = RNG.integers(8, STEPS + 1, len(X))
CUT = np.where(np.arange(STEPS)[:, None] < LENGTHS[:, None, None], X, 0)


def masked(*between, dtype="float64"):
    layers = [gn.Masking(), *between, gn.Dense(5, "softmax")]
    return gn.Network(layers, input_shape=(STEPS, 3), seed=1, dtype=dtype)


def test_hidden_steps_are_as_if_they_were_not_there():
    net = masked()
    alone = []
    for x, y, length in zip(X, Y, LENGTHS, strict=True):
        short = gn.Network([gn.Dense(5, "softmax")], input_shape=(int(length), 3), dtype="float64")
        short.parameters["dense.weight"] = net.parameters["dense.weight"]
        alone.append(short.evaluate(x[None, :length], y[None], loss=CTC)["loss"])
    assert net.evaluate(CUT, Y, loss=CTC)["loss"] == pytest.approx(np.mean(alone), rel=1e-12)
    with_gaps = np.insert(X[:, :4], [1, 3], 0, axis=1)  # in the midst of a row as well
    net = gn.Network([gn.Masking(), gn.Dense(3, "softmax")], input_shape=(6, 3), dtype="float64")
    same = gn.Network([gn.Dense(3, "softmax")], input_shape=(4, 3), dtype="float64")
    same.parameters["dense.weight"] = net.parameters["dense.weight"]
    y = np.tile([[1, 2]], (len(X), 1))
    expected = same.evaluate(X[:, :4], y, loss="ctc")["loss"]
    assert net.evaluate(with_gaps, y, loss="ctc")["loss"] == pytest.approx(expected, rel=1e-12)


def test_engines_agree_on_rows_of_unequal_lengths():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    net = masked(gn.GRU(4, return_sequences=True))
    nets = {engine: copy.deepcopy(net) for engine in ("numpy", "native")}
    weights = RNG.uniform(0.5, 2, len(X))
    settings = {"loss": CTC, "epochs": 5, "verbose": 0, "sample_weight": weights}
    curves = [one.fit(CUT, Y, engine=e, **settings)["loss"] for e, one in nets.items()]
    np.testing.assert_allclose(*curves, rtol=1e-10)


def test_derived_gradient_with_a_mask_is_right():
    net = masked(gn.SimpleRNN(4, return_sequences=True))
    assert gn.checks.check_gradients(net, CUT[:5], Y[:5], loss=CTC).worst < 1e-6


def test_a_mask_that_shows_less_than_the_labels_take_is_refused_with_its_row():
    x, y = CUT.copy(), Y.copy()
    x[3, 2:], y[3] = 0, [1, 1, 2, -1]
    message = r"The mask of .*x.*, row 3 shows 2 steps fewer than its labels take"
    net = masked()
    with pytest.raises(DataError, match=message):
        net.evaluate(x, y, loss=CTC)
    with pytest.raises(DataError, match=message):
        net.fit(x, y, loss=CTC, verbose=0)
    x[3, 3], y[3] = X[3, 3], [1, 3, 2, -1]  # three steps
    x[4], y[4] = 0, -1  # nothing to hear, and nothing said
    assert np.isfinite(net.evaluate(x, y, loss=CTC)["loss"])
    history = net.fit(x, y, loss=CTC, epochs=2, verbose=0)
    assert np.isfinite(history["loss"]).all()


# The labels that the likeliest path spells.


def test_greedy_decoding_spells_the_likeliest_path():
    p = RNG.dirichlet(np.ones(4), size=(50, 9))
    lengths = RNG.integers(0, 10, 50)
    found = gn.losses.ctc_decode(p, lengths)
    for row, q, length in zip(found, p, lengths, strict=True):
        expected = spelt(q[:length].argmax(-1))
        assert row.tolist() == expected + [-1] * (found.shape[1] - len(expected))
    np.testing.assert_array_equal(gn.losses.ctc_decode(np.log(p), lengths), found)
    whole = gn.losses.ctc_decode(p)
    assert [row[row > 0].tolist() for row in whole] == [spelt(q.argmax(-1)) for q in p]


def test_greedy_decoding_of_silence_gives_no_columns():
    assert gn.losses.ctc_decode(np.eye(3)[np.zeros((2, 4), int)]).shape == (2, 0)


@pytest.mark.parametrize(("p", "lengths", "error", "message"), [
    (np.ones((4, 3)), None, ShapeError, r"\(B, T, classes\) with class 0 the blank, got \(4, 3\)"),
    (np.ones((2, 4, 1)), None, ShapeError, r"got \(2, 4, 1\)"),
    (np.ones((2, 4, 3)), [4], ShapeError, r"lengths \(1,\) must be one number for each row, \(2,"),
    (np.ones((2, 4, 3)), [4, 5], DataError, "whole numbers from 0 to the 4 steps"),
    (np.ones((2, 4, 3)), [4.0, 2.5], DataError, r"mask \(B, T\) it is mask.sum\(axis=1\)"),
])  # fmt: skip
def test_what_cannot_be_decoded_is_refused(p, lengths, error, message):
    with pytest.raises(error, match=message):
        gn.losses.ctc_decode(p, lengths)
