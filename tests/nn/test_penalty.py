"""What a layer adds to the loss: the same as if it stood in the loss, in both engines."""

import numpy as np
import pytest
from cases.networks import BY_NAME
from cases.penalties import Sample, Sparse

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError

RNG = np.random.default_rng(5)
X, Y, W = RNG.normal(size=(24, 4)), RNG.normal(size=(24, 2)), RNG.uniform(0.1, 2, 24)
ENGINES = ["numpy", "native"]


def sparse(strength=0.1, **settings):
    layers = [gn.Dense(5, "tanh"), Sparse(strength), gn.Dense(2)]
    return gn.Network(layers, input_shape=(4,), dtype="float64", seed=1, **settings)


def by_hand(strength=0.1):
    """The same, with the active units as a second output whose mean is its loss."""
    x = gn.Input((4,))
    h = gn.Dense(5, "tanh", name="dense")(x)
    outputs = [gn.Dense(2, name="dense_1")(h), h]
    return gn.Network(inputs=x, outputs=outputs, dtype="float64", seed=1)


def activity(y, p):
    return 0.1 * g.sum(g.abs(p), axis=-1)


def active(net, x):
    """The sum of the sizes of the hidden units, row by row."""
    p = net.parameters
    return np.abs(np.tanh(x @ p["dense.weight"] + p["dense.bias"])).sum(axis=1)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_learned_from_as_from_a_loss(engine):
    net, other = sparse(), by_hand()
    other_loss = {"dense_1": "mean_squared_error", "dense": activity}
    settings = {"epochs": 5, "batch_size": 7, "engine": engine, "verbose": 0}
    history = net.fit(X, Y, loss="mean_squared_error", **settings)
    expected = other.fit(X, {"dense_1": Y, "dense": np.zeros((24, 5))}, loss=other_loss, **settings)
    np.testing.assert_allclose(history.steps, expected.steps, rtol=1e-12)
    for name, array in net.parameters.items():
        np.testing.assert_allclose(array, other.parameters[name], rtol=1e-12)


@pytest.mark.parametrize("row", ["variational", "sparse", "sparse_twice"])
def test_its_gradient_is_that_of_central_differences(row):
    net, data = BY_NAME[row].build("float64"), BY_NAME[row].data()
    assert gn.checks.check_gradients(net, data.x, data.y, loss=BY_NAME[row].loss).worst < 1e-6


@pytest.mark.parametrize("weights", [None, W])
def test_an_evaluation_has_the_whole_and_its_parts_whatever_the_batches(weights):
    net = sparse()
    error = np.mean((net.predict(X) - Y) ** 2, axis=1)
    penalty = np.average(0.1 * active(net, X), weights=weights)
    for batch_size in (5, 24, 100):
        found = net.evaluate(X, Y, loss="mse", batch_size=batch_size, sample_weight=weights)
        assert list(found) == ["loss", "dense_1_loss", "penalty"]
        assert found["penalty"] == pytest.approx(penalty, rel=1e-12)
        assert found["dense_1_loss"] == pytest.approx(np.average(error, weights=weights))
        assert found["loss"] == pytest.approx(found["dense_1_loss"] + penalty, rel=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_where_the_loss_is_a_sum_over_the_rows_so_is_it(engine):
    net = sparse()
    settings = {"loss": "sum_squared_error", "optimizer": gn.optim.SGD(1e-30)}
    history = net.fit(X, Y, epochs=1, batch_size=7, engine=engine, verbose=0, **settings)
    penalty = 0.1 * active(net, X).sum()
    found = net.evaluate(X, Y, batch_size=5)
    squares = ((net.predict(X) - Y) ** 2).sum()
    for figures in ({k: v[-1] for k, v in history.items()}, found):
        assert figures["penalty"] == pytest.approx(penalty, rel=1e-12)
        assert figures["loss"] == pytest.approx(squares + penalty, rel=1e-12)


def test_of_two_outputs_rows_count_by_both_of_their_weights():
    net, data = BY_NAME["sparse_twice"].build("float64"), BY_NAME["sparse_twice"].data()
    one, two = RNG.uniform(0.1, 2, (2, len(data.x)))
    weights = {"kind": one, "size": two}
    found = net.evaluate(data.x, data.y, loss=BY_NAME["sparse_twice"].loss, sample_weight=weights,
                         batch_size=5)  # fmt: skip
    penalty = np.average(2 * 0.1 * active(net, np.asarray(data.x)), weights=one + two)
    assert found["penalty"] == pytest.approx(penalty, rel=1e-12)
    parts = found["kind_loss"] + 0.5 * found["size_loss"]
    assert found["loss"] == pytest.approx(parts + penalty, rel=1e-12)


def marking(n_outputs):
    """Words and a class for each: of the steps only those that are no filling."""
    codes, sparse = gn.Input((5,), name="codes", dtype="int64"), Sparse()
    h = sparse(gn.Embedding(7, 4, mask_zero=True)(codes))
    names = ["kind", "other"][:n_outputs]
    outputs = [gn.Dense(3, "softmax", name=name)(h) for name in names]
    return gn.Network(inputs=codes, outputs=outputs, dtype="float64", seed=1)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("weights", [None, W])
def test_where_a_mask_hides_steps_it_counts_per_row_and_the_loss_per_step(weights, n_outputs):
    net = marking(n_outputs)
    codes, y = RNG.integers(1, 7, (24, 5)), RNG.integers(0, 3, (24, 5))
    codes[np.arange(5) > RNG.integers(0, 5, (24, 1))] = 0
    codes[7] = 0
    embedded = net.parameters["embedding.weight"][codes]
    penalty = np.average(0.1 * np.abs(embedded).sum(-1).mean(-1), weights=weights)
    of_steps = (codes != 0) * (np.ones(24) if weights is None else weights)[:, None]
    names = list(net.topology.output_names())
    found_p = net.predict(codes) if n_outputs > 1 else [net.predict(codes)]
    parts = [-np.log(np.take_along_axis(p, y[..., None], -1)[..., 0]) for p in found_p]
    parts = [np.average(part, weights=of_steps) for part in parts]
    target = dict.fromkeys(names, y) if n_outputs > 1 else y
    given = dict.fromkeys(names, weights) if n_outputs > 1 and weights is not None else weights
    for batch_size in (5, 24):
        found = net.evaluate(codes, target, batch_size=batch_size, sample_weight=given,
                             metrics=dict.fromkeys(names, "accuracy"))  # fmt: skip
        assert found["penalty"] == pytest.approx(penalty, rel=1e-12)
        for name, part in zip(names, parts, strict=True):
            assert found[f"{name}_loss"] == pytest.approx(part, rel=1e-12)
        assert found["loss"] == pytest.approx(sum(parts) + penalty, rel=1e-12)
    for engine in ENGINES if weights is None else ():
        history = net.fit(codes, target, epochs=1, batch_size=7, engine=engine, verbose=0,
                          optimizer=gn.optim.SGD(1e-30))  # fmt: skip
        assert history["penalty"][-1] == pytest.approx(penalty, rel=1e-12)


def test_history_has_it_for_training_and_validation_rows():
    net = sparse()
    history = net.fit(X, Y, validation_data=(X, Y), epochs=3, verbose=0, loss="mse")
    assert {"penalty", "val_penalty", "val_dense_1_loss"} <= set(history)
    assert history["val_penalty"][-1] == pytest.approx(0.1 * active(net, X).mean(), rel=1e-12)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads():
    x = RNG.uniform(size=(700, 6))
    row, found = BY_NAME["variational"], set()
    for threads in (1, 2, 3, 7):
        history = row.build().fit(x, x, loss=row.loss, epochs=2, batch_size=300, threads=threads,
                                  engine="native", verbose=0)  # fmt: skip
        found.add((history.hash, *history["penalty"]))
    assert len(found) == 1


def test_a_frozen_layer_adds_to_the_loss_too():
    net = sparse()
    net.layers["sparse"].trainable = False
    assert net.evaluate(X, Y, loss="mse")["penalty"] > 0
    assert "penalty" in net.training_program().source()


def test_a_prediction_does_not_compute_it():
    text = sparse().prediction_program().source()
    assert "np.abs" not in text
    assert "penalty" not in text


def test_a_saved_network_adds_the_same(tmp_path):
    net = sparse(0.3)
    net.save(tmp_path / "model.safetensors")
    again = gn.load(tmp_path / "model.safetensors", custom={"Sparse": Sparse})
    assert again.evaluate(X, Y, loss="mse") == net.evaluate(X, Y, loss="mse")


def test_lbfgs_makes_it_small_too():
    plain, held = sparse(0.0), sparse(1.0)
    for net in (plain, held):
        net.fit(X, Y, loss="mse", optimizer="lbfgs", epochs=30, batch_size=None, verbose=0)
    assert active(held, X).sum() < active(plain, X).sum() / 2


def test_the_divergence_of_a_standard_normal_is_0_and_draws_nothing_in_an_evaluation():
    mean, log_variance = gn.Input((2,)), gn.Input((2,))
    out = gn.Dense(1)(Sample()(mean, log_variance))
    net = gn.Network(inputs=[mean, log_variance], outputs=out, dtype="float64")
    zeros = np.zeros((3, 2))
    assert net.evaluate([zeros, zeros], np.zeros(3), loss="mse")["penalty"] == 0
    m, v = RNG.normal(size=(2, 3, 2))
    found = net.evaluate([m, v], np.zeros(3), loss="mse")["penalty"]
    assert found == pytest.approx(((m**2 + np.exp(v) - 1 - v) / 2).sum(axis=1).mean(), rel=1e-12)


def penalised(value):
    class Odd(gn.Layer):
        def formula(self, x):
            return x

        def penalty(self, x):
            return value(x)

    return gn.Network([Odd(), gn.Dense(1)], input_shape=(3,))


@pytest.mark.parametrize(("value", "error", "message"), [
    (lambda x: 0.5, SettingError, r"In layer 'odd': penalty\(\) must return a value .* got float"),
    (lambda x: g.mean(x, axis=0), ShapeError,
     r"penalty of layer 'odd' must give one number for each row, \(B,\), got \(3,\)"),
])  # fmt: skip
def test_what_is_no_number_a_row_is_refused(value, error, message):
    with pytest.raises(error, match=message):
        penalised(value).training_program()


def test_chance_is_kept_to_training():
    def drawn(x):
        return g.random_normal(g.SEED, g.STEP, stream=0, shape=x.shape, dtype=x.dtype)

    with pytest.raises(SettingError, match="In layer 'odd': a prediction draws no random numbers"):
        penalised(drawn).evaluate(np.zeros((2, 3)), np.zeros(2))
    penalised(lambda x: g.when_training(drawn(x), x)).evaluate(np.zeros((2, 3)), np.zeros(2))


def test_a_layer_whose_steps_are_taken_one_by_one_may_add_nothing():
    with pytest.raises(SettingError, match=r"TimeDistributed.*Sparse adds to the loss"):
        gn.TimeDistributed(Sparse())
