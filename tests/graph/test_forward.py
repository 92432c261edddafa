"""What the ops give: plain NumPy's numbers, at the edges too, in the kind and shape foretold."""

import math

import numpy as np
import pytest
from cases.ops import BATCH, ROWS, sized

from glassnet import graph as g
from glassnet import philox
from glassnet.errors import GlassnetError, ShapeError

EDGES = [-1000.0, -100.0, -20.0, -1e-8, 0.0, 1e-8, 20.0, 100.0, 1000.0]
INF = math.inf


def run(formula, *arrays):
    """The value of a formula of arrays."""
    nodes = [g.input(f"x{i}", a.shape, a.dtype.name) for i, a in enumerate(arrays)]
    return g.evaluate([formula(*nodes)], dict(zip(nodes, arrays, strict=True)))[0]


def shown_kind(value):
    """The kind of a value as a spec has it."""
    return "number" if type(value) in {bool, int, float} else np.asarray(value).dtype.name


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_has_the_shape_and_kind_of_its_spec(row, dtype):
    node, _, values = row.make(dtype)
    known = g.evaluate_all([node], values, batch=BATCH)
    for each, value in known.items():
        if each.op.kind == "loop":  # several values, of which each result is one
            continue
        assert np.shape(value) == sized(each.shape), each
        assert shown_kind(value) == each.dtype, each


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_floats_of_32_bits_stay_so(row):
    node, leaves, _ = row.make("float32")
    kinds = {leaf.dtype for leaf in leaves}
    if kinds == {"float32"} and node.dtype == "float64":
        assert row.about in {"to float64", "truth to float64", "of truth"}


# Functions of one variable, against Python's math.
PLAIN = {
    "exp": math.exp, "expm1": math.expm1, "log": math.log, "log1p": math.log1p,
    "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tan": math.tan,
    "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan, "sinh": math.sinh,
    "cosh": math.cosh, "tanh": math.tanh, "arcsinh": math.asinh, "arctanh": math.atanh,
    "erf": math.erf, "abs": abs, "floor": math.floor, "relu": lambda x: max(x, 0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "softplus": lambda x: math.log1p(math.exp(x)),
    "normal_cdf": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
    "sign": lambda x: math.copysign(1, x), "arccosh": lambda x: math.acosh(x + 1),
}  # fmt: skip


def shifted(name, x):
    return g.arccosh(x + 1) if name == "arccosh" else getattr(g, name)(x)


@pytest.mark.parametrize("name", PLAIN)
def test_function_equals_pythons(name):
    points = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    expected = [PLAIN[name](x) for x in points]
    np.testing.assert_allclose(run(lambda x: shifted(name, x), points), expected, rtol=1e-14)


@pytest.mark.parametrize("name", PLAIN)
def test_function_of_a_plain_number_is_a_plain_number(name):
    node = shifted(name, g.constant(0.5))
    (value,) = g.evaluate([node], {})
    assert node.dtype == "number"
    assert isinstance(value, int | float)
    assert not isinstance(value, np.generic)
    assert value == pytest.approx(PLAIN[name](0.5), rel=1e-15)


NUMBERS = {
    "comparison": (lambda t: t < 5, True),
    "choice": (lambda t: g.where(t < 5, 0.5, 1.5), 0.5),
    "choice by and": (lambda t: g.where(g.logical_and(t > 1, t < 3), 0.5, 1.5), 1.5),
    "choice by or": (lambda t: g.where(g.logical_or(t > 5, t < 5), 0.5, 1.5), 0.5),
    "choice by not": (lambda t: g.where(g.logical_not(t > 5), 0.5, 1.5), 0.5),
    "truth in arithmetic": (lambda t: (t > 1) * 0.5, 0.5),
    "smaller": (lambda t: g.minimum(t, 2), 2),
    "larger": (lambda t: g.maximum(t, 2), 3),
    "power": (lambda t: 2**t, 8),
    "sign": (lambda t: g.sign(-t), -1.0),
    "missing": (g.isnan, False),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_formula_of_plain_numbers_gives_a_plain_number(name):
    formula, expected = NUMBERS[name]
    t = g.input("t", (), "number")
    node = formula(t)
    (value,) = g.evaluate([node], {t: 3})
    assert (node.dtype, type(value), value) == ("number", type(expected), expected)


def test_plain_number_becomes_an_array_by_cast():
    (value,) = g.evaluate([g.cast(0.1, dtype="float32")], {})
    assert value.dtype == np.float32


def test_sigmoid_is_right_and_silent_at_the_edges():
    s = run(g.sigmoid, np.array(EDGES))
    assert s[0] == 0
    assert s[-1] == 1
    assert s[4] == 0.5
    assert s[1] == pytest.approx(math.exp(-100), rel=1e-15)
    np.testing.assert_allclose(s + s[::-1], 1)


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float64", 1e-13)])
def test_normal_cdf_keeps_its_digits_far_below_zero(dtype, bound):
    x = np.array([-9.0, -5.0, -1.0, 0.0, 5.0])
    expected = [math.erfc(-v / math.sqrt(2)) / 2 for v in x]
    np.testing.assert_allclose(run(g.normal_cdf, x.astype(dtype)), expected, rtol=bound)


def test_softplus_is_right_and_silent_at_the_edges():
    y = run(g.softplus, np.array(EDGES))
    assert (y[0], y[-1]) == (0, 1000)
    assert y[1] == pytest.approx(math.exp(-100), rel=1e-14)
    np.testing.assert_allclose(y - y[::-1], EDGES)  # softplus(x) - softplus(-x) = x


def test_log_sigmoid_keeps_its_digits_far_below_zero():
    np.testing.assert_allclose(run(lambda x: -g.softplus(-x), np.array([-1000.0])), [-1000])


LOGSUMEXP = {
    "large": ([1000.0, 1000.0], 1000 + math.log(2)),
    "very small": ([-1000.0, -1000.0], -1000 + math.log(2)),
    "one -inf": ([-INF, 0.0], 0.0),
    "all -inf": ([-INF, -INF], -INF),
    "one inf": ([INF, 1000.0], INF),
    "far apart": ([-1000.0, 1000.0], 1000.0),
}


@pytest.mark.parametrize("name", LOGSUMEXP)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [None, 0, (0,)])
def test_logsumexp_is_right_and_silent_at_the_edges(name, dtype, axis):
    row, expected = LOGSUMEXP[name]
    found = run(lambda x: g.logsumexp(x, axis=axis), np.array(row, dtype))
    assert found.dtype == dtype
    assert found == pytest.approx(expected, rel=1e-7 if dtype == "float32" else 1e-15)


def test_row_of_minus_infinity_leaves_the_other_rows_as_they_are():
    rows = np.array([[-INF, -INF], [0, 0], [-INF, 3]])
    found = run(lambda x: g.logsumexp(x, axis=1, keepdims=True), rows)
    np.testing.assert_array_equal(found, [[-INF], [math.log(2)], [3]])


def test_softmax_is_right_and_silent_at_the_edges():
    rows = np.array([[1000.0, 1000], [-1000, -1000], [-1000, 1000], [-INF, 5]])
    found = run(g.softmax, rows)
    np.testing.assert_array_equal(found, [[0.5, 0.5], [0.5, 0.5], [0, 1], [0, 1]])


def test_log_softmax_is_right_and_silent_at_the_edges():
    rows = np.array([[1000.0, 1000], [-1000, 1000], [-INF, 5]])
    found = run(g.log_softmax, rows)
    np.testing.assert_allclose(found, [[-math.log(2)] * 2, [-2000, 0], [-INF, 0]])


def test_where_takes_no_gradient_from_the_side_that_was_not_chosen():
    x = g.input("x", (2,), "float64")
    safe = g.where(x > 0, g.log(g.where(x > 0, x, 1)), 0)
    (dx,) = g.evaluate(g.gradients(g.sum(safe), [x]), {x: np.array([0.0, 2.0])})
    np.testing.assert_array_equal(dx, [0, 0.5])


def test_maximum_and_relu_keep_what_is_missing():
    missing = np.array([np.nan, 1.0])
    assert np.isnan(run(lambda x: g.maximum(x, 0), missing)[0])
    assert np.isnan(run(g.relu, missing)[0])


@pytest.mark.parametrize("value", [[INF, -INF, 1.0], [[np.nan, 2.0]], [1e-300, 1.5]])
def test_array_constant_is_written_to_the_last_bit(value):
    (found,) = g.evaluate([g.constant(np.array(value))], {})
    np.testing.assert_array_equal(found, np.array(value), strict=True)


@pytest.mark.parametrize("value", [INF, -INF, -2, 1e-30, True])
def test_number_constant_is_written_as_python_does(value):
    assert g.evaluate([g.constant(value)], {}) == [value]


def test_constant_does_not_follow_later_changes_of_the_array():
    array = np.ones(2)
    node = g.constant(array)
    array[0] = 7
    np.testing.assert_array_equal(g.evaluate([node], {})[0], [1, 1])


def test_take_and_one_hot_follow_the_index():
    table = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(run(lambda x: g.take(x, [2, 0, 2]), table), table[[2, 0, 2]])
    np.testing.assert_array_equal(
        g.evaluate([g.one_hot([1, 5], depth=3)], {})[0], [[0, 1, 0], [0] * 3]
    )


def test_value_that_was_not_given_is_an_error_that_names_it():
    with pytest.raises(GlassnetError, match="No value was given for the parameter 'W1'"):
        g.evaluate([g.parameter("W1", (2,)) * 2], {})


def test_batch_size_is_that_of_the_run():
    x = g.input("x", ("B", 2), "float64")
    assert g.evaluate([g.sum(x) / g.batch_size()], {x: np.ones((4, 2))}, batch=4) == [2.0]


# Random numbers: golden values, exact bits, philox.
def draw(dtype="float64", seed=1, stream=2, t=3, shape=(4,)):
    return g.evaluate([g.random_uniform(seed, t, stream=stream, shape=shape, dtype=dtype)], {})[0]


def mask(rate, shape=(100, 100), dtype="float32", t=0):
    drawn = g.random_mask(5, t, rate=rate, stream=0, shape=shape, dtype=dtype)
    return g.evaluate([drawn], {})[0]


GOLDEN = {
    "float64": [0.13732203113233543, 0.22522750207501308, 0.2552256935564018, 0.8369590612148967],
    "float32": [0.13732200860977173, 0.2252274751663208, 0.25522565841674805, 0.8369590044021606],
}
GOLDEN_MASK = [[2, 2, 0, 0], [0, 2, 2, 2]]


@pytest.mark.parametrize("dtype", GOLDEN)
def test_uniform_numbers_are_pinned(dtype):
    np.testing.assert_array_equal(draw(dtype), np.array(GOLDEN[dtype], dtype), strict=True)


def test_mask_is_pinned():
    np.testing.assert_array_equal(mask(0.5, (2, 4)), GOLDEN_MASK)


@pytest.mark.parametrize("dtype", GOLDEN)
def test_same_seed_stream_and_step_give_the_same_bits(dtype):
    np.testing.assert_array_equal(draw(dtype), draw(dtype), strict=True)


@pytest.mark.parametrize("other", [{"seed": 2}, {"stream": 0}, {"t": 4}])
def test_other_seed_stream_or_step_gives_other_bits(other):
    assert not np.any(draw() == draw(**other))


def test_steps_do_not_overlap_however_much_is_drawn():
    first, second = draw(shape=(4096,), t=0), draw(shape=(4096,), t=1)
    assert not set(first) & set(second)


def test_numbers_of_a_larger_shape_begin_as_those_of_a_smaller():
    np.testing.assert_array_equal(draw(shape=(2, 2)).ravel(), draw(shape=(8,))[:4])


def test_largest_seed_is_a_seed():
    assert draw(seed=2**64 - 1).shape == (4,)


def test_graph_and_streams_draw_the_same_numbers():
    expected = philox.uniform(4, seed=1, domain=philox.MASKS, stream=2, step=3)
    np.testing.assert_array_equal(draw(), expected)


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 24), ("float64", 53)])
def test_uniform_numbers_are_multiples_of_the_last_bit_below_one(dtype, bits):
    scaled = draw(dtype, shape=(10_000,)).astype(np.float64) * 2.0**bits
    assert np.all(scaled == np.floor(scaled))
    assert scaled.min() >= 0
    assert scaled.max() < 2.0**bits


@pytest.mark.parametrize("dtype", GOLDEN)
def test_uniform_numbers_have_the_mean_and_spread_of_theirs(dtype):
    u = draw(dtype, shape=(100_000,))
    assert u.mean() == pytest.approx(1 / 2, abs=4 / math.sqrt(12 * u.size))
    assert u.var() == pytest.approx(1 / 12, rel=0.02)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_mask_keeps_the_mean(rate):
    drawn = mask(rate)
    kept = np.float32(1) / np.float32(1 - rate)
    assert set(np.unique(drawn)) <= {np.float32(0), kept}
    spread = math.sqrt(rate / (1 - rate) / drawn.size)
    assert drawn.mean() == pytest.approx(1, abs=4 * spread + 1e-6)


def test_mask_of_another_step_is_another():
    assert np.any(mask(0.5, t=0) != mask(0.5, t=1))


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_rate_that_drops_everything_is_refused(rate):
    with pytest.raises(ShapeError, match="rate must be at least 0 and less than 1"):
        mask(rate)


def normal(dtype="float64", t=3, shape=(4,)):
    return g.evaluate([g.random_normal(1, t, stream=2, shape=shape, dtype=dtype)], {})[0]


def test_normal_numbers_follow_from_the_uniform_ones():
    """Box and Muller: the radius of one, the angle of the next."""
    u = draw(shape=(8,)).reshape(4, 2)
    expected = [math.sqrt(-2 * math.log(1 - a)) * math.cos(2 * math.pi * b) for a, b in u]
    np.testing.assert_allclose(normal(), expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", GOLDEN)
def test_normal_numbers_have_the_moments_and_tails_of_theirs(dtype):
    n = normal(dtype, shape=(200_000,))
    assert n.dtype == dtype
    assert n.mean() == pytest.approx(0, abs=4 / math.sqrt(n.size))
    assert n.var() == pytest.approx(1, rel=0.02)
    assert (n**3).mean() == pytest.approx(0, abs=0.05)
    assert (n**4).mean() == pytest.approx(3, rel=0.05)
    for k, share in ((1, 0.317311), (2, 0.0455), (3, 0.0027)):
        assert (np.abs(n) > k).mean() == pytest.approx(share, rel=0.15)


def test_normal_numbers_of_another_step_are_others():
    assert not np.any(normal(t=3) == normal(t=4))


def interpolated(count, size):
    return g.evaluate([g.interpolation(count=count, size=size, dtype="float64")], {})[0]


def test_shares_of_neighbours_are_those_of_the_distance():
    np.testing.assert_array_equal(interpolated(2, 2), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    np.testing.assert_array_equal(interpolated(1, 3), [[1], [1], [1]])
    np.testing.assert_array_equal(interpolated(3, 1), np.eye(3))


@pytest.mark.parametrize(("count", "size"), [(2, 2), (5, 3), (7, 4), (1, 2)])
def test_shares_add_up_to_one(count, size):
    np.testing.assert_allclose(interpolated(count, size).sum(axis=1), 1, rtol=1e-15)


WEIGHTS = np.array([1.0, 0, 3, 2])
VALUES = np.arange(12.0).reshape(4, 3) ** 2


def weighed(formula, weights=WEIGHTS):
    x, w = g.input("x", ("B", 3), "float64"), g.input("w", ("B",), "float64")
    nodes = g.weigh_rows([formula(x)], w)
    g.check(nodes)
    return g.evaluate(nodes, {x: VALUES, w: weights}, batch=4)[0]


def test_mean_of_rows_is_weighted():
    found = weighed(lambda x: g.row_mean(x, axis=0))
    np.testing.assert_allclose(found, np.average(VALUES, axis=0, weights=WEIGHTS), rtol=1e-15)


def test_mean_of_rows_and_columns_is_weighted():
    found = weighed(lambda x: g.row_mean(x, axis=(0, 1), keepdims=True))
    expected = np.average(VALUES.mean(1), weights=WEIGHTS)
    np.testing.assert_allclose(found, [[expected]], rtol=1e-15)


def test_mean_within_each_row_needs_no_weights():
    found = weighed(lambda x: g.row_mean(x, axis=1))
    np.testing.assert_allclose(found, VALUES.mean(1), rtol=1e-15)


def test_rows_are_counted_as_equal_ones():
    found = weighed(lambda x: g.cast(g.row_count(), dtype="float64"))
    assert found == pytest.approx(WEIGHTS.sum() ** 2 / (WEIGHTS**2).sum(), rel=1e-15)
    assert weighed(lambda x: g.cast(g.row_count(), dtype="float64"), np.ones(4)) == 4


def test_rows_without_weight_have_the_mean_zero():
    np.testing.assert_array_equal(weighed(lambda x: g.row_mean(x, axis=0), np.zeros(4)), [0] * 3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logaddexp_and_its_slopes_are_right_and_silent_where_e_to_the_x_overflows(dtype):
    a, b = g.input("a", (5,), dtype), g.input("b", (5,), dtype)
    given = [[-1e30, -1e30, 1e4, 1e30, -3], [-1e30, 2, 1e4, -1e30, -1e30]]
    values = {leaf: np.array(row, dtype) for leaf, row in zip((a, b), given, strict=True)}
    y = g.logaddexp(a, b)
    found, da, db = g.evaluate([y, *g.gradients(g.sum(y), [a, b])], values)
    expected = [-1e30, 2, 1e4 + math.log(2), 1e30, -3]
    np.testing.assert_allclose(found, np.array(expected, dtype), rtol=1e-7)
    np.testing.assert_allclose(da, [0.5, 0, 0.5, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(db, [0.5, 1, 0.5, 0, 0], rtol=1e-6)
