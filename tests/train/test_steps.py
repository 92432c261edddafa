"""Sequences with hidden steps: what losses and metrics leave out, whatever stands there."""

import copy

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.train.fit import start_slots

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

N, T, K = 20, 6, 3
RNG = np.random.default_rng(4)
X = RNG.integers(1, 9, (N, T))
X[np.arange(T) >= RNG.integers(1, T + 1, (N, 1))] = 0
SHOWN = X != 0
Y = RNG.integers(0, K, (N, T))
AMOUNTS = RNG.normal(size=(N, T, 2))
WEIGHTS = RNG.uniform(0.1, 2, N)
METRICS = ["accuracy", "log_loss", "f1", "roc_auc"]


def tagger(last=("softmax", K), *between, dtype="float64", mask_zero=True, seed=1):
    codes = gn.Input((T,), dtype="int64")
    h = gn.Embedding(9, 4, mask_zero=mask_zero)(codes)
    for layer in between:
        h = layer(h)
    return gn.Network(inputs=codes, outputs=gn.Dense(last[1], last[0])(h), seed=seed, dtype=dtype)


def fitted(net, y=Y, x=X, **settings):
    given = {"epochs": 3, "batch_size": 7, "engine": "numpy", "verbose": 0, **settings}
    return net.fit(x, y, **given)


def cross_entropies(net, x=X, y=Y):
    """-ln p[y] of every step, (N, T)."""
    return -np.log(np.take_along_axis(net.predict(x), y[..., None], -1)[..., 0])


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_loss_is_the_weighted_mean_of_the_steps_that_are_shown(weights):
    net = tagger()
    w = (np.ones(N) if weights is None else weights)[:, None] * SHOWN
    found = net.evaluate(X, Y, metrics=METRICS, sample_weight=weights, batch_size=6)
    losses = cross_entropies(net)
    assert found["loss"] == pytest.approx((w * losses).sum() / w.sum(), rel=1e-12)
    assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-12)
    right = net.predict(X).argmax(-1) == Y
    assert found["accuracy"] == pytest.approx((w * right).sum() / w.sum(), rel=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("loss", ["mean_squared_error", "sum_squared_error", "huber"])
def test_amounts_at_hidden_steps_change_no_weight_and_no_figure(loss, weights):
    other = np.where(SHOWN[..., None], AMOUNTS, 1e30)  # whose square no float32 holds
    curves, nets = [], []
    for y in (AMOUNTS, other):
        net = tagger(("linear", 2), dtype="float32")
        settings = {"loss": loss, "optimizer": gn.optim.SGD(1e-3), "sample_weight": weights}
        curves.append(fitted(net, y, metrics=["mean_absolute_error"], **settings))
        nets.append(net)
    for name in ("loss", "mean_absolute_error"):
        assert np.isfinite(curves[0][name]).all()
        assert curves[0][name] == curves[1][name]
    for one, two in zip(*(net.parameters.values() for net in nets), strict=True):
        np.testing.assert_array_equal(one, two)


def test_sum_of_squares_is_over_the_steps_that_are_shown():
    net = tagger(("linear", 2))
    squares = ((net.predict(X) - AMOUNTS) ** 2).sum(-1)
    found = net.evaluate(X, AMOUNTS, loss="sum_squared_error", batch_size=6)
    assert found["loss"] == pytest.approx(squares[SHOWN].sum(), rel=1e-12)


def test_figures_of_all_rows_at_once_are_those_of_the_steps_one_below_another():
    net = tagger()
    found = net.evaluate(X, Y, metrics=METRICS, sample_weight=WEIGHTS)
    steps, weights = net.predict(X)[SHOWN], np.repeat(WEIGHTS, SHOWN.sum(1))
    for name, metric in (("f1", gn.metrics.F1()), ("roc_auc", gn.metrics.RocAuc())):
        expected = metric.score(Y[SHOWN], steps, weights)
        assert found[name] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_figures_of_an_epoch_count_steps_and_not_batches(weights):
    net = tagger()
    settings = {"epochs": 1, "optimizer": gn.optim.SGD(1e-300), "sample_weight": weights}
    history = fitted(net, metrics=METRICS, validation_data=(X, Y, weights), **settings)
    found = net.evaluate(X, Y, metrics=METRICS, sample_weight=weights)
    for name, value in found.items():
        assert history[name][0] == pytest.approx(value, rel=1e-12), name
        assert history[f"val_{name}"][0] == pytest.approx(value, rel=1e-12), name


def test_engines_agree():
    curves = {}
    net = tagger(("softmax", K), gn.LSTM(5, return_sequences=True))
    nets = {engine: copy.deepcopy(net) for engine in ("numpy", "native")}
    for engine, one in nets.items():
        curves[engine] = fitted(one, engine=engine, metrics=["accuracy"], sample_weight=WEIGHTS)
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(*(curve[name] for curve in curves.values()), rtol=1e-10)
    for one, two in zip(*(n.parameters.values() for n in nets.values()), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_rows_of_which_all_steps_are_hidden_count_nothing(engine):
    x, y = np.concatenate([X, np.zeros((9, T), int)]), np.concatenate([Y, Y[:9]])
    net, same = tagger(), tagger()
    history = fitted(net, y, x, shuffle=False, batch_size=10, engine=engine, metrics=METRICS[:2])
    alone = fitted(same, shuffle=False, batch_size=10, engine=engine, metrics=METRICS[:2])
    for name in ("loss", "log_loss"):
        assert history[name][0] == pytest.approx(alone[name][0], rel=1e-12)
    assert history.steps[2] == 0  # a batch of such rows alone
    everything = net.evaluate(x, y, metrics=METRICS)
    for name, value in net.evaluate(X, Y, metrics=METRICS).items():
        assert everything[name] == pytest.approx(value, rel=1e-12)


def test_a_batch_that_hides_everything_changes_nothing():
    net = tagger()
    before = {name: array.copy() for name, array in net.parameters.items()}
    history = fitted(net, x=0 * X, optimizer="sgd", metrics=["accuracy"])
    assert history["loss"] == [0, 0, 0] == history["accuracy"]
    for name, array in net.parameters.items():
        np.testing.assert_array_equal(array, before[name])


def test_several_outputs_are_masked_each_by_its_own():
    codes = gn.Input((T,), dtype="int64")
    h = gn.Embedding(9, 4, mask_zero=True)(codes)
    tags = gn.Dense(K, "softmax", name="tags")(h)
    kind = gn.Dense(1, name="kind")(gn.LSTM(3)(h))
    net = gn.Network(inputs=codes, outputs=[tags, kind], seed=1, dtype="float64")
    y = {"tags": Y, "kind": AMOUNTS[:, 0, :1]}
    settings = {"metrics": {"tags": ["accuracy", "f1"], "kind": ["mean_absolute_error"]}}
    found = net.evaluate(X, y, **settings, batch_size=6)
    p, amount = net.predict(X)
    losses = -np.log(np.take_along_axis(p, Y[..., None], -1)[..., 0])
    squares = (amount - y["kind"]) ** 2
    assert found["tags_loss"] == pytest.approx(losses[SHOWN].mean(), rel=1e-12)
    assert found["kind_loss"] == pytest.approx(squares.mean(), rel=1e-12)
    assert found["loss"] == pytest.approx(found["tags_loss"] + found["kind_loss"], rel=1e-12)
    assert found["tags_accuracy"] == pytest.approx((p.argmax(-1) == Y)[SHOWN].mean(), rel=1e-12)
    once = {"epochs": 1, "optimizer": gn.optim.SGD(1e-300), "batch_size": 6, "verbose": 0}
    history = net.fit(X, y, **settings, **once)
    for name in ("tags_accuracy", "tags_f1", "kind_mean_absolute_error"):
        assert history[name][0] == pytest.approx(found[name], rel=1e-12)


def test_attention_hands_on_the_mask_of_its_queries_alone():
    answers, codes = gn.Input((T,), dtype="int64"), gn.Input((T,), dtype="int64")
    a = gn.Embedding(9, 4, mask_zero=True)(answers)
    c = gn.Embedding(9, 4, mask_zero=True)(codes)
    h = gn.MultiHeadAttention(2, 2)(a, c, codes)
    outputs = gn.Dense(K, "softmax")(h)
    net = gn.Network(inputs=[answers, codes], outputs=outputs, seed=1, dtype="float64")
    given = [X, X[::-1]]
    losses = cross_entropies(net, given)
    assert net.evaluate(given, Y)["loss"] == pytest.approx(losses[SHOWN].mean(), rel=1e-12)


def test_functions_of_ones_own_give_a_number_for_each_step():
    def squares(y, p):
        return (y - p) ** 2

    net = tagger(("linear", 2))
    expected = ((net.predict(X) - AMOUNTS) ** 2).mean(-1)[SHOWN].mean()
    found = net.evaluate(X, AMOUNTS, loss=squares, metrics=[squares])
    assert found == pytest.approx({"loss": expected, "squares": expected}, rel=1e-12)


@pytest.mark.parametrize("axes", [(1, 2), (0, 1, 2)])
def test_what_mixes_the_steps_is_refused(axes):
    def mixed(y, p):
        return g.mean((y - p) ** 2, axis=axes)

    net = tagger(("linear", 2))
    for settings in ({"loss": mixed}, {"metrics": [mixed]}):
        with pytest.raises(SettingError, match=r"'mixed' gives .*a number for each step, \(B, 6\)"):
            fitted(net, AMOUNTS, **settings)


def test_lbfgs_minimises_the_same_loss():
    net = tagger()
    history = fitted(net, optimizer="lbfgs", batch_size=None, metrics=["accuracy"])
    same = tagger()
    assert history["loss"][0] == pytest.approx(same.evaluate(X, Y)["loss"], rel=1e-12)
    assert history["loss"][2] < history["loss"][0]


def test_checkpoint_in_the_midst_of_an_epoch_goes_on_with_the_same_figures(tmp_path):
    class Break(gn.callbacks.Callback):
        def on_step_end(self, run):
            if run.step == 4:
                raise KeyboardInterrupt

    whole = fitted(tagger(), metrics=["accuracy"], epochs=2)
    halves = tagger()
    save = gn.callbacks.Checkpoint(tmp_path, every_steps=1)
    with pytest.raises(KeyboardInterrupt):
        fitted(halves, metrics=["accuracy"], epochs=2, callbacks=[save, Break()])
    again = tagger()
    save = gn.callbacks.Checkpoint(tmp_path, every_steps=1)
    history = fitted(again, metrics=["accuracy"], epochs=2, callbacks=[save])
    assert history["loss"] == whole["loss"]
    assert history["accuracy"] == whole["accuracy"]


@pytest.mark.parametrize("loss", ["mean_squared_error", "sum_squared_error"])
def test_whole_script_prints_the_figures_of_a_fit(loss, capsys):
    net = tagger(("linear", 2), dtype="float32")
    settings = {"loss": loss, "optimizer": gn.optim.SGD(0.01), "metrics": ["mean_absolute_error"]}
    text = net.training_program(**settings, batch_size=7).source("numpy", whole=True)
    history = fitted(net, AMOUNTS, epochs=10, **settings)
    scope = {"__name__": "script"}
    exec(text, scope)
    scope["train"](x=X, y=AMOUNTS)
    lines = capsys.readouterr().out.splitlines()
    last = f"loss {history['loss'][-1]:.4f}  mean_absolute_error "
    assert lines[-1] == f"epoch 10/10  {last}{history['mean_absolute_error'][-1]:.4f}"


def bits(threads):
    """The weights after some steps of 70 of 150 rows, hidden ones among them."""
    native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is missing")
    net = tagger(("softmax", K), gn.GRU(5, return_sequences=True), dtype="float32")
    program = net.training_program(metrics=["accuracy"], y=Y)
    arrays = [a.copy() for a in [*dict(net.parameters).values(),
                                 *start_slots(net, program).values()]]  # fmt: skip
    x, y = np.tile(X, (8, 1))[:150], np.tile(Y, (8, 1))[:150]
    given = work.stretch(program, [x, y], arrays, 150, 70, (0, 6))
    results = native.NativeEngine(threads).trainer(program).run(given, lambda: False)
    return [a.tobytes() for a in [results, *arrays]]


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit(threads):
    assert bits(threads) == bits(1)
