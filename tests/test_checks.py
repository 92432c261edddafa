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
