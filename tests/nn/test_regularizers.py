"""Penalties and constraints on weights."""

import numpy as np
import pytest
from graph.differences import worst_error
from kinds import assert_float32_throughout

from glassnet import graph as g
from glassnet.errors import SettingError, UnknownNameError
from glassnet.nn.regularizers import CONSTRAINTS, L1, L1L2, L2, REGULARIZERS, MaxNorm, find

W = np.random.default_rng(0).normal(size=(4, 3))
TEXTBOOK = {
    L1(0.1): lambda w: 0.1 * np.abs(w).sum(),
    L2(0.1): lambda w: 0.1 * (w**2).sum(),
    L1L2(0.1, 0.2): lambda w: 0.1 * np.abs(w).sum() + 0.2 * (w**2).sum(),
}

each_penalty = pytest.mark.parametrize("penalty", TEXTBOOK, ids=lambda p: type(p).__name__)


def leaf(dtype="float64", shape=W.shape):
    return g.parameter("w", shape, dtype)


def held(w, limit):
    node = leaf(shape=w.shape)
    return g.evaluate([MaxNorm(limit).formula(node)], {node: w})[0]


def test_table_names_every_penalty():
    assert {type(penalty) for penalty in TEXTBOOK} == set(REGULARIZERS.values())


@each_penalty
def test_penalty_equals_the_textbooks_formula(penalty):
    w = leaf()
    found = g.evaluate([penalty.formula(w)], {w: W})[0]
    assert found == pytest.approx(TEXTBOOK[penalty](W), rel=1e-14)


@each_penalty
def test_gradient_equals_central_difference(penalty):
    w = leaf()
    assert worst_error(penalty.formula(w), [w], {w: W}) < 1e-8


@pytest.mark.parametrize("rule", [*TEXTBOOK, MaxNorm()], ids=lambda r: type(r).__name__)
def test_float32_stays_float32(rule):
    w = leaf("float32")
    value = rule.formula(w)
    slope = [] if value.ndim else g.gradients(value, [w])
    assert_float32_throughout([value, *slope], {w: W.astype("f4")})


def test_max_norm_shortens_the_weights_into_a_unit_that_are_too_long():
    found = held(np.array([[3.0, 0.3], [4.0, 0.4]]), limit=1)
    np.testing.assert_allclose(found, [[0.6, 0.3], [0.8, 0.4]])


def test_max_norm_of_a_kernel_looks_at_all_that_flows_into_a_unit():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 5))
    lengths = np.sqrt((held(kernel, limit=1) ** 2).sum((0, 1, 2)))
    np.testing.assert_allclose(lengths, 1)


def test_max_norm_leaves_zeros_as_they_are():
    np.testing.assert_array_equal(held(np.zeros((2, 2)), limit=1), np.zeros((2, 2)))


def test_max_norm_twice_is_max_norm_once():
    once = held(W, limit=0.5)
    np.testing.assert_allclose(held(once, limit=0.5), once, rtol=1e-15)


@pytest.mark.parametrize("rule", [None, L2(0.5), MaxNorm(3)])
def test_a_rule_or_none_is_found_by_itself(rule):
    assert find("regularizer", REGULARIZERS, rule) is rule


@pytest.mark.parametrize("name", REGULARIZERS)
def test_penalty_is_found_by_its_name(name):
    assert isinstance(find("regularizer", REGULARIZERS, name), REGULARIZERS[name])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: L1(-1), SettingError, "strength must be 0 or more, got -1"),
        (lambda: L2(float("nan")), SettingError, "strength must be 0 or more, got nan"),
        (lambda: L1L2(0, -1), SettingError, "l2 must be 0 or more, got -1"),
        (lambda: MaxNorm(0), SettingError, "limit must be more than 0, got 0"),
        (lambda: find("regularizer", REGULARIZERS, "l3"), UnknownNameError, "no regularizer 'l3'"),
        (lambda: find("constraint", CONSTRAINTS, "maxnorm"), UnknownNameError,
         "Did you mean 'max_norm'?"),
        (lambda: find("regularizer", REGULARIZERS, 0.1), SettingError,
         r"A regularizer is a name or an object with a formula\(w\), got 0.1"),
    ],
)  # fmt: skip
def test_wrong_rule_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
