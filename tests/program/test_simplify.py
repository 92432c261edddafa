"""Rewriting keeps the value, ends, and gives the form that a textbook prints."""

import math

import numpy as np
import pytest
from graph.test_properties import POOL, VALUES, formulas
from hypothesis import given, settings

from glassnet import graph as g
from glassnet.errors import GlassnetError
from glassnet.graph.text import write
from glassnet.program import simplify
from glassnet.program.rules import RULES
from glassnet.program.rules.questions import lowest, tidy
from glassnet.program.simplify import finish, merge, reduce, rewrite

B = 6
X, Y, Z = (g.input(name, ("B", 3), "float64") for name in "xyz")
Q = g.input("q", ("B", 1), "float64")
R = g.input("r", (), "float64")
W = g.parameter("W", (3, 4), "float64")
LABEL = g.input("k", ("B",), "int64")
N = g.batch_size()
RATE, T = g.input("rate", (), "number"), g.input("t", (), "number")
C = X > 0


def ones():
    return g.stretch(1.0, X.shape, X.dtype)


def part(x, first, size=6):
    """x (B, 3) as columns of zeros (B, size)."""
    index = (slice(None), slice(first, first + 3))
    return g.all_ops()["unslice"](x, index=index, shape=("B", size))


# (the formula as it is written or derived, the text that it becomes)
CASES = [
    # Nothing is added, taken away or multiplied by one; constants are folded, without dust.
    (X + 0, "x"), (0 + X, "x"), (X - 0, "x"), (0 - X, "-x"), (1 * X, "x"), (X * 1.0, "x"),
    (X / 1, "x"), (X**1, "x"), (g.neg(-X), "x"), (g.constant(0.1) + 0.2 + X, "0.3 + x"),
    ((X + 1) + 2, "x + 3"), ((X - 1) + 1, "x"), ((RATE + 3) - 5, "rate - 2"),
    (math.sqrt(2) * (math.sqrt(2) * X), "2 * x"), (X**0, "np.full((B, 3), 1, np.float64)"),
    # Signs move outwards, and meet.
    (X + -Y, "x - y"), (X - -Y, "x + y"), (-X + Y, "y - x"), (-X - Y, "-(x + y)"),
    (-X + -Y, "-(x + y)"), (-X * Y, "-x * y"), (X * -Y, "-x * y"), (-X * -Y, "x * y"),
    (-(X - Y), "y - x"), (-(2 * X), "-2 * x"), (-X / Y, "-x / y"), (X / -Y, "-x / y"),
    (X + -2 * Y, "x - 2 * y"), (X - -2 * Y, "x + 2 * y"), (-1 * X, "-x"), ((-X) ** 2, "x**2"),
    (g.sum(-X), "-x.sum()"), (-(X - Y) / 2, "(y - x) / 2"), (-g.constant(1) / N * X, "-x / B"),
    (-(C * X), "-((x > 0) * x)"), (g.expand_dims(-R, 0), "-r[..., None]"),
    # Plain factors stand first, divisions by one number last; fractions are in lowest terms.
    (X * 2, "2 * x"), (X * RATE, "rate * x"), (X * N, "B * x"), (2 * (3 * X), "6 * x"),
    ((2 * X) * Y, "2 * x * y"), (X * (2 * Y), "2 * x * y"), (RATE * (X * Y), "rate * x * y"),
    (RATE * (X / Y), "rate * x / y"), ((X / N) * Y, "x * y / B"), (X * (Y / N), "x * y / B"),
    ((1 / N) * X, "x / B"), (X / N / 3, "x / (3 * B)"), (X / N / Y, "x / y / B"),
    (2 * X / 4, "x / 2"), (2 * X / (4 * N), "x / (2 * B)"), (2 * X / (3 * N), "2 * x / (3 * B)"),
    (0.5 * (2 * X), "x"), (2 * X / 2, "x"), (1 / (2 * X) * Y, "y / (2 * x)"),
    (2 * (Y / (2 * X)), "y / x"), (g.sum(3 * X), "3 * x.sum()"), (X / R * Y, "x * y / r"),
    (X / N + Y / N, "(x + y) / B"), (X / N - Y / N, "(x - y) / B"),
    (RATE * X + RATE * Y, "rate * (x + y)"), (0.02 * W + X.T @ (X @ W), "m1 + 0.02 * W"),
    (0.1 * g.sign(W) + 0.4 * W + X.T @ (X @ W), "m1 + 0.1 * np.sign(W) + 0.4 * W"),
    # What need not be spread out is not.
    (X + g.expand(R, shape=("B", 3)), "x + r"), (ones() * X, "x"),
    (g.stretch(1 / N, X.shape, X.dtype) * X, "x / B"), (ones() * C * X, "x * (x > 0)"),
    (g.expand(g.expand(R, shape=(1, 3)), shape=("B", 3)), "np.broadcast_to(r, (B, 3))"),
    # Two halves of a choice are one; the same question is asked once.
    (g.where(C, X, X), "x"), (g.where(C, X, 0) + g.where(C, 0, Y), "np.where(x > 0, x, y)"),
    (g.where(C, 0, X) + g.where(C, Y, 0), "np.where(x > 0, y, x)"),
    (g.where(C, X, 0) - g.where(C, 0, Y), "np.where(x > 0, x, -y)"),
    (g.where(C, X, 0) * Y, "np.where(x > 0, x * y, 0)"),
    (0.1 * g.where(C, 0, X), "np.where(x > 0, 0, 0.1 * x)"),
    (g.where(C, X, 0) / Y, "np.where(x > 0, x / y, 0)"),
    (g.where(C, X / N, Y / N), "np.where(x > 0, x, y) / B"),
    (g.where(C, -X, -Y), "-np.where(x > 0, x, y)"), (g.where(C, -X, 0), "-np.where(x > 0, x, 0)"),
    (g.where(C, g.where(C, X, Y), Z), "np.where(x > 0, x, z)"),
    (g.where(C, X, g.where(C, Y, Z)), "np.where(x > 0, x, z)"),
    (g.where(C, 0.5 * ones(), -0.5 * ones()), "np.where(x > 0, 0.5, -0.5).astype(np.float64)"),
    (g.where(C, 0, g.where(C, X, 0)), "np.zeros((B, 3), np.float64)"),
    (g.less(0, X), "x > 0"), (g.greater_equal(1, X), "x <= 1"),
    # Reductions and shapes.
    (g.mean(g.mean(X, axis=-1)), "np.mean(x)"), (g.sum(g.sum(X, axis=0)), "x.sum()"),
    (g.sum(X, axis=(0, 1)), "x.sum()"), (g.sum(X, axis=(1,)), "x.sum(axis=1)"),
    (g.sum(Q, axis=1), "q.reshape(-1)"), (g.sum(R), "r"), (X.T.T, "x"),
    (X.reshape("B", 3), "x"), (X.reshape("B", 1, 3).reshape("B", 3), "x"),
    (g.cast(X, dtype="float64"), "x"),
    # Textbook formulas become the ones that no number breaks.
    (g.log(g.sigmoid(X)), "-softplus(-x)"), (g.log(1 - g.sigmoid(X)), "-softplus(x)"),
    (g.log1p(-g.sigmoid(X)), "-softplus(x)"), (g.log1p(g.exp(X)), "softplus(x)"),
    (g.log(1 + g.exp(X)), "softplus(x)"), (g.log(g.exp(X) + 1), "softplus(x)"),
    (1 / (1 + g.exp(-X)), "sigmoid(x)"), (g.exp(X) / (1 + g.exp(X)), "sigmoid(x)"),
    (g.log(g.softmax(X)), "log_softmax(x)"),
    (g.log(g.sum(g.exp(X), axis=-1)), "logsumexp(x, axis=-1)"),
    (g.exp(X) / g.sum(g.exp(X), axis=-1, keepdims=True), "softmax(x)"),
    (g.log(g.sigmoid(X)[:, 0]), "-softplus(-x[:, 0])"),
    (g.log(1 - g.sigmoid(X)[:, 0]), "-softplus(x[:, 0])"),
    (g.log(g.pick(g.softmax(X), LABEL)), "log_softmax(x)[np.arange(B), k]"),
    (Y * g.log(g.sigmoid(X)) + (1 - Y) * g.log(1 - g.sigmoid(X)), "y * x - softplus(x)"),
    (-(Y * g.log(g.sigmoid(X)) + (1 - Y) * g.log(1 - g.sigmoid(X))), "softplus(x) - y * x"),
    (-((1 - Y) * g.log(1 - g.sigmoid(X)) + Y * g.log(g.sigmoid(X))), "softplus(x) - y * x"),
    # Parts side by side, as the gradients of slices are, become one array; with a gap they stay.
    (part(X, 3) + part(Y, 0), "np.concatenate([y, x], axis=-1)"),
    (part(X, 0, 9) + part(Y, 6, 9) + part(X, 3, 9), "np.concatenate([x, x, y], axis=-1)"),
    (g.sum(part(X, 0, 9) + part(Y, 6, 9)) + 0 * R,
     ("(unslice(x, (slice(None, None), slice(0, 3),), (B, 9)) "
      "+ unslice(y, (slice(None, None), slice(6, 9),), (B, 9))).sum() + 0 * r")),
]  # fmt: skip


def text(node):
    """The formula in one line; products of matrices are called m1."""
    if node.op.kind == "contract" and node.args:
        return "m1", 6
    return (node.name, 6) if node.is_leaf and node.name else write(node, list(map(text, node.args)))


def leaf_values(node):
    rng = np.random.default_rng(1)
    plain = {"rate": 0.3, "t": 4}
    found = {}
    for leaf in g.in_order([node]):
        if leaf.op.name in {"input", "parameter"}:
            shape = [B if n == "B" else n for n in leaf.shape]
            whole = rng.integers(0, 3, shape) if leaf.dtype == "int64" else rng.normal(size=shape)
            found[leaf] = plain.get(leaf.name, whole)
    return found


def assert_same_value(new, old, values, tolerance=1e-13):
    found, expected = (g.evaluate([node], values, batch=B)[0] for node in (new, old))
    assert new.spec == old.spec
    assert np.shape(found) == np.shape(expected)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("node", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_formula_becomes_the_textbooks_and_keeps_its_value(node, expected):
    (new,) = simplify([node])
    assert text(new)[0] == expected
    if "np.full" not in expected:  # it holds for any B, not for the one below
        assert_same_value(new, node, leaf_values(node))


@pytest.mark.parametrize(("node", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_what_was_simplified_stays_as_it_is(node, expected):
    once = simplify([node])
    assert g.listing(simplify(once)) == g.listing(once)


@pytest.mark.parametrize(("node", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_gradient_of_a_simplified_formula_is_that_of_the_formula(node, expected):
    if node.dtype != "float64":
        pytest.skip("it has no gradient")
    values = leaf_values(node)
    wrt = [leaf for leaf in values if leaf.dtype == "float64"]
    (new,) = simplify([node])
    old = simplify(g.gradients(g.sum(node * node), wrt))
    for a, b in zip(simplify(g.gradients(g.sum(new * new), wrt)), old, strict=True):
        assert_same_value(a, b, values, 1e-11)


def test_order_of_the_rules_of_an_op_changes_no_formula(monkeypatch):
    for op, rules in RULES.items():
        monkeypatch.setitem(RULES, op, rules[::-1])
    wrong = [expected for node, expected in CASES if text(simplify([node])[0])[0] != expected]
    assert wrong == []


def test_rules_that_undo_each_other_are_an_error_and_not_a_silent_stop(monkeypatch):
    monkeypatch.setitem(RULES, "add", (lambda node, a, b: g.add(b, a),))
    with pytest.raises(GlassnetError, match=r"came to no end in 42 rounds(.|\n)* = add %0 %1"):
        simplify([X + Y])


def test_formula_of_many_levels_is_simplified_to_its_end():
    piecewise = X
    for i in range(60):
        piecewise = g.where(i > X, piecewise * i, 0)
    (slope,) = simplify(g.gradients(g.sum(piecewise * Y), [X]))
    assert reduce([slope]) == [slope]


def test_names_stay_through_a_rewriting():
    (new,) = simplify([(X * 1 + 0 * 1).named("kept")])
    assert (new.op.name, new.name) in {("input", "x"), ("mul", "kept")}
    (new,) = simplify([(-(X - Y)).named("kept")])
    assert new.name == "kept"


def test_equal_formulas_become_one_and_keep_a_name():
    roots = simplify([g.exp(X + 1), g.exp(X + 1).named("e"), 2 * g.exp(X + 1)])
    assert roots[0] is roots[1]
    assert roots[2].args[1] is roots[0]
    assert roots[0].name == "e"


def test_draws_of_two_streams_stay_two():
    masks = [
        g.random_mask(g.SEED, g.STEP, rate=0.5, stream=s, shape=("B", 3), dtype="float64")
        for s in (1, 1, 2)
    ]
    one, same, other = simplify(masks)
    assert one is same
    assert one is not other


def test_float32_is_not_left():
    x = g.input("x", ("B", 3), "float32")
    c = x > 0
    halves = g.where(c, g.stretch(0.5, x.shape, x.dtype), g.stretch(-0.5, x.shape, x.dtype))
    (new,) = simplify([halves * 1])
    assert new.dtype == "float32"
    assert g.evaluate([new], {x: np.ones((2, 3), np.float32)}, 2)[0].dtype == np.float32


@pytest.mark.slow
@settings(max_examples=300)
@given(formulas())
def test_random_formula_keeps_its_value_in_every_pass(formula):
    roots = [formula[0], *g.gradients(g.sum(g.tanh(formula[0])), [leaf for leaf, _ in POOL])]
    g.check(roots)
    expected = g.evaluate(roots, VALUES)
    passes = (lambda r: g.rebuild(r, rewrite), merge, reduce, finish, merge, simplify)
    for each in passes:
        roots = each(roots)
        g.check(roots)
        for value, before in zip(g.evaluate(roots, VALUES), expected, strict=True):
            np.testing.assert_allclose(value, before, rtol=1e-11, atol=1e-11)


@settings(max_examples=100)
@given(formulas())
def test_rewriting_comes_to_an_end(formula):
    once = reduce([formula[0], *g.gradients(g.sum(g.tanh(formula[0])), [leaf for leaf, _ in POOL])])
    again = merge(g.rebuild(once, rewrite))
    assert all(a is b for a, b in zip(again, once, strict=True))


# Cross-entropies as a learner writes them, on logits that would break them.
def binary(z, y, p):
    return -g.mean(y * g.log(p) + (1 - y) * g.log(1 - p))


def binary_of_a_column(z, y, p):
    p, y = p[:, 0], y[:, 0]
    return g.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


def categorical(z, y, p):
    return -g.mean(g.sum(y * g.log(p), axis=-1))


def by_class(z, y, p):
    return -g.mean(g.log(g.pick(p, g.argmax(y, axis=-1))))


def softmax_by_hand(z):
    return np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)


EXTREME = [
    (binary, g.sigmoid), (binary_of_a_column, g.sigmoid), (binary, lambda z: 1 / (1 + np.exp(-z))),
    (categorical, g.softmax), (by_class, g.softmax), (categorical, softmax_by_hand),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "activation"), EXTREME)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_textbook_cross_entropy_survives_logits_of_a_thousand(loss, activation, dtype):
    z, y = g.input("z", ("B", 3), dtype), g.input("y", ("B", 3), dtype)
    value = loss(z, y, activation(z))
    (value,) = simplify([value])
    value, dz = simplify([value, *g.gradients(value, [z])])
    numbers = {
        z: np.array([[1000, -1000, 0], [-1000, 1000, 5], [0, 1, -1000]], dtype),
        y: np.eye(3, dtype=dtype)[[1, 1, 0]],
    }
    found, slope = g.evaluate([value, dz], numbers, batch=3)
    assert np.isfinite(found)
    assert 0 < found < 1e4
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() <= 1


def test_gradient_is_not_broken_by_what_was_not_chosen():
    """The root of 0 has an infinite slope, which where() keeps out."""
    x = g.input("x", (3,), "float64")
    guarded = g.where(x > 0, g.sqrt(x), 0)
    (dx,) = simplify(g.gradients(g.sum(guarded), [x]))
    with np.errstate(divide="ignore"):  # where it is not chosen
        found = g.evaluate([dx], {x: np.array([0.0, 1, 4])})[0]
    np.testing.assert_array_equal(found, [0, 0.5, 0.25])


@pytest.mark.parametrize(("top", "bottom", "expected"), [
    (2, 4, (1, 2)), (2, 3, (2, 3)), (4, 2, (2, 1)), (0.5, 2, (0.25, 1)), (1.2, 3, (0.4, 1)),
    (1, math.sqrt(2), (1 / math.sqrt(2), 1)), (math.pi, 29, (math.pi, 29)), (2, 0.7, (2, 0.7)),
])  # fmt: skip
def test_fraction_is_in_the_form_that_is_read_most_easily(top, bottom, expected):
    assert lowest(top, bottom) == expected


def test_dust_of_binary_fractions_is_wiped_off_and_nothing_else():
    assert tidy(0.1 + 0.2) == 0.3
    assert tidy(math.sqrt(2) ** 2) == 2.0
    assert tidy(math.pi) == math.pi
    assert tidy(1 / 3) == 1 / 3
