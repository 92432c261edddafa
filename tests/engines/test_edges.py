"""The smallest and the emptiest that can be trained: both engines do the same with it."""

import numpy as np
import pytest

import glassnet as gn

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=9)
HOLES = np.where(np.arange(3) == 1, np.nan, X)  # a column of nothing else
FIRST = np.arange(9) < 4  # the rows of the first batch
SMALL, ONE = [gn.Dense(4, "tanh"), gn.Dense(1)], [gn.Dense(1)]
FILLED = [gn.FillMissing(), *SMALL]
UNIT = [gn.Dense(1, "tanh"), gn.PReLU(), gn.Dense(1, "sigmoid")]
CASES = {
    "batches of one row": (SMALL, X, Y, {"batch_size": 1}),
    "one row": (SMALL, X[:1], Y[:1], {}),
    "one number": (ONE, X[:1, :1], Y[:1], {"batch_size": None}),
    "one column": (SMALL, X[:, :1], Y, {}),
    "one unit a layer": (UNIT, X, Y > 0, {}),
    "more rows a batch than there are": (SMALL, X, Y, {"batch_size": 2**40}),
    "more threads than rows": (SMALL, X, Y, {"threads": 64}),
    "a batch of rows without weight": (
        SMALL, X, Y, {"sample_weight": np.where(FIRST, 0.0, 1.0), "shuffle": False,
                      "metrics": ["mean_absolute_error", "root_mean_squared_error", "r2"]}),
    "a batch of rows without weight, summed up": (
        SMALL, X, Y, {"sample_weight": np.where(FIRST, 0.0, 1.0), "shuffle": False,
                      "loss": "sum_squared_error"}),
    "a batch of a class without weight": (
        [gn.Dense(2, "softmax")], X, FIRST.astype(int),
        {"class_weight": [1.0, 0.0], "shuffle": False, "metrics": ["accuracy", "roc_auc"]}),
    "one class alone": (UNIT, X, np.ones(9), {"metrics": ["accuracy", "roc_auc", "f1"]}),
    "a column of holes": (FILLED, HOLES, Y, {}),
    "holes alone": ([gn.MissingIndicator([1]), *ONE], HOLES, Y, {}),
    "holes in half floats": (FILLED, HOLES.astype("float16"), Y, {}),
    "rows from the last to the first": (SMALL, X[::-1, ::-1], Y[::-1], {}),
    "one row many times, in its own memory": (
        SMALL, np.broadcast_to(X[:1], X.shape), np.broadcast_to(Y[:1], Y.shape), {}),
    "one row held out": (SMALL, X, Y, {"validation_data": (X[:1], Y[:1]), "metrics": ["r2"]}),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_engines_agree_at_the_edge(what):
    layers, x, y, settings = CASES[what]
    found = []
    for engine in ("numpy", "native"):
        net = gn.Network(layers, input_shape=x.shape[1:], seed=1, dtype="float64")
        given = {"epochs": 4, "batch_size": 4, "engine": engine, "verbose": 0, **settings}
        found.append((net, net.fit(x, y, **given)))
    (one, history), (other, native) = found
    assert history.keys() == native.keys()
    for name, values in history.items():
        np.testing.assert_allclose(native[name], values, rtol=1e-12, atol=1e-14, err_msg=name)
    for name, array in one.parameters.items():
        np.testing.assert_allclose(other.parameters[name], array, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", [2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_all_bits_of_a_seed_count_in_both_engines(seed):
    """They order the rows, and draw the masks; float64 holds no more than 53 of them."""
    layers = [gn.Dense(4, "tanh"), gn.Dropout(0.4), gn.Dense(1)]
    one, other = (
        gn.Network(layers, input_shape=(3,), seed=seed, dtype="float64")
        .fit(X, Y, epochs=3, batch_size=4, engine=engine, verbose=0).steps
        for engine in ("numpy", "native")
    )  # fmt: skip
    np.testing.assert_allclose(other, one, rtol=1e-12)


@pytest.mark.parametrize("axes", [5, 6, 7, 9])
def test_rows_may_have_any_number_of_axes(axes):
    shape = (2, 1, 2, 1, 1, 2, 1, 2, 3)[-axes:]
    x, y = RNG.normal(size=(9, *shape)), RNG.normal(size=(9, *shape[:-1], 2))
    one, other = (
        gn.Network([gn.Dense(2, "softmax")], input_shape=shape, dtype="float64")
        .fit(x, y, loss="mse", epochs=2, batch_size=4, engine=engine, verbose=0).steps
        for engine in ("numpy", "native")
    )  # fmt: skip
    np.testing.assert_allclose(other, one, rtol=1e-12)


def test_rows_without_weight_move_nothing_and_have_no_loss():
    net = gn.Network(ONE, input_shape=(3,), seed=1)
    before = {name: array.copy() for name, array in net.parameters.items()}
    weights = np.where(np.arange(9) < 8, 0.0, 1.0)
    history = net.fit(X, Y, sample_weight=weights, batch_size=8, shuffle=False, epochs=1,
                      optimizer=gn.optim.SGD(0.1), verbose=0)  # fmt: skip
    assert history.steps[0] == 0
    assert history.steps[1] > 0
    alone = gn.Network(ONE, input_shape=(3,), seed=1)
    alone.fit(X[8:], Y[8:], batch_size=1, epochs=1, optimizer=gn.optim.SGD(0.1), verbose=0)
    for name, array in net.parameters.items():
        assert np.any(array != before[name])
        np.testing.assert_array_equal(array, alone.parameters[name])
