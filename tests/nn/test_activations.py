"""Activations: derived gradients against differences, values against the textbook's formulas."""

import math

import numpy as np
import pytest
from cases.ops import BATCH
from graph.differences import weighted, worst_error
from kinds import assert_float32_throughout

from glassnet import graph as g
from glassnet.errors import SettingError, UnknownNameError
from glassnet.nn.activation import Activation, PReLU, as_layer
from glassnet.nn.activations import ACTIVATIONS

BOUND = 1e-8
K = 4

each = pytest.mark.parametrize("name", ACTIVATIONS)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def below(z, value):
    return np.where(z > 0, z, value)


erf = np.vectorize(math.erf)

TEXTBOOK = {
    "linear": lambda z: z,
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda z: np.clip(z / 6 + 1 / 2, 0, 1),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "relu": lambda z: below(z, 0),
    "leaky_relu": lambda z: below(z, 0.01 * z),
    "elu": lambda z: below(z, np.exp(z) - 1),
    "selu": lambda z: 1.0507009873554805 * below(z, 1.6732632423543772 * (np.exp(z) - 1)),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
    "silu": lambda z: z * sigmoid(z),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
}

# At 0 exactly, where a formula has a corner: PyTorch's slope, as for the others everywhere.
SLOPE_AT_ZERO = {
    "linear": 1, "sigmoid": 1 / 4, "hard_sigmoid": 1 / 6, "tanh": 1, "relu": 0,
    "leaky_relu": 0.01, "elu": 1, "selu": 1.0507009873554805 * 1.6732632423543772, "gelu": 1 / 2,
    "silu": 1 / 2, "mish": 0.6, "softplus": 1 / 2, "softsign": 1, "softmax": 0,
}  # fmt: skip


def traced(name, dtype="float64"):
    z = g.input("z", ("B", K), dtype)
    return z, ACTIVATIONS[name](z)


def drawn(dtype="float64"):
    return np.random.default_rng(0).normal(0, 2, (BATCH, K)).astype(dtype)


def test_tables_name_every_activation():
    assert set(ACTIVATIONS) == set(TEXTBOOK) == set(SLOPE_AT_ZERO)


@each
def test_activation_equals_the_textbooks_formula(name):
    z, a = traced(name)
    found = g.evaluate([a], {z: drawn()})[0]
    np.testing.assert_allclose(found, TEXTBOOK[name](drawn()), rtol=1e-13, atol=1e-15)


@each
def test_gradient_equals_central_difference(name):
    z, a = traced(name)
    assert worst_error(weighted([a], seed=0), [z], {z: drawn()}) < BOUND


@each
def test_gradient_of_a_gradient_equals_central_difference(name):
    z, a = traced(name)
    slope = weighted(g.gradients(weighted([a], seed=0), [z]), seed=1)
    assert worst_error(slope, [z], {z: drawn()}) < BOUND


@each
def test_slope_at_zero(name):
    z, a = traced(name)
    slope = g.evaluate(g.gradients(g.sum(a), [z]), {z: np.zeros((BATCH, K))}, batch=BATCH)[0]
    np.testing.assert_allclose(slope, SLOPE_AT_ZERO[name], rtol=1e-12, atol=1e-15)


@each
def test_float32_stays_float32(name):
    z, a = traced(name, "float32")
    slope = g.gradients(weighted_as(a), [z])
    assert_float32_throughout([a, *slope], {z: drawn("float32")}, batch=BATCH)


def weighted_as(a):
    return g.sum(a * g.random_uniform(0, 0, stream=0, shape=a.shape, dtype=a.dtype))


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_and_gradient_stay_finite_far_out(name, dtype):
    z, a = traced(name, dtype)
    far = np.array([[-1e4, -100, 100, 1e4], [0, -1e4, -1e4, -1e4]], dtype)
    for each_value in g.evaluate([a, *g.gradients(weighted_as(a), [z])], {z: far}, batch=2):
        assert np.isfinite(each_value).all()


@pytest.mark.parametrize("name", ["sigmoid", "hard_sigmoid", "softmax"])
def test_probabilities_are_from_0_to_1(name):
    z, a = traced(name)
    found = g.evaluate([a], {z: 100 * drawn()})[0]
    assert found.min() >= 0
    assert found.max() <= 1
    if name == "softmax":
        np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-14)


def test_selu_keeps_mean_0_and_variance_1():
    z, a = traced("selu")
    start = np.random.default_rng(0).normal(size=(20_000, K))
    found = g.evaluate([a], {z: start})[0]
    assert found.mean() == pytest.approx(0, abs=0.02)
    assert found.var() == pytest.approx(1, abs=0.02)


# As layers.
def test_prelu_learns_a_slope_for_each_unit():
    z, slope = g.input("z", ("B", 2), "float64"), g.input("slope", (2,), "float64")
    a = PReLU().formula(z, slope)
    values = {z: np.array([[-2.0, -2.0], [3.0, -1.0]]), slope: np.array([0.1, 0.5])}
    found = g.evaluate([a], values)[0]
    np.testing.assert_allclose(found, [[-0.2, -1], [3, -0.5]])
    assert worst_error(weighted([a], seed=0), [z, slope], stretched(values)) < BOUND


def stretched(values):
    """The first array's rows repeated until there are BATCH."""
    (z, rows), *rest = values.items()
    return {z: np.resize(rows, (BATCH, rows.shape[1])), **dict(rest)}


def swish(z):
    return z / (1 + np.exp(-z))


def test_a_users_function_is_an_activation():
    z = g.input("z", ("B", K), "float64")
    a = as_layer(swish).formula(z)
    np.testing.assert_allclose(g.evaluate([a], {z: drawn()})[0], TEXTBOOK["silu"](drawn()))
    assert worst_error(weighted([a], seed=0), [z], {z: drawn()}) < BOUND


@each
def test_activation_is_found_by_its_name(name):
    assert isinstance(as_layer(name), Activation)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: as_layer("rleu"), UnknownNameError, "Did you mean 'relu'?"),
        (lambda: as_layer(3), SettingError, "An activation is a name, a function in graph ops"),
        (lambda: Activation(lambda z: 0.0).formula(g.input("z", ("B", 1))), SettingError,
         "must be written in graph ops .* got float from it"),
    ],
)  # fmt: skip
def test_wrong_activation_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
