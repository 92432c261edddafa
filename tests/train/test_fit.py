"""fit, evaluate, predict: every argument does what it says, against sums made by hand."""

import numpy as np
import pytest
from train.small import (
    ENGINE,
    KIND,
    SIZE,
    YES,
    N,
    X,
    classifier,
    network,
    neuron,
    same_bits,
    weights,
)

import glassnet as gn
from glassnet import graph as g
from glassnet import philox
from glassnet.data import split_rows

STILL = gn.optim.SGD(1e-30)  # the weights do not move, so figures can be made by hand


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def still(net, x, y, **settings):
    return net.fit(x, y, optimizer=STILL, epochs=1, **{**ENGINE, **settings})


def steps_by_hand(net, x, y, row_weights, *, rate, batch_size, epochs, order):
    """A neuron with sigmoid and cross-entropy, as the textbook trains it."""
    w, b = (array.astype(np.float64) for array in net.parameters.values())
    for epoch in range(epochs):
        rows = order(epoch)
        for first in range(0, len(x), batch_size):
            at = rows[first : first + batch_size]
            share = row_weights[at] / row_weights[at].sum()
            dz = (sigmoid(x[at] @ w + b) - y[at, None]) * share[:, None]
            w, b = w - rate * x[at].T @ dz, b - rate * dz.sum(axis=0)
    return w, b


def shuffled(seed):
    return lambda epoch: philox.permutation(N, seed, philox.SHUFFLE, 0, epoch)


def in_order(_epoch):
    return np.arange(N)


CLASS_WEIGHT = {0: 1.0, 1: 3.0}
SAMPLE_WEIGHT = np.linspace(0.1, 2, N)
WEIGHTED = [
    ({}, np.ones(N)),
    ({"sample_weight": SAMPLE_WEIGHT}, SAMPLE_WEIGHT),
    ({"class_weight": CLASS_WEIGHT}, np.where(YES, 3.0, 1.0)),
    ({"class_weight": [1.0, 3.0]}, np.where(YES, 3.0, 1.0)),
    ({"class_weight": "balanced"}, np.where(YES, N / (2 * YES.sum()), N / (2 * (N - YES.sum())))),
    ({"class_weight": CLASS_WEIGHT, "sample_weight": SAMPLE_WEIGHT},
     np.where(YES, 3.0, 1.0) * SAMPLE_WEIGHT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "row_weights"), WEIGHTED, ids=[str(list(w)) for w, _ in WEIGHTED]
)
@pytest.mark.parametrize(
    ("batch_size", "shuffle"), [(None, True), (10, True), (10, False), (1, True)]
)
def test_steps_are_those_of_the_textbook(given, row_weights, batch_size, shuffle):
    net = neuron(dtype="float64", seed=4)
    order = shuffled(4) if shuffle and batch_size else in_order
    expected = steps_by_hand(net, X, YES, row_weights, rate=0.5, batch_size=batch_size or N,
                             epochs=3, order=order)  # fmt: skip
    net.fit(X, YES, optimizer=gn.optim.SGD(0.5), epochs=3, batch_size=batch_size, shuffle=shuffle,
            **given, **ENGINE)  # fmt: skip
    for array, other in zip(net.parameters.values(), expected, strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-11)


@pytest.mark.parametrize("batch_size", [None, 5, 10, 36, 37, 1000])
def test_epoch_is_the_mean_over_rows_though_the_last_batch_is_smaller(batch_size):
    net = network(gn.Dense(4, "tanh"), gn.Dense(1, "sigmoid"), dtype="float64")
    metrics = ["accuracy", "mean_absolute_error", "root_mean_squared_error", "roc_auc", "f1"]
    history = still(net, X, YES, metrics=metrics, batch_size=batch_size)
    found = net.evaluate(X, YES, metrics=metrics)
    p = net.predict(X)[:, 0]
    by_hand = {
        "loss": -np.mean(YES * np.log(p) + (1 - YES) * np.log(1 - p)),
        "accuracy": np.mean((p > 0.5) == YES),
        "mean_absolute_error": np.mean(np.abs(p - YES)),
        "root_mean_squared_error": np.sqrt(np.mean((p - YES) ** 2)),
    }
    for name, value in found.items():
        assert history[name][0] == pytest.approx(value, rel=1e-12), name
        assert value == pytest.approx(by_hand.get(name, value), rel=1e-12), name
    assert len(history.steps) == -(-N // min(batch_size or N, N))


@pytest.mark.parametrize("batch_size", [None, 10])
def test_sum_of_squares_of_an_epoch_is_the_sum_over_rows(batch_size):
    net = neuron("linear", dtype="float64")
    history = still(net, X, SIZE, loss="sum_squared_error", batch_size=batch_size)
    expected = np.sum((net.predict(X)[:, 0] - SIZE) ** 2)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert net.evaluate(X, SIZE, loss="sum_squared_error", batch_size=8)["loss"] == pytest.approx(
        expected, rel=1e-12
    )


@pytest.mark.parametrize("batch_size", [4096, 8])
def test_evaluation_is_weighted_over_all_rows_together(batch_size):
    net = neuron(dtype="float64")
    found = net.evaluate(
        X, YES, sample_weight=SAMPLE_WEIGHT, metrics=["accuracy"], batch_size=batch_size
    )
    p = net.predict(X)[:, 0]
    rows = -(YES * np.log(p) + (1 - YES) * np.log(1 - p))
    assert found["loss"] == pytest.approx(np.average(rows, weights=SAMPLE_WEIGHT), rel=1e-12)
    right = np.average((p > 0.5) == YES, weights=SAMPLE_WEIGHT)
    assert found["accuracy"] == pytest.approx(right, rel=1e-12)


def test_penalty_is_trained_on_but_not_evaluated():
    penalty = gn.regularizers.L2(0.5)
    net = network(gn.Dense(1, weight_regularizer=penalty), dtype="float64")
    history = still(net, X, SIZE)
    error = np.mean((net.predict(X)[:, 0] - SIZE) ** 2)
    extra = 0.5 * np.sum(net.parameters["dense.weight"] ** 2)
    assert history["loss"][0] == pytest.approx(error + extra, rel=1e-12)
    assert net.evaluate(X, SIZE)["loss"] == pytest.approx(error, rel=1e-12)


def two_outputs(**settings):
    x = gn.Input((3,))
    h = gn.Dense(4, "tanh")(x)
    outputs = [gn.Dense(3, "softmax", name="kind")(h), gn.Dense(1, name="size")(h)]
    return gn.Network(inputs=x, outputs=outputs, seed=2, dtype="float64", **settings)


def losses_by_hand(net, weights=(None, None)):
    kind, size = net.predict(X)
    rows = -np.log(kind[np.arange(N), KIND]), (size[:, 0] - SIZE) ** 2
    return [np.average(r, weights=w) for r, w in zip(rows, weights, strict=True)]


@pytest.mark.parametrize("y", [{"kind": KIND, "size": SIZE}, [KIND, SIZE]], ids=["named", "listed"])
@pytest.mark.parametrize("shares", [{"kind": 2.0, "size": 0.5}, [2.0, 0.5], None])
def test_each_output_has_its_loss_weight_and_metrics(y, shares):
    net = two_outputs()
    metrics = {"kind": ["accuracy", "f1"], "size": "mean_absolute_error"}
    history = still(net, X, y, loss_weights=shares, metrics=metrics)
    a, b = losses_by_hand(net)
    wa, wb = (2.0, 0.5) if shares else (1.0, 1.0)
    assert history["loss"][0] == pytest.approx(wa * a + wb * b, rel=1e-12)
    names = {"kind_accuracy", "kind_f1", "size_mean_absolute_error"}
    assert names | {"loss", "learning_rate"} == set(history)


@pytest.mark.parametrize("batch_size", [4096, 8])
def test_each_output_is_evaluated_with_its_own_row_weights(batch_size):
    net = two_outputs()
    weights = {"kind": SAMPLE_WEIGHT, "size": SAMPLE_WEIGHT[::-1]}
    found = net.evaluate(
        X, {"kind": KIND, "size": SIZE}, sample_weight=weights, batch_size=batch_size
    )
    a, b = losses_by_hand(net, list(weights.values()))
    assert found == pytest.approx({"loss": a + b, "kind_loss": a, "size_loss": b}, rel=1e-12)


def test_outputs_that_begin_with_any_letter_have_their_columns():
    x = gn.Input((3,))
    net = gn.Network(inputs=x, outputs=[gn.Dense(1)(x), gn.Dense(1)(x)])
    history = still(net, X, [SIZE, SIZE], metrics="mean_absolute_error")
    assert {"dense_mean_absolute_error", "dense_1_mean_absolute_error"} <= set(history)


def test_class_weights_of_each_output():
    net = two_outputs()
    weights = {"kind": [1.0, 2.0, 0.0], "size": None}
    history = still(net, X, [KIND, SIZE], class_weight=weights, batch_size=None)
    a, b = losses_by_hand(net, [np.array(weights["kind"])[KIND], None])
    assert history["loss"][0] == pytest.approx(a + b, rel=1e-12)


def test_batch_whose_weights_are_all_zero_teaches_nothing():
    net, before = neuron(), weights(neuron())
    net.fit(X[:-1], YES[:-1], sample_weight=np.r_[1.0, np.zeros(N - 2)], batch_size=1, epochs=1,
            shuffle=False, optimizer="sgd", **ENGINE)  # fmt: skip
    moved = weights(net)
    assert not same_bits(before, moved)
    again = neuron()
    again.fit(X[:1], YES[:1], batch_size=1, epochs=1, optimizer="sgd", **ENGINE)
    assert same_bits(weights(again), moved)


def test_class_without_weight_is_left_out():
    net, other = neuron(dtype="float64"), neuron(dtype="float64")
    net.fit(X, YES, class_weight={0: 0}, batch_size=None, epochs=5, **ENGINE)
    other.fit(X[YES == 1], YES[YES == 1], batch_size=None, epochs=5, **ENGINE)
    for one, two in zip(net.parameters.values(), other.parameters.values(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12)


# Validation.
def test_validation_split_is_seeded_stratified_and_kept_out_of_training():
    kept, held = split_rows(N, 0.3, 5, KIND)
    assert sorted([*kept, *held]) == list(range(N))
    for kind in range(3):
        assert abs(np.mean(KIND[held] == kind) - np.mean(kind == KIND)) < 0.1
    net = network(gn.Dense(3, "softmax"), seed=5, dtype="float64")
    history = still(net, X, KIND, validation_split=0.3, metrics=["accuracy"])
    on_held = net.evaluate(X[held], KIND[held], metrics=["accuracy"])
    assert history["val_loss"][0] == pytest.approx(on_held["loss"], rel=1e-12)
    assert history["val_accuracy"][0] == pytest.approx(on_held["accuracy"], rel=1e-12)
    assert history["loss"][0] == pytest.approx(net.evaluate(X[kept], KIND[kept])["loss"], rel=1e-12)


def test_split_depends_on_the_seed_alone():
    one, same, other = (split_rows(N, 0.3, seed, KIND)[1].tolist() for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("y", [YES, KIND, YES.astype(float), YES[:, None], np.eye(3)[KIND]])
def test_split_keeps_the_shares_of_the_classes(y):
    labels = y.argmax(1) if y.ndim > 1 and y.shape[1] > 1 else np.ravel(y)
    _, held = split_rows(N, 0.25, 0, y)
    for label in np.unique(labels):
        assert np.sum(labels[held] == label) == round(0.25 * np.sum(labels == label))


def test_validation_data_may_be_weighted():
    net = neuron(dtype="float64")
    history = still(net, X[:20], YES[:20], validation_data=(X[20:], YES[20:], SAMPLE_WEIGHT[20:]))
    expected = net.evaluate(X[20:], YES[20:], sample_weight=SAMPLE_WEIGHT[20:])["loss"]
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-12)


def test_validation_does_not_change_the_training():
    one, other = classifier(), classifier()
    one.fit(X, YES, epochs=3, **ENGINE)
    other.fit(X, YES, epochs=3, validation_data=(X[:5], YES[:5]), metrics=["accuracy", "f1"],
              **ENGINE)  # fmt: skip
    assert same_bits(weights(one), weights(other))


# Data.
@pytest.mark.parametrize("make", [
    np.asarray, lambda a: a.tolist(), np.asfortranarray, lambda a: a.astype(np.float32),
    lambda a: np.repeat(a, 2, axis=0)[::2],
], ids=["array", "list", "fortran", "float32", "strided"])  # fmt: skip
def test_data_may_come_in_any_form(make):
    one, other = neuron(), neuron()
    one.fit(X.astype(np.float32), YES, epochs=2, **ENGINE)
    other.fit(make(X.astype(np.float32)), make(YES), epochs=2, **ENGINE)
    assert same_bits(weights(one), weights(other))


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint8, np.int64, np.float32, np.float64])
def test_targets_may_be_of_any_kind_of_number(kind):
    one, other = network(gn.Dense(2, "softmax")), network(gn.Dense(2, "softmax"))
    one.fit(X, YES, epochs=2, **ENGINE)
    other.fit(X, YES.astype(kind), epochs=2, **ENGINE)
    assert same_bits(weights(one), weights(other))


def test_target_may_be_a_column_or_not():
    one, other = neuron(), neuron()
    one.fit(X, YES, epochs=2, **ENGINE)
    other.fit(X, YES[:, None], epochs=2, **ENGINE)
    assert same_bits(weights(one), weights(other))


def test_data_are_neither_changed_nor_copied():
    x, y = X.copy(), YES.copy()
    x.setflags(write=False)
    y.setflags(write=False)
    classifier().fit(x, y, epochs=2, **ENGINE)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(("last", "y", "loss"), [
    ("sigmoid", YES, "BinaryCrossentropy"), ("linear", SIZE, "MeanSquaredError"),
    ("tanh", SIZE, "MeanSquaredError"),
])  # fmt: skip
def test_loss_belongs_to_the_last_activation(last, y, loss):
    expected, found = neuron(last), neuron(last)
    expected.fit(X, y, loss=getattr(gn.losses, loss)(), epochs=1, **ENGINE)
    found.fit(X, y, epochs=1, **ENGINE)
    assert same_bits(weights(expected), weights(found))


def test_softmax_takes_class_numbers_and_one_hot_rows():
    one, other = (network(gn.Dense(3, "softmax"), dtype="float64") for _ in range(2))
    one.fit(X, KIND, epochs=2, **ENGINE)
    other.fit(X, np.eye(3)[KIND], epochs=2, **ENGINE)
    for a, b in zip(one.parameters.values(), other.parameters.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


# Loss, optimiser and metric by name, class, object or function.
def square(y, p):
    return (p - y) ** 2


def distance(y, p):
    return g.abs(p - y)


@pytest.mark.parametrize("loss", ["mean_squared_error", gn.losses.MeanSquaredError,
                                  gn.losses.MeanSquaredError(), square])  # fmt: skip
@pytest.mark.parametrize("optimizer", ["adam", gn.optim.Adam, gn.optim.Adam(0.001)])
def test_what_is_asked_for_may_be_a_name_a_class_an_object_or_a_function(loss, optimizer):
    expected, found = neuron("linear"), neuron("linear")
    expected.fit(X, SIZE, epochs=2, **ENGINE)
    found.fit(X, SIZE, loss=loss, optimizer=optimizer, epochs=2, **ENGINE)
    for one, other in zip(expected.parameters.values(), found.parameters.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_own_metric_has_the_name_of_its_function():
    net = neuron("linear", dtype="float64")
    history = still(net, X, SIZE, metrics=[distance, "r2"], validation_split=0.2)
    assert {"distance", "val_distance", "r2", "val_r2"} <= set(history)
    assert list(history["distance"]) == pytest.approx(
        [np.mean(np.abs(net.predict(X[split_rows(N, 0.2, 1, SIZE)[0]])[:, 0]
                        - SIZE[split_rows(N, 0.2, 1, SIZE)[0]]))]
    )  # fmt: skip


# The same seed gives the same bits.
def test_same_seed_gives_the_same_bits():
    one, same, other = classifier(seed=1), classifier(seed=1), classifier(seed=2)
    histories = [net.fit(X, YES, epochs=4, **ENGINE) for net in (one, same, other)]
    assert same_bits(weights(one), weights(same))
    assert histories[0].steps == histories[1].steps != histories[2].steps


def test_every_row_is_seen_once_in_an_epoch_in_an_order_of_its_own():
    order = shuffled(3)
    assert sorted(order(0)) == list(range(N))
    assert order(0).tolist() != order(1).tolist() != list(range(N))


def test_watching_does_not_change_the_bits():
    class Watch(gn.callbacks.Callback):
        def on_step_end(self, run):
            self.seen = run.step

    plain, watched = classifier(), classifier()
    plain.fit(X, YES, epochs=3, **ENGINE)
    watch = Watch()
    watched.fit(X, YES, epochs=3, callbacks=[watch], **ENGINE)
    assert same_bits(weights(plain), weights(watched))
    assert watch.seen == 6


def test_fit_goes_on_from_the_weights_that_it_finds():
    net = neuron("linear", dtype="float64")
    first = net.fit(X, SIZE, epochs=5, optimizer=gn.optim.SGD(0.1), **ENGINE)
    second = net.fit(X, SIZE, epochs=5, optimizer=gn.optim.SGD(0.1), **ENGINE)
    assert second["loss"][0] < first["loss"][-1]
    assert len(second["loss"]) == 5


# What an optimiser adds.
def test_averages_are_what_fit_gives_back_and_validates():
    net, plain = neuron(dtype="float64"), neuron(dtype="float64")
    rate, decay = 0.5, 0.8
    average = weights(plain)
    for _ in range(6):
        plain.fit(X, YES, batch_size=None, epochs=1, optimizer=gn.optim.SGD(rate), **ENGINE)
        for name, w in plain.parameters.items():
            average[name] = average[name] + (1 - decay) * (w - average[name])
    history = net.fit(X, YES, batch_size=None, epochs=6, validation_data=(X, YES),
                      optimizer=gn.optim.SGD(rate, ema=decay), **ENGINE)  # fmt: skip
    for name, w in net.parameters.items():
        np.testing.assert_allclose(w, average[name], rtol=1e-12)
    assert history["val_loss"][-1] == pytest.approx(net.evaluate(X, YES)["loss"], rel=1e-12)


def test_constraint_holds_after_every_step():
    net = network(gn.Dense(4, weight_constraint=gn.regularizers.MaxNorm(0.3)), gn.Dense(1))
    net.fit(X, SIZE * 100, epochs=3, **ENGINE)
    lengths = np.linalg.norm(net.parameters["dense.weight"], axis=0)
    assert lengths.max() <= 0.3 * (1 + 1e-6)


def test_clipping_bounds_the_step():
    for setting in ({"clip_norm": 0.01}, {"clip_value": 0.01}):
        net, before = neuron("linear", dtype="float64"), weights(neuron("linear", dtype="float64"))
        net.fit(X, SIZE * 1e6, epochs=1, batch_size=None, optimizer=gn.optim.SGD(1.0, **setting),
                **ENGINE)  # fmt: skip
        moves = np.concatenate([(net.parameters[k] - before[k]).ravel() for k in before])
        bound = np.linalg.norm(moves) if "clip_norm" in setting else np.abs(moves).max()
        assert bound == pytest.approx(0.01, rel=1e-6)


def test_learning_rate_of_each_epoch_is_in_the_history():
    history = neuron().fit(X, YES, epochs=2, optimizer=gn.optim.SGD(0.25), **ENGINE)
    assert history["learning_rate"] == [0.25, 0.25]


# L-BFGS.
def test_lbfgs_finds_the_least_squares():
    net = neuron("linear", dtype="float64")
    history = net.fit(X, SIZE, optimizer="lbfgs", batch_size=None, epochs=30, **ENGINE)
    table = np.c_[X, np.ones(N)]
    best, *_ = np.linalg.lstsq(table, SIZE, rcond=None)
    found = np.concatenate([a.ravel() for a in net.parameters.values()])
    np.testing.assert_allclose(found, best, rtol=1e-7)
    assert (np.diff(history["loss"]) <= 1e-15).all()


def test_metrics_of_lbfgs_are_those_of_its_loss():
    net = neuron("linear", dtype="float64")
    history = net.fit(X, SIZE, optimizer="lbfgs", batch_size=None, epochs=8, **ENGINE,
                      metrics=[square, "root_mean_squared_error"])  # fmt: skip
    assert history["square"] == pytest.approx(history["loss"], rel=1e-12)
    roots = np.sqrt(history["loss"])
    assert history["root_mean_squared_error"] == pytest.approx(roots, rel=1e-12)


def test_lbfgs_with_dropout_depends_on_the_seed_alone():
    class Watch(gn.callbacks.Callback):
        def on_step_end(self, run):
            pass

    nets = [classifier(), classifier()]
    for net, callbacks in zip(nets, ([], [Watch()]), strict=True):
        net.fit(X, YES, optimizer="lbfgs", batch_size=None, epochs=6, callbacks=callbacks, **ENGINE)
    assert same_bits(*map(weights, nets))
