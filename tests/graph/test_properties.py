"""What holds for every shape and every formula, on examples that Hypothesis finds (seeded)."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glassnet import graph as g
from glassnet.graph.evaluate import namespace
from glassnet.graph.op import ATOM
from glassnet.graph.text import write

pytestmark = pytest.mark.slow

few = settings(max_examples=60)
shapes = hnp.array_shapes(min_dims=0, max_dims=3, max_side=4)
three_shapes = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)


def leaf(name, shape):
    return g.input(name, shape, "float64")


def numbers(shape, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape)


def leaves_of(some):
    nodes = [leaf(f"x{i}", shape) for i, shape in enumerate(some.input_shapes)]
    return nodes, {node: numbers(node.shape, i) for i, node in enumerate(nodes)}


@few
@given(three_shapes)
def test_broadcasting_gives_numpys_shape(some):
    (a, b, c), values = leaves_of(some)
    node = a * b + c
    assert node.shape == some.result_shape == g.evaluate([node], values)[0].shape


@few
@given(three_shapes)
def test_gradient_of_what_was_broadcast_has_the_shape_of_its_argument(some):
    leaves, values = leaves_of(some)
    a, b, c = leaves
    found = g.gradients(g.sum(a * b / c), leaves)
    assert [dx.shape for dx in found] == list(some.input_shapes)
    assert [np.shape(dx) for dx in g.evaluate(found, values)] == list(some.input_shapes)


@few
@given(three_shapes)
def test_gradient_of_a_sum_counts_how_often_each_number_was_used(some):
    (a, b, c), values = leaves_of(some)
    (da,) = g.evaluate(g.gradients(g.sum(a + b + c), [a]), values)
    times = math.prod(some.result_shape) // math.prod(a.shape)
    np.testing.assert_array_equal(da, np.full(a.shape, times))


@few
@given(shapes, st.randoms(use_true_random=False))
def test_transpose_there_and_back_is_the_same(shape, random):
    axes = random.sample(range(len(shape)), len(shape))
    x = leaf("x", shape)
    back = g.transpose(g.transpose(x, axes=tuple(axes)), axes=tuple(np.argsort(axes).tolist()))
    assert back.shape == shape
    np.testing.assert_array_equal(g.evaluate([back], {x: numbers(shape)})[0], numbers(shape))


@few
@given(shapes, st.data())
def test_reshape_there_and_back_is_the_same(shape, data):
    size = math.prod(shape)
    first = data.draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
    x = leaf("x", shape)
    there = x.reshape(first, -1)
    assert there.shape == (first, size // first)
    back = there.reshape(*shape)
    assert back.shape == shape
    np.testing.assert_array_equal(g.evaluate([back], {x: numbers(shape)})[0], numbers(shape))


@few
@given(hnp.array_shapes(max_dims=3, max_side=4).flatmap(
    lambda shape: st.tuples(st.just(shape), hnp.basic_indices(shape))))  # fmt: skip
def test_slice_is_numpys_and_its_gradient_marks_what_was_taken(both):
    shape, index = both
    x = leaf("x", shape)
    expected = np.zeros(shape)
    expected[index] = 1
    taken, dx = g.evaluate([x[index], *g.gradients(g.sum(x[index]), [x])], {x: numbers(shape)})
    np.testing.assert_array_equal(taken, numbers(shape)[index])
    np.testing.assert_array_equal(dx, expected)


@few
@given(shapes, st.booleans(), st.data())
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
def test_reduction_is_numpys_over_every_choice_of_axes(name, shape, keepdims, data):
    axes = st.lists(st.integers(-len(shape), len(shape) - 1), unique_by=lambda i: i % len(shape))
    axis = data.draw(st.none() | axes.map(tuple) if shape else st.none())
    x = leaf("x", shape)
    node = getattr(g, name)(x, axis=axis, keepdims=keepdims)
    expected = getattr(np, name)(numbers(shape), axis=axis, keepdims=keepdims)
    assert node.shape == expected.shape
    np.testing.assert_allclose(g.evaluate([node], {x: numbers(shape)})[0], expected, rtol=1e-14)


# Random formulas: the same functions are applied to nodes and to arrays.
SQUARE = np.zeros((3, 3))
STEPS = [
    (lambda a, b: a + b), (lambda a, b: a - b), (lambda a, b: a * b), (lambda a, b: -(a * b)),
    (lambda a, b: a / (2 + np.tanh(b))), (lambda a, b: 1 - (a - b)), (lambda a, b: -a - -b),
    (lambda a, b: (a + SQUARE) @ (b + SQUARE)), (lambda a, b: (a + SQUARE).T),
    (lambda a, b: np.where(a > b, a, 0.5)), (lambda a, b: np.where(np.equal(a < 1, b < 1), -a, b)),
    (lambda a, b: np.where(np.logical_and(a > 0, np.logical_not(b > a)), a, -1.5)),
    (lambda a, b: np.maximum(a, -b)), (lambda a, b: np.minimum(2, a)), (lambda a, b: abs(a)),
    (lambda a, b: np.sin(a) ** 2), (lambda a, b: (2 + np.cos(a)) ** -np.tanh(b)),
    (lambda a, b: np.mean(a + b, axis=None)), (lambda a, b: (a + SQUARE).sum(axis=0)),
    (lambda a, b: (b + SQUARE)[1:, ::2].max(axis=-1, keepdims=True)[0]),
    (lambda a, b: np.sqrt(abs(a) + 1)), (lambda a, b: (a > b) * (a * 1.0)),
]  # fmt: skip
POOL = [(leaf(name, shape), numbers(shape, i)) for i, (name, shape) in enumerate(
    {"a": (3, 3), "b": (3,), "c": (3, 1), "d": ()}.items())]  # fmt: skip
VALUES = dict(POOL)


@st.composite
def formulas(draw):
    """(node, value): steps drawn one after the other, each from what there is already."""
    pool = list(POOL)
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=8)):
        (a, a_value), (b, b_value) = (draw(st.sampled_from(pool)) for _ in range(2))
        pool.append((step(a, b), step(a_value, b_value)))
    return pool[-1]


def inline(node):
    return (node.name, ATOM) if node.name else write(node, [inline(arg) for arg in node.args])


@settings(max_examples=150)
@given(formulas())
def test_random_formula_has_numpys_value(formula):
    node, expected = formula
    found = g.evaluate([node], VALUES)[0]
    assert (np.shape(found), node.shape) == (np.shape(expected),) * 2
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=150)
@given(formulas())
def test_random_formula_written_as_one_text_has_the_same_value(formula):
    node, expected = formula
    scope = {leaf.name: value for leaf, value in POOL}
    found = eval(inline(node)[0], {**namespace(), **scope})  # noqa: S307
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@few
@given(formulas())
def test_gradient_of_a_random_formula_has_the_shape_and_kind_of_its_leaves(formula):
    leaves = [leaf for leaf, _ in POOL]
    found = g.gradients(g.sum(g.tanh(formula[0])), leaves)
    g.check(found)
    for leaf, dx in zip(leaves, g.evaluate(found, VALUES), strict=True):
        assert (np.shape(dx), np.asarray(dx).dtype) == (leaf.shape, np.float64)
