"""Batch normalisation: whose moments, when the running figures move, and when they do not."""

import itertools

import numpy as np
import pytest
from engines.work import stretch

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError

RNG = np.random.default_rng(5)
X, Y = RNG.normal(2, 3, (12, 3)), RNG.normal(size=(12, 1))
WEIGHTS = RNG.integers(0, 4, 12).astype(float)
ENGINES = ["numpy", pytest.param("native", marks=pytest.mark.slow)]
MEAN, VARIANCE = "batch_normalization.mean", "batch_normalization.variance"


def network(*layers, dtype="float64"):
    layers = layers or (gn.BatchNormalization(), gn.Dense(1))
    return gn.Network(layers, input_shape=(3,), dtype=dtype, seed=1)


def fit(net, x=X, y=Y, **settings):
    given = {"loss": "mse", "optimizer": gn.optim.SGD(0.1), "epochs": 1, "batch_size": None,
             "engine": "numpy", "verbose": 0, **settings}  # fmt: skip
    return net.fit(x, y, **given)


def arrays(net):
    return {name: array.copy() for name, array in net.parameters.items()}


def assert_same(one, other, tolerance=1e-12):
    for name, array in one.items():
        np.testing.assert_allclose(array, other[name], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("engine", ENGINES)
def test_running_figures_move_by_the_share_of_the_batch(engine):
    net = network(gn.BatchNormalization(0.25), gn.Dense(1))
    fit(net, engine=engine)
    np.testing.assert_allclose(net.parameters[MEAN], 0.25 * X.mean(0), rtol=1e-12)
    expected = 1 + 0.25 * (X.var(0, ddof=1) - 1)
    np.testing.assert_allclose(net.parameters[VARIANCE], expected, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_of_weight_n_count_as_n_rows(engine):
    """In whatever the gradients see; the running variance knows that they were seen once."""
    weighted, repeated = network(), network()
    counts = WEIGHTS.astype(int)
    fit(weighted, sample_weight=WEIGHTS, engine=engine)
    fit(repeated, np.repeat(X, counts, 0), np.repeat(Y, counts, 0), engine=engine)
    one, other = arrays(weighted), arrays(repeated)
    n, equal = counts.sum(), counts.sum() ** 2 / (counts**2).sum()
    biased = (other.pop(VARIANCE) - 0.9) * (n - 1) / n
    np.testing.assert_allclose(one.pop(VARIANCE), 0.9 + biased * equal / (equal - 1), rtol=1e-12)
    assert_same(one, other)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_the_ratio_of_weights_counts(engine):
    nets = [network(), network()]
    fit(nets[0], sample_weight=WEIGHTS, engine=engine)
    fit(nets[1], sample_weight=WEIGHTS * 1e-3, engine=engine)
    assert_same(*map(arrays, nets))


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_weights_are_no_weights(engine):
    nets = [network(), network()]
    fit(nets[0], engine=engine)
    fit(nets[1], sample_weight=np.full(12, 0.3), engine=engine)
    assert_same(*map(arrays, nets))


def test_weights_of_classes_weigh_the_moments():
    labels = np.arange(12) % 2
    net = network(gn.BatchNormalization(1.0), gn.Dense(1, "sigmoid"))
    fit(net, y=labels, loss="binary_crossentropy", class_weight={0: 1, 1: 3})
    mean = np.average(X, axis=0, weights=1 + 2 * labels)
    np.testing.assert_allclose(net.parameters[MEAN], mean, rtol=1e-12)


def test_of_several_outputs_weights_are_added():
    x = gn.Input((3,))
    h = gn.BatchNormalization(1.0)(x)
    net = gn.Network(inputs=x, outputs=[gn.Dense(1, name="a")(h), gn.Dense(1, name="b")(h)],
                     dtype="float64")  # fmt: skip
    other = RNG.uniform(0, 2, 12)
    fit(net, y={"a": Y, "b": Y}, sample_weight={"a": WEIGHTS, "b": other})
    mean = np.average(X, axis=0, weights=WEIGHTS + other)
    np.testing.assert_allclose(net.parameters[MEAN], mean, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_batch_without_weight_moves_nothing(engine):
    net = network()
    weights = np.r_[np.zeros(6), np.ones(6)]
    fit(net, sample_weight=weights, batch_size=6, shuffle=False, engine=engine)
    np.testing.assert_allclose(net.parameters[MEAN], 0.1 * X[6:].mean(0), rtol=1e-12)
    after = 0.9 + 0.1 * X[6:].var(0, ddof=1)
    np.testing.assert_allclose(net.parameters[VARIANCE], after, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weights", [None, np.array([0.3])])
def test_one_row_has_variance_zero_and_says_nothing_of_it(engine, weights):
    net = network()
    net.parameters[VARIANCE] = [1.0, 2, 3]
    weight = net.parameters["dense.weight"].copy()
    history = fit(net, X[:1], Y[:1], sample_weight=weights, engine=engine)
    assert history.steps == [pytest.approx(float(Y[0, 0] ** 2), rel=1e-12)]  # of shift = 0
    np.testing.assert_array_equal(net.parameters["dense.weight"], weight)
    np.testing.assert_allclose(net.parameters[MEAN], 0.1 * X[0], rtol=1e-12)
    np.testing.assert_array_equal(net.parameters[VARIANCE], [1, 2, 3])


def test_one_row_of_an_image_has_a_variance():
    x, y = RNG.normal(size=(1, 2, 2, 3)), [[1.0]]
    layers = [gn.BatchNormalization(1.0), gn.Flatten(), gn.Dense(1)]
    net = gn.Network(layers, input_shape=(2, 2, 3), dtype="float64")
    fit(net, x, y)
    np.testing.assert_allclose(net.parameters[VARIANCE], x.var((0, 1, 2), ddof=1), rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_frozen_layer_uses_its_running_figures_and_keeps_them(engine):
    net = network()
    fit(net, epochs=3)
    net.layers["batch_normalization"].trainable = False
    before = arrays(net)
    loss = net.evaluate(X, Y, loss="mse")["loss"]
    history = fit(net, epochs=2, engine=engine)
    assert history.steps[0] == pytest.approx(loss, rel=1e-10)
    for name in ("scale", "shift", "mean", "variance"):
        key = f"batch_normalization.{name}"
        np.testing.assert_array_equal(net.parameters[key], before[key])
    assert not np.array_equal(net.parameters["dense.weight"], before["dense.weight"])


def test_frozen_layer_moves_again_when_it_is_thawed():
    net = network()
    net.layers["batch_normalization"].trainable = False
    fit(net)
    net.layers["batch_normalization"].trainable = True
    fit(net)
    np.testing.assert_allclose(net.parameters[MEAN], 0.1 * X.mean(0), rtol=1e-12)


def test_prediction_of_a_row_does_not_depend_on_the_others():
    net = network()
    fit(net, epochs=3)
    np.testing.assert_allclose(net.predict(X)[4:5], net.predict(X[4:5]), rtol=1e-12)


def test_evaluation_moves_nothing():
    net = network()
    fit(net)
    before = arrays(net)
    net.evaluate(X, Y, loss="mse")
    net.predict(X)
    net.walkthrough(X, Y)
    for name, array in arrays(net).items():
        np.testing.assert_array_equal(array, before[name])


def test_shared_layer_moves_once_for_each_use():
    a, b = gn.Input((3,), name="a"), gn.Input((3,), name="b")
    norm = gn.BatchNormalization(0.5)
    out = gn.Dense(1)(gn.Concatenate()(norm(a), norm(b)))
    net = gn.Network(inputs=[a, b], outputs=out, dtype="float64")
    other = X[::-1] * 2 + 1
    fit(net, {"a": X, "b": other})
    expected = 0.5 * (0.5 * X.mean(0)) + 0.5 * other.mean(0)
    np.testing.assert_allclose(net.parameters[MEAN], expected, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_several_layers_have_figures_of_their_own(engine):
    layers = [gn.BatchNormalization(1.0), gn.Dense(4), gn.BatchNormalization(1.0), gn.Dense(1)]
    net = network(*layers)
    weight, bias = (net.parameters[f"dense.{name}"].copy() for name in ("weight", "bias"))
    fit(net, engine=engine)
    normalized = (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-5)
    np.testing.assert_allclose(net.parameters[MEAN], X.mean(0), rtol=1e-12)
    found = net.parameters["batch_normalization_1.variance"]
    expected = (normalized @ weight + bias).var(0, ddof=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_lbfgs_moves_the_running_figures_too():
    net = network()
    fit(net, optimizer="lbfgs", epochs=3)
    assert np.all(net.parameters[MEAN] > 0)


def test_average_of_weights_leaves_the_running_figures():
    net, plain = network(), network()
    fit(net, optimizer=gn.optim.SGD(0.1, ema=0.9), epochs=3)
    fit(plain, epochs=3)
    np.testing.assert_allclose(net.parameters[MEAN], plain.parameters[MEAN], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(24,), (4, 3, 2)])
def test_threads_change_no_bit(shape, monkeypatch):
    monkeypatch.setenv("GLASSNET_CACHE", "off")
    for name in ("SHARED_PRODUCTS", "SHARED_NUMBERS"):
        monkeypatch.setattr(f"glassnet.engines.native.codegen.partition.{name}", 1)
    x, y = RNG.normal(size=(301, 24)).astype("f4"), RNG.normal(size=(301, 1)).astype("f4")

    def trained(threads):
        layers = [gn.Dense(24), gn.Reshape(shape), gn.BatchNormalization(), gn.Activation("relu"),
                  gn.GaussianNoise(0.1), gn.Flatten(), gn.Dense(1)]  # fmt: skip
        net = gn.Network(layers, input_shape=(24,), seed=1)
        fit(net, x, y, engine="native", threads=threads, batch_size=100, epochs=3)
        return b"".join(array.tobytes() for array in net.parameters.values())

    alone = trained(1)
    assert [trained(threads) == alone for threads in (2, 3, 7)] == [True] * 3


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_levels_of_cpus_and_interruptions_change_no_bit(weighted):
    import llvmlite.binding as llvm

    from glassnet.engines.native.engine import NativeEngine
    from glassnet.train.fit import start_slots

    x, y = RNG.normal(size=(301, 24)).astype("f4"), RNG.normal(size=(301, 1)).astype("f4")
    given = [x, y, RNG.uniform(0, 2, 301).astype("f4")] if weighted else [x, y]

    def trained(level, threads, *cuts):
        layers = [gn.GaussianNoise(0.1), gn.Dense(40), gn.BatchNormalization(), gn.Dense(1)]
        net = gn.Network(layers, input_shape=(24,), seed=1)
        program = net.training_program(loss="mse", sample_weight=weighted)
        arrays = [a.copy() for a in [*net.parameters.arrays(), *start_slots(net, program).values()]]
        for steps in itertools.pairwise((0, *cuts, 12)):
            work = stretch(program, given, arrays, 301, 64, steps)
            NativeEngine(threads, level).trainer(program).run(work, lambda: False)
        return b"".join(array.tobytes() for array in arrays)

    features = {"x86-64-v2": "sse4.2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}
    known = llvm.get_host_cpu_features()
    levels = [level for level, feature in features.items() if known.get(feature, False)]
    found = {trained(level, threads) for level in levels for threads in (1, 2)}
    assert found == {trained(None, 1)} == {trained(None, 1, 1, 7)}


@pytest.mark.slow
def test_large_batches_are_not_cut():
    x, y = RNG.normal(size=(9000, 3)), RNG.normal(size=(9000, 1))
    nets = [network(), network()]
    for net, engine in zip(nets, ("numpy", "native"), strict=True):
        fit(net, x, y, engine=engine)
    assert_same(*map(arrays, nets), tolerance=1e-10)


def test_running_figures_are_statistics_in_the_summary():
    assert "10 trainable, 6 statistics" in network().summary()


@pytest.mark.parametrize(("settings", "message"), [
    ({"momentum": 1.5}, "momentum must be from 0 to 1, got 1.5. .*0.1 here is 0.9 in Keras"),
    ({"momentum": "0.1"}, "momentum must be from 0 to 1"),
    ({"epsilon": 0}, "epsilon must be a number above 0, got 0"),
])  # fmt: skip
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(SettingError, match=f"BatchNormalization: {message}"):
        gn.BatchNormalization(**settings)


def test_codes_cannot_be_normalised():
    with pytest.raises(ShapeError, match=r"In layer 'batch_normalization'.*only floats"):
        gn.BatchNormalization()(gn.Input((3,), dtype="int64"))


class Counting(gn.Layer):
    """A user's own: how many batches it has seen, and their largest number."""

    wrong: str = ""

    def parameters(self, x):
        return {
            "gain": gn.Parameter(x.shape[-1:], "ones"),
            "batches": gn.Parameter((1,), "zeros", trainable=False),
            "largest": gn.Parameter((1,), "zeros", trainable=False),
        }

    def formula(self, x, gain, batches, largest):
        return x * gain

    def updates(self, x, gain, batches, largest):
        if self.wrong == "weight":
            return {"gain": gain * 2}
        if self.wrong == "shape":
            return {"batches": g.mean(x, axis=0)}
        if self.wrong == "number":
            return {"batches": 3}
        if self.wrong == "order":
            return {"batches": batches + 1, "largest": largest + batches}
        return {"batches": batches + 1, "largest": g.maximum(largest, g.max(x))}


@pytest.mark.parametrize("engine", ENGINES)
def test_layer_of_a_users_own_keeps_what_it_likes(engine):
    net = network(Counting(), gn.Dense(1))
    fit(net, epochs=3, batch_size=5, engine=engine)
    assert net.parameters["counting.batches"].tolist() == [9]
    assert net.parameters["counting.largest"].tolist() == [max(0, X.max())]


def test_frozen_layer_of_a_users_own_keeps_everything():
    net = network(Counting(trainable=False), gn.Dense(1))
    fit(net, epochs=3)
    assert net.parameters["counting.batches"].tolist() == [0]


class Spread(gn.Layer):
    """Two figures that share a formula."""

    def parameters(self, x):
        return {name: gn.Parameter(x.shape[-1:], "zeros", trainable=False) for name in ("a", "b")}

    def formula(self, x, a, b):
        return x

    def updates(self, x, a, b):
        return {"a": a + g.row_mean(x, axis=0), "b": b - g.row_mean(x, axis=0)}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_figures_share_is_computed_once(engine):
    net = network(Spread(), gn.Dense(1))
    assert net.training_program(loss="mse").source().count("np.mean(x, axis=0)") == 1
    fit(net, engine=engine)
    np.testing.assert_allclose(net.parameters["spread.a"], X.mean(0), rtol=1e-12)
    np.testing.assert_allclose(net.parameters["spread.b"], -X.mean(0), rtol=1e-12)


@pytest.mark.parametrize(("wrong", "error", "message"), [
    ("weight", SettingError, "In layer 'counting': updates.. gives 'gain', .*batches, largest"),
    ("shape", ShapeError, r"updates.. gives 'batches' the shape \(3,\), and the array has \(1,\)"),
    ("number", SettingError, "'batches' as int; it must be a value of the graph"),
    ("order", SettingError, "reads 'counting.batches', which has been set before"),
])  # fmt: skip
def test_wrong_updates_are_refused_in_words(wrong, error, message):
    with pytest.raises(error, match=message):
        fit(network(Counting(wrong), gn.Dense(1)))
