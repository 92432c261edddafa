"""Loops in the graph: what goes into them, what is left out, what a derivative makes of them."""

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.errors import ShapeError


def loops(roots):
    return [node for node in g.in_order(roots) if node.op.kind == "loop"]


def recurrent(n_steps=4):
    """(last, every, x, w, u) of h = tanh(x @ w + h @ u)."""
    x = g.input("x", ("B", n_steps, 3), "float64")
    w, u = g.parameter("w", (3, 2), "float64"), g.parameter("u", (2, 2), "float64")
    h0 = g.stretch(0.0, ("B", 2), "float64")
    (last,), (every,) = g.scan(lambda h, x: ([g.tanh(x @ w + h @ u)],) * 2, [h0], [x])
    return last, every, x, w, u


def test_loop_is_one_node_however_long_the_sequence():
    short, long = (len(g.with_bodies([recurrent(n)[0]])) for n in (2, 2000))
    assert short == long


def test_arguments_of_a_step_name_its_values():
    last, *_ = recurrent()
    body = loops([last])[0].settings["body"]
    assert [leaf.name for leaf in body.leaves] == ["h", "x", "w", "u"]


def test_what_no_step_changes_is_computed_before_the_loop():
    x = g.input("x", ("B", 4, 2))
    w = g.parameter("w", (2,))
    _, (every,) = g.scan(lambda x: ([], [x * g.exp(w)]), [], [x])
    loop = loops([every])[0]
    assert "exp" not in {node.op.name for node in g.in_order(loop.settings["body"].roots)}
    assert loop.args[1].op is g.exp


def test_derivative_is_one_loop_the_other_way_over_the_same_forward_loop():
    last, _, _, w, u = recurrent()
    loss = g.sum(last * last)
    forward, backward = loops(g.tidy_loops([loss, *g.gradients(loss, [w, u])]))
    assert not forward.settings["backwards"]
    assert backward.settings["backwards"]
    carried = len(backward.settings["body"].carried)
    assert carried == 1, "the gradients of w and u are no sums that the loop carries on"


def test_gradient_of_what_all_steps_share_is_one_contraction():
    last, _, _, w, u = recurrent()
    loss = g.sum(last * last)
    for slope in g.gradients(loss, [w, u]):
        assert slope.op is g.einsum
        assert slope.settings["subscripts"] == "bti,bto->io"


def test_results_that_nobody_reads_are_left_out():
    _, every, x, _, _ = recurrent()
    (tidy,) = g.tidy_loops([g.sum(every)])
    body = loops([tidy])[0].settings["body"]
    assert len(body.outputs) == 1

    def step(h, k, x):
        return [h + x, k * x], [h, k, x * x]

    zeros = g.stretch(0.0, ("B", 3), "float64")
    (h, _), _ = g.scan(step, [zeros, zeros], [x])
    (tidy,) = g.tidy_loops([g.sum(h)])
    body = loops([tidy])[0].settings["body"]
    assert [leaf.name for leaf in body.carried] == ["h"]
    assert body.outputs == ()


def test_output_that_is_the_input_is_the_sequence_itself():
    x = g.input("x", ("B", 4, 2))
    _, (same,) = g.scan(lambda x: ([], [x]), [], [x])
    assert g.tidy_loops([same]) == [x]


def test_output_that_is_the_same_in_all_steps_needs_no_loop():
    x, w = g.input("x", ("B", 4, 2), "float64"), g.parameter("w", (2,), "float64")
    _, (same,) = g.scan(lambda x: ([], [w]), [], [x])
    (tidy,) = g.tidy_loops([same])
    assert loops([tidy]) == []
    found = g.evaluate([tidy], {w: np.array([1.0, 2.0])}, 5)[0]
    np.testing.assert_array_equal(found, np.tile([1.0, 2.0], (4, 1)))


def test_tidy_loops_have_the_values_of_the_untidy_ones():
    last, every, x, w, u = recurrent()
    loss = g.sum(every * every) + g.sum(last)
    roots = [loss, *g.gradients(loss, [x, w, u])]
    rng = np.random.default_rng(0)
    values = {leaf: rng.normal(size=[5 if n == "B" else n for n in leaf.shape])
              for leaf in (x, w, u)}  # fmt: skip
    tidy = g.tidy_loops(roots)
    assert len(loops(tidy)) == 2
    assert len(loops(roots)) > 2
    for a, b in zip(g.evaluate(roots, values, 5), g.evaluate(tidy, values, 5), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_weights_have_no_gradient_in_the_loop():
    last, _, _, w, u = recurrent()
    loss = g.sum(last * last)
    both = loops(g.tidy_loops(g.gradients(loss, [w, u])))[-1]
    one = loops(g.tidy_loops(g.gradients(loss, [w])))[-1]
    assert len(one.settings["body"].outputs) == len(both.settings["body"].outputs)
    x = last.args[0].args[1]
    (dx,) = g.tidy_loops(g.gradients(loss, [x]))
    assert dx.shape == ("B", 4, 3)


def test_plain_number_that_all_steps_use_has_a_gradient():
    x, rate = g.input("x", ("B", 3, 1), "float64"), g.input("rate", (), "number")
    zeros = g.stretch(0.0, ("B", 1), "float64")
    (h,), _ = g.scan(lambda h, x: ([h + rate * x], []), [zeros], [x])
    found = g.evaluate(g.gradients(g.sum(h), [rate]), {x: np.ones((2, 3, 1)), rate: 2.0}, 2)
    assert found == [6.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x, h: g.scan(lambda h, x: ([h], []), [h], [x[:, :0]]), "at least one step"),
        (lambda x, h: g.scan(lambda h: ([h], []), [h], []), "of one length T are needed, got none"),
        (lambda x, h: g.scan(lambda h, x, y: ([h], []), [h], [x, x[:, 1:]]), "of one length T"),
        (lambda x, h: g.scan(lambda h, x: ([], []), [h], [x]), "carries on 0 values.*with 1"),
        (lambda x, h: g.scan(lambda h, x: ([x[:, :1]], []), [h], [x]),
         r"must stay what it is: 'h' begins as \(B, 3\) float32 and goes on as \(B, 1\) float32"),
    ],
)  # fmt: skip
def test_loop_that_cannot_be_is_refused(make, message):
    x, h = g.input("x", ("B", 4, 3)), g.stretch(0.0, ("B", 3), "float32")
    with pytest.raises(ShapeError, match=message):
        make(x, h)
