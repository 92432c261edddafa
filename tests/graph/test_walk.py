"""Order, dependence and substitution: the only loops over a graph."""

import numpy as np

from glassnet import graph as g

X = g.input("x", (2,), "float64")
Y = g.input("y", (2,), "float64")


def test_order_has_arguments_before_their_users_each_once():
    h = g.exp(X)
    root = (h * h + Y) * h
    order = g.in_order([root, h])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[arg] < place[node] for node in order for arg in node.args)


def test_order_is_that_in_which_a_reader_meets_the_parts():
    assert [n.name or n.op.name for n in g.in_order([X + Y * X])] == ["x", "y", "mul", "add"]


def test_deep_graph_is_walked_without_recursion():
    node = X
    for _ in range(20_000):
        node = g.neg(node)
    assert len(g.in_order([node])) == 20_001


def test_users_counts_each_time_that_a_node_is_taken():
    h = g.exp(X)
    root = h * h
    users = g.users(g.in_order([root]))
    assert (users[X], users[h], users[root]) == ([h], [root, root], [])


def test_dependence_is_felt_through_all_users():
    h = g.exp(X)
    root = h + Y
    assert g.depends_on(g.in_order([root]), [X]) == {X, h, root}


def test_substitution_replaces_a_node_everywhere():
    h = g.exp(X)
    (new,) = g.substitute([h * h + X], {h: Y})
    values = {X: np.array([1.0, 2.0]), Y: np.array([3.0, 4.0])}
    np.testing.assert_array_equal(g.evaluate([new], values)[0], [10, 18])


def test_substitution_keeps_what_does_not_change():
    kept, root = g.exp(X), g.exp(Y)
    assert g.substitute([kept, root], {Y: X})[0] is kept


def test_substituted_root_is_replaced_itself():
    assert g.substitute([X], {X: Y}) == [Y]


def test_rebuilding_sees_arguments_before_their_users():
    def doubled(node):
        return g.constant(2) * node if node is X else node

    (new,) = g.rebuild([X + X], doubled)
    np.testing.assert_array_equal(g.evaluate([new], {X: np.ones(2)})[0], [4, 4])


def test_phase_chooses_the_formula_of_training_or_of_prediction():
    root = g.exp(g.when_training(X * 2, X))
    training, prediction = (g.at_phase([root], training=t)[0] for t in (True, False))
    values = {X: np.array([0.5, 1.0])}
    np.testing.assert_array_equal(g.evaluate([training], values)[0], np.exp([1.0, 2.0]))
    np.testing.assert_array_equal(g.evaluate([prediction], values)[0], np.exp([0.5, 1.0]))
