"""States that go on from batch to batch: stateful=True, net.states, net.reset_states()."""

import copy
import pickle

import numpy as np
import pytest

import glassnet as gn
from glassnet.callbacks import Callback, LearningRateFinder, ResetStates
from glassnet.errors import DivergenceError, SettingError, ShapeError, UnknownNameError

KINDS = [gn.SimpleRNN, gn.LSTM, gn.GRU]
each_kind = pytest.mark.parametrize("kind", KINDS)
N, T, I = 5, 4, 3  # noqa: E741 - rows of a batch, steps of a part, and the project's letter
FIT = {"loss": "mse", "optimizer": gn.optim.SGD(0.1), "batch_size": N, "shuffle": False,
       "engine": "numpy", "verbose": 0}  # fmt: skip
RNG = np.random.default_rng(0)
WHOLE = RNG.normal(size=(N, 3 * T, I))  # five sequences
X = np.concatenate(np.split(WHOLE, 3, axis=1))  # the same as three batches, part by part
Y = RNG.normal(size=(3 * N, 1))


def network(*layers, steps=T):
    return gn.Network(layers, input_shape=(steps, I), dtype="float64", seed=1)


def small(kind=gn.LSTM, **settings):
    return network(kind(4, stateful=True, **settings), gn.Dense(1))


def copied(net):
    return {name: array.copy() for name, array in net.states.items()}


def assert_same(a, b):
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


# Prediction.


@each_kind
def test_sequence_in_parts_is_the_whole_sequence(kind):
    def layers(**settings):
        return (kind(4, return_sequences=True, **settings),
                gn.GRU(2, return_sequences=True, **settings))  # fmt: skip

    parts, whole = network(*layers(stateful=True)), network(*layers(), steps=3 * T)
    expected = whole.predict(WHOLE)
    together = parts.predict(X, batch_size=N)
    np.testing.assert_allclose(np.concatenate(np.split(together, 3), axis=1), expected, rtol=1e-12)
    parts.reset_states()
    one_by_one = [parts.predict(part) for part in np.split(X, 3)]
    np.testing.assert_allclose(np.concatenate(one_by_one, axis=1), expected, rtol=1e-12)


def test_filling_leaves_the_state_to_the_next_batch():
    x = X[:N].copy()
    x[:, 2:] = 0
    filled, short = (network(gn.Masking(), gn.LSTM(4, stateful=True), steps=n) for n in (T, 2))
    filled.predict(x), short.predict(x[:, :2])
    for name, state in filled.states.items():
        np.testing.assert_allclose(state, short.states[name], rtol=1e-12)


def test_states_are_what_the_last_step_leaves():
    net, plain = network(gn.LSTM(4, stateful=True)), network(gn.LSTM(4, return_state=True))
    assert not net.states
    h = net.predict(X[:N])
    np.testing.assert_array_equal(net.states["lstm.h"], h)
    left = np.concatenate(list(net.states.values()), axis=1)
    np.testing.assert_allclose(left, plain.predict(X[:N]), rtol=1e-12)
    assert {k: v.shape for k, v in net.states.items()} == {"lstm.h": (N, 4), "lstm.c": (N, 4)}


def test_layer_that_returns_its_state_leaves_that():
    net = network(gn.LSTM(4, return_state=True, stateful=True))
    found = net.predict(X[:N])
    np.testing.assert_array_equal(np.concatenate(list(net.states.values()), axis=1), found)


@each_kind
def test_after_a_reset_the_next_batch_begins_anew_with_any_rows(kind):
    net = small(kind)
    first = net.predict(X[:N])
    again = net.predict(X[:N])
    assert np.abs(again - first).max() > 1e-3
    net.reset_states()
    assert not any(state.any() for state in net.states.values())
    np.testing.assert_array_equal(net.predict(X[:N]), first)
    net.reset_states()
    np.testing.assert_allclose(net.predict(X[:1]), first[:1], rtol=1e-12)


def test_states_can_be_set():
    net = small()
    net.predict(X[:N])
    kept = copied(net)
    expected = net.predict(X[N : 2 * N])
    net.states.update(kept)
    np.testing.assert_array_equal(net.predict(X[N : 2 * N]), expected)
    other = small()
    other.states.update({name: state.tolist() for name, state in kept.items()})
    np.testing.assert_array_equal(other.predict(X[N : 2 * N]), expected)


def test_prediction_that_fails_leaves_the_states():
    net = small()
    net.predict(X[:N])
    before = copied(net)
    with pytest.raises(ShapeError, match="its state h is"):
        net.predict(X[:2])
    assert_same(net.states, before)


def test_predictor_goes_on_with_states_of_its_own():
    net = small()
    net.predict(X[:1])
    ready = net.predictor()
    again = copy.deepcopy(ready)
    rows = [ready(X[1]), ready(X[2:3])[0]]
    twin = copy.deepcopy(net)
    np.testing.assert_array_equal(rows, [net.predict(X[i : i + 1])[0] for i in (1, 2)])
    np.testing.assert_array_equal(again(X[1]), rows[0])
    np.testing.assert_array_equal(twin.predict(X[1:2])[0], rows[0])


# Training.


def test_epochs_go_on_where_the_last_one_ended():
    once, twice = small(), small()
    once.fit(X, Y, epochs=2, **FIT)
    for _ in range(2):
        twice.fit(X, Y, epochs=1, **FIT)
    assert_same(once.parameters, twice.parameters)
    assert_same(once.states, twice.states)


def test_callback_lets_every_epoch_begin_anew():
    once, twice = small(), small()
    once.fit(X, Y, epochs=2, callbacks=[ResetStates()], **FIT)
    for _ in range(2):
        twice.reset_states()
        twice.fit(X, Y, epochs=1, **FIT)
    assert_same(once.parameters, twice.parameters)
    other = small()
    other.fit(X, Y, epochs=2, **FIT)
    assert np.abs(other.parameters["lstm.weight"] - once.parameters["lstm.weight"]).max() > 1e-6


def test_looking_at_validation_rows_changes_nothing():
    plain, watched = small(), small()
    plain.fit(X, Y, epochs=2, **FIT)
    history = watched.fit(X, Y, epochs=2, validation_data=(X, Y), metrics=["r2"], **FIT)
    assert_same(plain.parameters, watched.parameters)
    assert_same(plain.states, watched.states)
    found = watched.evaluate(X, Y, batch_size=N, metrics=["r2"])
    assert history["val_loss"][-1] == found["loss"]
    assert history["val_r2"][-1] == history["r2"][-1] == found["r2"]


def test_evaluation_begins_with_zeros_and_leaves_the_states():
    net = small()
    net.predict(X[:3])
    before = copied(net)
    found = [net.evaluate(X, Y, loss="mse", batch_size=N)["loss"] for _ in range(2)]
    assert_same(net.states, before)
    net.reset_states()
    expected = np.mean((net.predict(X, batch_size=N) - Y) ** 2)
    np.testing.assert_allclose(found, [expected] * 2, rtol=1e-12)


def test_state_of_a_frozen_layer_goes_on():
    frozen, net = small(), small()
    frozen.layers["lstm"].trainable = False
    frozen.fit(X, Y, epochs=1, **FIT)
    net.predict(X, batch_size=N)
    for name, state in net.states.items():
        np.testing.assert_allclose(frozen.states[name], state, rtol=1e-12)


def test_rows_without_weight_leave_their_state_all_the_same():
    weights = np.repeat([1.0, 0.0, 1.0], N)  # the second batch counts for nothing
    net, plain = small(), small()
    net.fit(X[: 2 * N], Y[: 2 * N], sample_weight=weights[: 2 * N], epochs=1, **FIT)
    plain.fit(X[:N], Y[:N], epochs=1, **FIT)
    plain.predict(X[N : 2 * N])
    for name, state in plain.states.items():
        np.testing.assert_allclose(net.states[name], state, rtol=1e-12)


def test_whole_table_at_once_may_ask_for_shuffling():
    net = small()
    net.fit(X, Y, epochs=2, **FIT | {"batch_size": None, "shuffle": True})
    assert net.states["lstm.h"].shape == (3 * N, 4)


def test_learning_rate_finder_puts_the_states_back():
    net = small()
    net.predict(X[:N])
    before = copied(net)
    net.fit(X, Y, epochs=9, callbacks=[LearningRateFinder(steps=12)], **FIT)
    assert_same(net.states, before)


def test_state_that_diverges_is_that_of_the_last_good_step():
    net = network(gn.SimpleRNN(4, activation="relu", stateful=True), gn.Dense(1))
    with pytest.raises(DivergenceError, match="the last good one"):
        net.fit(X, Y, epochs=200, **FIT | {"optimizer": gn.optim.SGD(1e3)})
    assert np.isfinite(net.states["simple_rnn.h"]).all()


def test_program_says_what_goes_on(golden):
    layers = gn.LSTM(4, return_sequences=True, stateful=True), gn.GRU(3, stateful=True)
    net = gn.Network([*layers, gn.Dense(1)], input_shape=(5, 3))
    golden("stateful.py", net.training_program(optimizer="sgd").source("numpy"))
    golden("stateful_predict.py", net.prediction_program().source("numpy"))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_script_trains_to_the_bits_of_fit(optimizer):
    net, scope = small(), {"__name__": "script"}
    text = net.training_program(loss="mse", optimizer=optimizer, batch_size=N).source(whole=True)
    exec(text, scope)
    found = scope["train"](x=X, y=Y, epochs=2)
    net.fit(X, Y, epochs=2, **FIT | {"optimizer": optimizer})
    assert_same(dict(net.parameters), found)
    with pytest.raises(gn.errors.UnsupportedError, match=r"Call net\.reset_states\(\)"):
        net.training_program(batch_size=N).source(whole=True)


def test_walkthrough_begins_with_zeros():
    net = small()
    net.predict(X[:2])
    before = copied(net)
    found = net.walkthrough(X[:3], Y[:3])
    assert_same(net.states, before)
    assert not found.given["h_start1"].any()
    assert "h_start1[...] = h1" in str(found)


def test_gradients_are_checked_as_of_any_layer():
    for kind in KINDS:
        assert gn.checks.check_gradients(small(kind), X[:N], Y[:N]).worst < 1e-6


# What keeps a state.


def test_model_file_holds_what_was_learnt_and_no_state(tmp_path):
    net = small()
    first = net.predict(X[:N])
    net.save(tmp_path / "model.safetensors")
    found = gn.load(tmp_path / "model.safetensors")
    assert not found.states
    assert found.layers["lstm"].stateful
    np.testing.assert_array_equal(found.predict(X[:N]), first)


def test_copies_and_pickles_go_on_by_themselves():
    net = small()
    net.predict(X[:N])
    others = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]  # noqa: S301 - our own
    expected = net.predict(X[N : 2 * N])
    for other in others:
        np.testing.assert_array_equal(other.predict(X[N : 2 * N]), expected)


def test_network_inside_another_one_has_states_of_its_own():
    encoder = gn.Network([gn.GRU(4, stateful=True)], input_shape=(T, I), name="encoder")
    x = gn.Input((T, I))
    net = gn.Network(inputs=x, outputs=gn.Dense(1)(encoder(x)))
    net.predict(X[:N])
    assert list(net.states) == ["encoder.gru.h"]
    assert not encoder.states


class Change(gn.Layer):
    """The difference from the row before, of the batch before at the first step."""

    def carried(self, x):
        return {"last": x.shape[2:]}

    def formula(self, x, state=None):
        before = 0 * x[:, :1] if state is None else gn.graph.expand_dims(state["last"], 1)
        last = x[:, -1].named("last")
        joined = gn.graph.concatenate(before, x[:, :-1], axis=1)
        return gn.graph.concatenate(x - joined, gn.graph.expand_dims(last, 1), axis=1)

    def left(self, output):
        return {"last": output[:, -1]}


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_layer_of_ones_own_carries_what_it_says(engine):
    net = network(Change(), gn.Flatten(), gn.Dense(1))
    net.fit(X, Y, epochs=1, **FIT | {"engine": engine})
    np.testing.assert_allclose(net.states["change.last"], X[-N:, -1])


# Bad input.


class Generate(Callback):
    """Begins a sequence of one row amid a fit."""

    def on_epoch_end(self, run):
        run.net.predict(X[:1])


def trained():
    net = small()
    net.predict(X[:N])
    return net


def given(name, state):
    net = small()
    net.states[name] = state
    return net


def called_twice():
    x1, x2, layer = gn.Input((T, I)), gn.Input((T, I)), gn.GRU(4, stateful=True)
    gn.Network(inputs=[x1, x2], outputs=gn.Add()(layer(x1), layer(x2)))


def with_a_state_given():
    x, state = gn.Input((T, I)), gn.Input((4,))
    gn.GRU(4, stateful=True)(x, state)


BAD = {
    "rows of another batch": (lambda: trained().predict(X[:1]), ShapeError,
        r"'lstm': its state h is \(5, 4\), and this batch needs \(1, 4\)\. .*batch_size=5\), or"),
    "rows of another fit": (lambda: trained().fit(X, Y, **FIT | {"batch_size": 3}), ShapeError,
        r"its state h is \(5, 4\), and this batch needs \(3, 4\)"),
    "amid a fit": (lambda: small().fit(X, Y, callbacks=[Generate()], **FIT), ShapeError,
        r"this batch needs \(1, 4\)"),
    "other units": (lambda: given("lstm.h", np.ones((N, 2))).predict(X[:N]), ShapeError,
        r"h is \(5, 2\), .* needs \(5, 4\)\. .*: begin anew with net\.reset_states\(\)"),
    "no such state": (lambda: given("lstm.hh", np.ones((N, 4))).predict(X[:N]), UnknownNameError,
        r"'lstm\.hh'\. Take it away: del net\.states\['lstm\.hh'\]\. Known: lstm\.c, lstm\.h"),
    "no state yet": (lambda: small().states["lstm.h"], UnknownNameError, r"once a batch has been"),
    "shuffled": (lambda: small().fit(X, Y, **FIT | {"shuffle": True}), SettingError,
        r"In layer 'lstm' \(stateful=True\) .*Give shuffle=False\."),
    "held out": (lambda: small().fit(X, Y, validation_split=0.2, **FIT), SettingError,
        r"validation_split=0\.2 would take rows.*Give validation_data="),
    "lbfgs": (lambda: small().fit(X, Y, **FIT | {"batch_size": None, "optimizer": "lbfgs"}),
        SettingError, r"LBFGS goes through a batch many times"),
    "last batch": (lambda: small().fit(X, Y, **FIT | {"batch_size": 4}), ShapeError,
        r"of the 15 rows of x the last batch of 4 would have 3\. Leave out 3 rows"),
    "last batch of a validation": (lambda: small().fit(X, Y, validation_data=(X[:7], Y[:7]), **FIT),
        ShapeError, r"of the 7 rows of the validation data the last batch of 5 would have 2"),
    "last batch of a prediction": (lambda: small().predict(X, batch_size=4), ShapeError,
        r"In layer 'lstm'.* batch_size that divides 15"),
    "last batch of an evaluation": (lambda: small().evaluate(X, Y, batch_size=4), ShapeError,
        r"of the 15 rows of x the last batch"),
    "both ways": (lambda: gn.Bidirectional(gn.GRU(4, stateful=True)), SettingError,
        r"Bidirectional: .*Leave out stateful=True of GRU"),
    "in steps": (lambda: gn.TimeDistributed(gn.GRU(4, stateful=True)), SettingError,
        r"TimeDistributed: .*Leave out stateful=True of GRU"),
    "a number": (lambda: gn.LSTM(4, stateful=32), SettingError,
        r"LSTM: stateful is True or False, got 32\. .*fit\(\.\.\., batch_size=32\)"),
    "called twice": (called_twice, SettingError, r"Layer 'gru' is called more than once"),
    "a state given": (with_a_state_given, SettingError, r"leave out the second input, or stateful"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_error_says_what_to_do(name):
    act, kind, message = BAD[name]
    with pytest.raises(kind, match=message):
        act()


def test_network_without_states_has_none_to_reset():
    net = network(gn.LSTM(4))
    first = net.predict(X[:N])
    net.reset_states()
    np.testing.assert_array_equal(net.predict(X[:N]), first)
    assert not net.states
