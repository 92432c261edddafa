"""Programs and trainers are kept for the next fit: what depends on another thing is another one."""

import threading

import numpy as np
import pytest
from train.small import KIND, SIZE, YES, X, network, same_bits, weights

import glassnet as gn
from glassnet import graph as g
from glassnet.engines import NumpyEngine, find
from glassnet.errors import SettingError
from glassnet.train.keys import NoKeyError, key_of, structure_key
from glassnet.train.objectives import objectives_of
from glassnet.train.programs import trainer_of

pytestmark = pytest.mark.slow


ENGINES = ["numpy", "native"]


def layers():
    return gn.Dense(4, "tanh", weight_regularizer="l2"), gn.Dense(1)


def fitted(net, **settings):
    given = {"epochs": 2, "batch_size": 8, "verbose": 0, **settings}
    net.fit(X, given.pop("y", SIZE), **given)
    return net


ANOTHER = {
    "another rate": {"optimizer": gn.optim.SGD(0.2)},
    "another momentum": {"optimizer": gn.optim.SGD(0.1, momentum=0.5)},
    "another rule": {"optimizer": gn.optim.Lion(0.1)},
    "another norm": {"optimizer": gn.optim.SGD(0.1, clip_norm=0.1)},
    "another average": {"optimizer": gn.optim.SGD(0.1, ema=0.9)},
    "another loss": {"loss": "huber"},
    "another delta": {"loss": gn.losses.Huber(0.2)},
    "weights": {"sample_weight": np.arange(len(X)) % 3 + 0.5},
    "other metrics": {"metrics": ["mae"]},
    "another batch": {"batch_size": 5},
    "no shuffling": {"shuffle": False},
    "other rows": {"y": SIZE[::-1]},
    "rows held out": {"validation_split": 0.3},
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", ANOTHER)
def test_a_fit_does_what_it_would_do_in_a_new_network(what, engine):
    """Whatever was fitted before; here with the weights of the first."""
    settings = {"optimizer": gn.optim.SGD(0.1), "loss": "mse", "engine": engine, **ANOTHER[what]}
    net = network(*layers())
    start = weights(net)
    fitted(net, optimizer=gn.optim.SGD(0.1), loss="mse", engine=engine)
    for name, array in start.items():
        net.parameters[name] = array
    found = net.fit(X, settings.get("y", SIZE), epochs=2, verbose=0, **{
        "batch_size": 8, **{k: v for k, v in settings.items() if k != "y"}})  # fmt: skip
    fresh = network(*layers())
    expected = fresh.fit(X, settings.get("y", SIZE), epochs=2, verbose=0, **{
        "batch_size": 8, **{k: v for k, v in settings.items() if k != "y"}})  # fmt: skip
    assert found.steps == expected.steps
    assert dict(found.items()) == dict(expected.items())
    assert same_bits(weights(net), weights(fresh))


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_are_drawn_anew_where_as_many_others_take_part(engine):
    """Of both targets half of the rows are held out, by class: not the same half."""
    settings = {"validation_split": 0.5, "epochs": 1, "loss": "bce", "engine": engine}
    used, fresh = (network(gn.Dense(1, "sigmoid")) for _ in range(2))
    start = weights(used)
    fitted(used, y=YES, **settings)
    for name, array in start.items():
        used.parameters[name] = array
    fitted(used, y=1 - YES[::-1], **settings)
    fitted(fresh, y=1 - YES[::-1], **settings)
    assert same_bits(weights(used), weights(fresh))


def test_networks_of_two_dtypes_have_two_programs():
    one, other = (fitted(network(*layers(), dtype=d)) for d in ("float32", "float64"))
    assert structure_key(one) != structure_key(other)
    assert {a.dtype.name for a in other.parameters.values()} == {"float64"}
    alone = network(*layers(), dtype="float64")
    fitted(alone, engine="numpy")
    for name, array in other.parameters.items():
        np.testing.assert_allclose(array, alone.parameters[name], rtol=1e-9)


CHANGES = {
    "frozen": lambda net: setattr(net.layers["dense"], "trainable", False),
    "activation": lambda net: setattr(net.layers["dense"], "activation", "relu"),
    "regularizer": lambda net: setattr(net.layers["dense"], "weight_regularizer", None),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", CHANGES)
def test_a_layer_that_was_changed_is_trained_as_it_is_now(what, engine):
    used, fresh = network(*layers()), network(*layers())
    fitted(used, engine=engine)
    used.predict(X)
    for name, array in weights(used).items():
        fresh.parameters[name] = array
    for net in (used, fresh):
        CHANGES[what](net)
    assert used.predict(X).tobytes() == fresh.predict(X).tobytes()
    for net in (used, fresh):
        fitted(net, engine=engine)
    assert same_bits(weights(used), weights(fresh))
    assert used.predict(X).tobytes() == fresh.predict(X).tobytes()


FACTOR = 1.0


def scaled(_, p):
    return g.mean(p) * FACTOR


def test_a_users_function_means_what_it_means_today(monkeypatch):
    net = network(gn.Dense(1, weight_init="zeros", bias_init="ones"))
    settings = {"metrics": [scaled], "optimizer": gn.optim.SGD(1e-30), "engine": "numpy"}

    def measured():
        return net.fit(X, SIZE, epochs=1, verbose=0, **settings)["scaled"][-1]

    assert measured() == 1
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    assert measured() == 2
    assert net.evaluate(X, SIZE, metrics=[scaled])["scaled"] == 2


def test_keys_are_equal_where_programs_are_and_nowhere_else():
    different = [
        1, 1.0, True, "1", b"1", None, (1,), [1], {1: 1}, {1: 2}, {2: 1}, (1, 1), (1, 1.0),
        np.float32(1), np.float64(1), np.ones(1), np.ones((1, 1)), np.ones(1, "f4"), np.ones(4),
        np.ones((2, 2)), np.zeros(4), gn.optim.SGD(1), gn.optim.SGD(0.5), gn.optim.Lion(1),
        gn.optim.SGD(1, ema=0.5), gn.losses.Huber(), gn.losses.Huber(0.5), NumpyEngine(),
        gn.Dense(3), gn.Dense(4), gn.Dense(3, name="a"), gn.Dense(3, trainable=False),
        gn.Dense(3, "relu"), find("auto"), find("auto", 2), find("native"), find("native", 2),
    ]  # fmt: skip
    keys = [key_of(value) for value in different]
    assert len(set(keys)) == len(keys)
    assert key_of([gn.Dense(3), {"a": np.ones(2)}]) == key_of([gn.Dense(3), {"a": np.ones(2)}])


class Own(gn.Layer):
    def formula(self, x):
        return x


CHANGING = [1.0]


class Scaled(gn.Layer):
    def formula(self, x):
        return x * CHANGING[0]


def test_what_cannot_be_told_has_no_key():
    class Odd(gn.Layer):
        thing: object = None

        def formula(self, x):
            return x

    for value in (object(), [object()], Odd(object())):
        with pytest.raises(NoKeyError):
            key_of(value)
    assert structure_key(network(Odd(object()), gn.Dense(1))) is None


def test_the_key_of_a_function_is_its_code_and_what_it_takes_from_around():
    def made(factor, add=1.0):
        return lambda x: factor * x + add

    assert key_of(scaled) == key_of(scaled)
    assert key_of(made(2.0)) == key_of(made(2.0))
    assert len({key_of(made(2.0)), key_of(made(3.0)), key_of(made(2.0, 0.0)), key_of(scaled)}) == 4


@pytest.mark.parametrize("layers", [[Scaled()], [Scaled(), gn.Dense(2)]])
def test_what_a_layer_takes_from_around_may_change(layers, monkeypatch):
    net = network(*layers)
    x = np.ones((3, 3), "f4")
    before, key = net.predict(x), structure_key(net)
    assert structure_key(net) == key
    kept = net.cache["predictor"][1]
    net.predict(x)
    assert net.cache["predictor"][1] is kept
    monkeypatch.setitem(globals(), "CHANGING", [3.0])
    np.testing.assert_allclose(net.predict(x), 3 * before, rtol=1e-6)


def test_a_layer_changed_after_its_weights_were_made_is_refused(tmp_path):
    net = network(gn.Dense(2))
    net.save(tmp_path / "model.safetensors")
    net.layers["dense"].use_bias = False
    for use in (
        lambda: net.predict(np.ones((1, 3))),
        lambda: net.save(tmp_path / "model.safetensors"),
    ):
        with pytest.raises(SettingError, match=r"'dense' was changed after .* dense.bias"):
            use()
    assert gn.load(tmp_path / "model.safetensors").parameters["dense.bias"].shape == (2,)


def borrowed(net, engine="native", threads=None):
    found = objectives_of(net, "mse", (), SIZE, None).each
    return trainer_of(net, found, gn.optim.SGD(0.1), find(engine, threads))


def test_a_trainer_belongs_to_one_fit_at_a_time():
    net = network(*layers())
    with borrowed(net) as one, borrowed(net) as other:
        assert one is not other
    with borrowed(net) as again:
        assert again in (one, other)


def test_another_engine_or_number_of_threads_is_another_trainer():
    net = network(*layers())
    found = []
    for engine, threads in [("native", 1), ("native", 2), ("numpy", None), ("auto", None)]:
        with borrowed(net, engine, threads) as trainer:
            assert all(trainer is not one for one in found)
            found.append(trainer)
    assert found[0].threads, found[1].threads == (1, 2)


def test_a_fit_leaves_no_threads_and_no_rows_behind():
    net = fitted(network(*layers()), engine="native", threads=2)
    (trainer,) = net.cache["trainers"].values()
    assert len(trainer._workspace) == 0
    assert trainer._drawn == ()
    assert [ready.pool._workers for ready in trainer._made.values()] == [None]


def test_a_network_keeps_its_last_few_trainers():
    net = network(*layers())
    rates = [0.1, 0.2, 0.3, 0.4, 0.1, 0.5, 0.6]
    for rate in rates:
        fitted(net, optimizer=gn.optim.SGD(rate, momentum=rate), epochs=1)
    kept = net.cache["trainers"]
    assert len(kept) == 4
    before = list(kept.values())
    fitted(net, optimizer=gn.optim.SGD(0.1, momentum=0.1), epochs=1)
    assert list(kept.values())[-1] is before[1]


def test_networks_of_one_structure_train_side_by_side():
    """They share their programs, and nothing else."""
    expected = weights(fitted(network(*layers()), epochs=20, engine="native"))
    nets = [network(*layers()) for _ in range(4)]
    given = {"epochs": 20, "engine": "native"}
    running = [threading.Thread(target=fitted, args=(net,), kwargs=given) for net in nets]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert all(same_bits(weights(net), expected) for net in nets)


def test_a_fit_inside_of_a_fit_leaves_the_outer_one_alone():
    """A callback trains a copy of the same structure, with other data."""

    class Inner(gn.callbacks.Callback):
        def on_epoch_end(self, run):
            fitted(network(*layers()), y=KIND.astype(float), engine="native")

    expected = weights(fitted(network(*layers()), engine="native", epochs=3))
    found = weights(fitted(network(*layers()), engine="native", epochs=3, callbacks=[Inner()]))
    assert same_bits(found, expected)


def test_what_a_network_is_is_asked_once_and_not_in_each_call(monkeypatch):
    """Layers that are made meanwhile, also for `activation="tanh"`, change no network."""
    net, asked = network(*layers()), []
    net.predict(X)
    topology = type(net.topology)
    monkeypatch.setattr(topology, "check_arrays", lambda *_: asked.append(1))
    for _ in range(3):
        gn.Dense(7, "relu")
        net.predict(X)
    assert asked == []
    net.layers["dense"].trainable = False
    net.predict(X)
    assert asked == [1]
