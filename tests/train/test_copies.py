"""Networks and what belongs to them are copied and pickled, whatever was done with them before."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from train.small import KIND, X, network, same_bits, weights

import glassnet as gn

MANY = np.tile(X, (600, 1))  # rows from which predict takes native code
WAYS = {"pickled": lambda thing: pickle.loads(pickle.dumps(thing)), "copied": copy.deepcopy}  # noqa: S301
ENGINES = ["numpy", "native"]

each_way = pytest.mark.parametrize("way", WAYS)


def fitted(engine="numpy", **settings):
    net = network(
        gn.Dense(6, "tanh", weight_init=gn.init.uniform(-1, 1), weight_regularizer="l2"),
        gn.Dropout(0.2), gn.Dense(3, "softmax", weight_init=gn.init.truncated_normal()),
    )  # fmt: skip
    history = net.fit(X, KIND, epochs=3, engine=engine, verbose=0, **settings)
    return net, history


@each_way
@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_is_the_same_after_it_was(way, engine):
    net, _ = fitted(engine)
    few, many = net.predict(X), net.predict(MANY)
    net.predictor()(X[0])
    other = WAYS[way](net)
    assert same_bits(weights(other), weights(net))
    assert other.predict(X).tobytes() == few.tobytes()
    assert other.predict(MANY).tobytes() == many.tobytes()
    assert not any(np.shares_memory(other.parameters[k], a) for k, a in net.parameters.items())
    other.fit(X, KIND, epochs=1, verbose=0, engine=engine)
    assert net.predict(X).tobytes() == few.tobytes()
    assert not same_bits(weights(other), weights(net))


@each_way
def test_a_network_that_knows_no_shape_yet_is_the_same_after_it_was(way):
    net = WAYS[way](gn.Network([gn.Dense(2), gn.Dense(1)], seed=4))
    assert repr(net) == repr(gn.Network([gn.Dense(2), gn.Dense(1)], seed=4))
    assert net.fit(X, X[:, 0], epochs=1, verbose=0).epochs == 1


@each_way
def test_a_copy_trains_on_as_the_network_does(way):
    net, _ = fitted()
    net.predict(X)
    other = WAYS[way](net)
    for one in (net, other):
        one.fit(X, KIND, epochs=2, engine="numpy", verbose=0)
    assert same_bits(weights(other), weights(net))


@each_way
def test_a_history_is_the_same_after_it_was(way):
    _, history = fitted(metrics=["accuracy"], validation_split=0.2)
    other = WAYS[way](history)
    assert other == history
    assert other.hash
    assert other.table is not history.table


@each_way
def test_callbacks_are_the_same_after_they_were(way, tmp_path):
    used = [
        gn.callbacks.EarlyStopping(patience=2), gn.callbacks.TimeLimit(60),
        gn.callbacks.Checkpoint(tmp_path), gn.callbacks.Progress("bar"),
        gn.callbacks.ReduceOnPlateau(gn.optim.schedules.OnPlateau(monitor="loss")),
    ]  # fmt: skip
    fitted(callbacks=used)
    found = WAYS[way](used)
    assert [type(one) for one in found] == [type(one) for one in used]
    assert (found[0].best, found[0].best_epoch) == (used[0].best, used[0].best_epoch)
    assert found[0].state().keys() == used[0].state().keys()
    finder = gn.callbacks.LearningRateFinder(steps=5)
    fitted(callbacks=[finder])
    assert WAYS[way](finder).rates == finder.rates


@each_way
def test_a_predictor_keeps_its_parameters_after_it_was(way):
    net, _ = fitted()
    ready = net.predictor()
    before = ready(X[0])
    net.parameters["dense.weight"] = np.zeros((3, 6))
    other = WAYS[way](ready)
    assert other(X[0]).tobytes() == before.tobytes()
    assert other(X).tobytes() == ready(X).tobytes()


@each_way
def test_a_program_and_a_walkthrough_are_the_same_after_they_were(way):
    net, _ = fitted()
    program = net.training_program()
    assert WAYS[way](program).source("numpy") == program.source("numpy")
    walked = net.walkthrough(X[:2], KIND[:2])
    assert str(WAYS[way](walked)) == str(walked)


def test_a_network_goes_to_a_process_pool_and_back():
    net, _ = fitted()
    expected = net.predict(X)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(net.predict, X).result(timeout=120)
    assert found.tobytes() == expected.tobytes()
