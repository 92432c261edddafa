"""The gradient check that ships: it passes right rules, fails wrong ones, and knows kinks."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import GlassnetError

X, Y = np.random.default_rng(0).normal(size=(6, 3)), np.arange(6) % 2


def test_right_gradients_pass():
    net = gn.Network(
        [gn.Dense(5, "tanh"), gn.Dropout(0.3), gn.Dense(1, "sigmoid")], input_shape=(3,)
    )
    assert gn.checks.check_gradients(net, X, Y).worst < 1e-6


def test_a_wrong_rule_fails_and_is_named(monkeypatch):
    tanh = gn.graph.all_ops()["tanh"]
    rule = tanh.gradient
    wrong = lambda g, y, x: (1.001 * rule(g, y, x)[0],)  # noqa: E731 - off by 0.1 %
    monkeypatch.setattr(type(tanh), "__setattr__", object.__setattr__)
    monkeypatch.setattr(tanh, "gradient", wrong)
    net = gn.Network([gn.Dense(5, "tanh"), gn.Dense(1)], input_shape=(3,))
    with pytest.raises(GlassnetError, match=r"dense\.(weight|bias) differs from central"):
        gn.checks.check_gradients(net, X, Y)


def test_kinks_are_passed_over():
    net = gn.Network([gn.Dense(4, "relu"), gn.Dense(4, "relu"), gn.Dense(1)], input_shape=(3,))
    assert gn.checks.check_gradients(net, np.zeros((2, 3)), [1.0, 2.0]).worst < 1e-6


class Centred(gn.Layer):
    """Each unit less its mean over the batch: a bias before it has no effect."""

    def formula(self, x):
        return x - gn.graph.mean(x, axis=0, keepdims=True)


class Normalised(gn.Layer):
    def formula(self, x):
        x = x - gn.graph.mean(x, axis=0, keepdims=True)
        return x / gn.graph.sqrt(gn.graph.mean(x**2, axis=0, keepdims=True) + 1e-5)


CENTRING = {
    "centred": [gn.Dense(5), Centred(), gn.Activation("tanh"), gn.Dense(1)],
    "normalised": [gn.Dense(5), Normalised(), gn.Activation("tanh"), gn.Dense(1)],
    "after two layers": [gn.Dense(4), gn.Dense(5), Normalised(), gn.Dense(3, "tanh"), gn.Dense(1)],
    "twice": [gn.Dense(4), Normalised(), gn.Dense(3, "tanh"), gn.Dense(4), Centred(), gn.Dense(1)],
}  # fmt: skip


@pytest.mark.parametrize("name", CENTRING)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_gradient_that_is_zero_raises_no_alarm(name, scale, seed):
    net = gn.Network(CENTRING[name], input_shape=(3,), seed=seed)
    assert gn.checks.check_gradients(net, scale * X, scale * Y).worst < 1e-6


def test_terms_are_the_sums_of_a_gradient_made_positive():
    b, x = gn.graph.input("b", (1,), "float64"), gn.graph.input("x", ("B", 1), "float64")
    z = x + b
    loss = gn.graph.sum((z - gn.graph.mean(z, axis=0, keepdims=True)) ** 3)
    values = {b: np.ones(1), x: np.array([[0.0], [1.0], [5.0]])}
    (gradient,) = gn.graph.gradients(loss, [b])
    found, size = gn.graph.evaluate([gradient, gn.checks.terms(gradient)], values, batch=3)
    of_cubes = 3 * np.array([4.0, 1.0, 9.0])  # of (z - mean)^3, which are -2, -1 and 3
    assert found == pytest.approx(0, abs=1e-12)
    assert size == pytest.approx(of_cubes.sum() + 3 * of_cubes.mean())


@pytest.mark.parametrize("wrong", [1e-3, 1e-5])
@pytest.mark.parametrize("name", CENTRING)
def test_a_small_wrong_term_is_found_where_gradients_cancel(name, wrong, monkeypatch):
    """A bias whose gradient should be 0 gets a small part of what cancels in it."""
    mean = gn.graph.all_ops()["mean"]
    rule = mean.gradient
    monkeypatch.setattr(type(mean), "__setattr__", object.__setattr__)
    monkeypatch.setattr(mean, "gradient", lambda *a, **k: ((1 - wrong) * rule(*a, **k)[0],))
    net = gn.Network(CENTRING[name], input_shape=(3,))
    with pytest.raises(GlassnetError, match="differs from central differences"):
        gn.checks.check_gradients(net, X, Y)


def test_a_small_wrong_term_of_one_weight_is_found(monkeypatch):
    """One op of many, wrong by a hundred-thousandth."""
    softplus = gn.graph.all_ops()["softplus"]
    rule = softplus.gradient
    monkeypatch.setattr(type(softplus), "__setattr__", object.__setattr__)
    monkeypatch.setattr(softplus, "gradient", lambda g, y, x: (rule(g, y, x)[0] * (1 + 1e-5),))
    net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(3, "softplus"), gn.Dense(1)], input_shape=(3,))
    with pytest.raises(GlassnetError, match=r"dense(_1)?\.(weight|bias) differs"):
        gn.checks.check_gradients(net, X, Y)
