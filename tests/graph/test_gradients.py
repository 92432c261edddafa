"""Derived gradients against central differences, in float64, for every row of the table."""

import numpy as np
import pytest
from cases.ops import BATCH, DERIVED, NO_GRADIENT, ROWS, has_gradient
from graph.differences import sized, weighted, worst_error

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import registry
from glassnet.spec import Spec

BOUND = 1e-8  # relative error, of first and of second derivatives

each_row = pytest.mark.parametrize("row", DERIVED, ids=str)
SINGLE = [row for row in DERIVED if row.make()[0].spec == Spec((), "float64")]


def floats(leaves):
    return [leaf for leaf in leaves if leaf.dtype == "float64"]


def loss_of(row):
    """(a number made of the row's node, the leaves to derive by, values)."""
    node, leaves, values = row.make()
    return weighted([node], seed=0), floats(leaves), values


def test_table_has_a_row_for_every_op():
    assert {row.op for row in ROWS} == set(g.all_ops())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row_uses_the_op_that_it_names(row):
    node, _, _ = row.make()
    assert row.op in {each.op.name for each in g.with_bodies([node])}


def test_every_op_with_a_gradient_is_derived():
    assert {row.op for row in DERIVED} == set(g.all_ops()) - NO_GRADIENT


def test_no_two_rows_have_the_same_name():
    assert len({str(row) for row in ROWS}) == len(ROWS)


@each_row
def test_gradient_equals_central_difference(row):
    assert worst_error(*loss_of(row)) < BOUND


@each_row
def test_gradient_of_a_gradient_equals_central_difference(row):
    loss, leaves, values = loss_of(row)
    slope = weighted(g.gradients(loss, leaves), seed=1)
    assert worst_error(slope, leaves, values) < BOUND


@pytest.mark.parametrize("row", SINGLE, ids=str)
def test_row_that_gives_a_single_number_is_itself_a_loss(row):
    loss, leaves, values = row.make()
    assert worst_error(loss, floats(leaves), values) < BOUND


@pytest.mark.parametrize("row", SINGLE, ids=str)
def test_gradient_of_a_loss_of_32_bits_has_32_bits(row):
    loss, leaves, values = row.make("float32")
    for dx in g.evaluate(g.gradients(loss, leaves), values, batch=BATCH):
        assert np.asarray(dx).dtype == np.float32 or type(dx) in {int, float}


@each_row
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradient_has_the_shape_and_kind_of_its_value(row, dtype):
    node, leaves, values = row.make(dtype)
    leaves = [leaf for leaf in leaves if leaf.dtype == dtype]
    found = g.gradients(g.sum(node * node), leaves)
    g.check(found)
    for leaf, dx, value in zip(leaves, found, g.evaluate(found, values, batch=BATCH), strict=True):
        assert dx.shape == leaf.shape == dx.spec.shape
        assert np.shape(value) == sized(leaf)
        assert np.asarray(value).dtype == dtype


def planted(rule):
    """tanh under another name, with this gradient rule."""
    return g.Op("planted", "np.tanh({0})", g.all_ops()["tanh"].spec, rule)


@pytest.fixture
def _registry(monkeypatch):
    monkeypatch.setattr(registry, "_OPS", g.all_ops())


@pytest.mark.usefixtures("_registry")
@pytest.mark.parametrize("wrong", [0.999, 1.001])
def test_checker_catches_a_rule_that_is_wrong_by_a_thousandth(wrong):
    tanh = planted(lambda g, y, x: (wrong * g * (1 - y * y),))
    x = g.input("x", (BATCH, 3), "float64")
    values = {x: np.random.default_rng(0).uniform(-2, 2, (BATCH, 3))}
    assert worst_error(g.sum(tanh(x)), [x], values) > 1e-4


@pytest.mark.usefixtures("_registry")
def test_checker_passes_the_same_rule_when_it_is_right():
    tanh = planted(lambda g, y, x: (g * (1 - y * y),))
    x = g.input("x", (BATCH, 3), "float64")
    values = {x: np.random.default_rng(0).uniform(-2, 2, (BATCH, 3))}
    assert worst_error(g.sum(tanh(x)), [x], values) < BOUND


def test_gradient_by_what_the_loss_does_not_depend_on_is_zeros():
    x, w = g.input("x", ("B", 2)), g.parameter("w", (3, 2))
    (dw,) = g.gradients(g.mean(x), [w])
    np.testing.assert_array_equal(
        g.evaluate([dw], {})[0], np.zeros((3, 2), np.float32), strict=True
    )


def test_gradient_by_a_plain_number_that_is_not_used_is_zero():
    x, rate = g.input("x", (2,)), g.input("rate", (), "number")
    assert g.evaluate(g.gradients(g.sum(x), [rate]), {}) == [0.0]


def test_gradient_by_a_plain_number_is_found():
    x, rate = g.input("x", (2,)), g.input("rate", (), "number")
    found = g.evaluate(g.gradients(g.sum(x * rate**2), [rate]), {x: np.float32([1, 2]), rate: 3.0})
    assert found == [18.0]


def test_gradient_by_a_node_inside_of_the_formula():
    x = g.input("x", (2,), "float64")
    h = g.exp(x)
    (dh,) = g.gradients(g.sum(h**2), [h])
    np.testing.assert_allclose(g.evaluate([dh], {x: np.zeros(2)})[0], [2, 2])


def test_gradient_of_the_loss_by_itself_is_one():
    loss = g.sum(g.input("x", (2,)))
    assert g.evaluate(g.gradients(loss, [loss]), {}) == [1.0]


def test_value_used_twice_gets_the_sum_of_both_gradients():
    x = g.input("x", (), "float64")
    y = x * x
    assert g.evaluate(g.gradients(y * x + y, [x]), {x: np.float64(3)}) == [3 * 9 + 2 * 3]


def test_no_gradient_flows_through_stop_gradient():
    x = g.input("x", (), "float64")
    assert g.evaluate(g.gradients(x * g.stop_gradient(x), [x]), {x: np.float64(3)}) == [3]


@pytest.mark.usefixtures("_registry")
def test_rules_of_frozen_parts_are_not_even_asked():
    asked = []

    def rule(g, y, x):
        asked.append(y)
        return (g,)

    same = g.Op("same", "{0}", lambda x: x, rule)
    frozen, w = g.parameter("frozen", (3,)), g.parameter("w", (3,))
    loss = g.sum(same(frozen) * same(w))
    g.gradients(loss, [w])
    assert [y.args[0].name for y in asked] == ["w"]


def test_formula_of_a_gradient_has_nothing_of_a_frozen_layer_below():
    x, w1, w2 = g.input("x", ("B", 2)), g.parameter("w1", (2, 4)), g.parameter("w2", (4, 1))
    hidden = g.tanh(x @ w1).named("a1")
    (dw2,) = g.gradients(g.mean(hidden @ w2), [w2])
    new = set(g.in_order([dw2])) - set(g.in_order([hidden @ w2]))
    assert all("w1" not in {arg.name for arg in node.args} for node in new)
    assert "da1" not in {node.name for node in g.in_order([dw2])}


def test_gradient_is_called_d_and_the_name_of_its_value():
    x, w = g.input("x", ("B", 2)), g.parameter("W", (2, 1))
    z = (x @ w).named("z")
    loss = g.mean(z * z)
    dw, dz = g.gradients(loss, [w, z])
    assert (dw.name, dz.name) == ("dW", "dz")


def test_gradient_belongs_to_the_layer_of_its_value():
    with g.inside_layer("dense_1"):
        h = g.exp(g.input("x", (2,))).named("h")
    (dh,) = g.gradients(g.sum(h * h), [h])
    assert dh.layer == "dense_1"


def test_only_a_single_number_has_a_gradient():
    x = g.input("x", ("B", 3))
    with pytest.raises(ShapeError, match=r"got shape \(B, 3\).*sum or the mean"):
        g.gradients(x * 2, [x])


def test_extreme_value_found_twice_shares_its_gradient():
    x = g.input("x", (3,), "float64")
    (dx,) = g.evaluate(g.gradients(g.max(x, axis=0), [x]), {x: np.array([2.0, 1, 2])})
    np.testing.assert_array_equal(dx, [0.5, 0, 0.5])


def test_deep_formula_has_a_gradient_without_recursion():
    x = g.input("x", (), "float64")
    y = x
    for _ in range(3000):
        y = y + x
    assert g.evaluate(g.gradients(y, [x]), {x: np.float64(1)}) == [3001]


def test_rows_without_a_gradient_are_told_from_the_others():
    assert not has_gradient(next(row for row in ROWS if row.op == "floor"))


@pytest.mark.parametrize("op", [g.maximum, g.minimum, np.maximum, np.minimum])
@pytest.mark.parametrize("bound", [0, np.zeros(3)], ids=["number", "array"])
def test_at_a_tie_with_a_constant_the_slope_goes_to_the_constant(op, bound):
    x = g.input("x", (3,), "float64")
    at = np.array([-1.0, 0.0, 1.0])
    inside = at > 0 if op in {g.maximum, np.maximum} else at < 0
    for value in (op(x, bound), op(bound, x)):
        (slope,) = g.gradients(g.sum(value), [x])
        np.testing.assert_array_equal(g.evaluate([slope], {x: at})[0], inside)


def test_of_two_variables_that_tie_the_second_takes_the_gradient():
    a, b = g.input("a", (1,), "float64"), g.input("b", (1,), "float64")
    slopes = g.gradients(g.sum(g.maximum(a, b)), [a, b])
    assert [s.item() for s in g.evaluate(slopes, {a: np.ones(1), b: np.ones(1)})] == [0, 1]
