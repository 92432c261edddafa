"""Losses: derived gradients against differences, safe forms against the textbook's formulas."""

import numpy as np
import pytest
from cases.losses import OUTPUTS, ROWS
from cases.ops import BATCH
from graph.differences import worst_error
from kinds import assert_float32_throughout

import glassnet as gn
from glassnet import graph as g
from glassnet import losses
from glassnet.errors import SettingError, ShapeError, UnknownNameError
from glassnet.losses.loss import find, reduced

BOUND = 1e-8  # relative error of a gradient
WEIGHTS = np.array([2.0, 1.0, 0.0, 0.5, 3.0])

each_row = pytest.mark.parametrize("row", ROWS, ids=str)


def rows_of(row, dtype="float64"):
    """(one loss a row, y, leaf x, values)."""
    y, p, x, values = row.make(dtype)
    return row.loss.rows(y, p), y, x, values


def evaluated(node, values, batch=BATCH):
    return g.evaluate([node], values, batch=batch)[0]


def weight_leaf(dtype="float64"):
    return g.input("w", ("B",), dtype)


def test_table_has_a_row_for_every_loss():
    assert {row.loss.name for row in ROWS} == set(losses.LOSSES)


@each_row
def test_loss_is_one_number_a_row(row):
    rows, _, _, values = rows_of(row)
    assert rows.shape == ("B",)
    assert evaluated(rows, values).shape == (BATCH,)


@each_row
def test_loss_equals_the_textbooks_formula(row):
    y, p, _, values = row.make()
    rows, output = g.evaluate([row.loss.rows(y, p), p], values, batch=BATCH)
    np.testing.assert_allclose(rows, row.textbook(values[y], output), rtol=1e-12, atol=1e-12)


@each_row
def test_gradient_equals_central_difference(row):
    rows, _, x, values = rows_of(row)
    w = weight_leaf()
    assert worst_error(g.sum(w * rows), [x], {**values, w: WEIGHTS}) < BOUND


@each_row
def test_float32_stays_float32(row):
    y, p, x, values = row.make("float32")
    w = weight_leaf("float32")
    loss = reduced(row.loss, y, p, w)
    values[w] = WEIGHTS.astype(np.float32)
    assert_float32_throughout([loss, *g.gradients(loss, [x])], values, batch=BATCH)


@each_row
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loss_and_gradient_stay_finite_at_the_ends(row, dtype):
    y, p, x, values = row.make(dtype)
    sized = values[x].shape
    for seed in range(8):
        ends = np.random.default_rng(seed).choice(OUTPUTS[row.output].ends, sized)
        loss = reduced(row.loss, y, p, None)
        found = g.evaluate(
            [loss, *g.gradients(loss, [x])], {**values, x: ends.astype(dtype)}, BATCH
        )
        assert all(np.isfinite(each).all() for each in found)


@each_row
def test_weights_are_summed_not_counted(row):
    y, p, _, values = row.make()
    w = weight_leaf()
    rows, found = g.evaluate(
        [row.loss.rows(y, p), reduced(row.loss, y, p, w)], {**values, w: WEIGHTS}, BATCH
    )
    total = WEIGHTS @ rows
    assert found == pytest.approx(total if row.loss.total else total / WEIGHTS.sum(), rel=1e-12)


@each_row
def test_a_weight_of_two_counts_as_the_row_twice(row):
    y, p, x, values = row.make()
    w = weight_leaf()
    weighted = reduced(row.loss, y, p, w)
    plain = reduced(row.loss, y, p, None)
    twice = {leaf: np.concatenate([values[leaf], values[leaf][:1]]) for leaf in (x, y)}
    once = {**values, w: np.array([2.0, *np.ones(BATCH - 1)])}
    expected = evaluated(plain, twice, batch=BATCH + 1)
    assert evaluated(weighted, once) == pytest.approx(expected, rel=1e-12)


@each_row
def test_equal_weights_change_nothing(row):
    y, p, _, values = row.make()
    w = weight_leaf()
    plain, weighted = g.evaluate(
        [reduced(row.loss, y, p, None), reduced(row.loss, y, p, w)],
        {**values, w: np.ones(BATCH)}, BATCH,
    )  # fmt: skip
    assert weighted == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize(
    "loss", [losses.MeanSquaredError(), losses.Huber(), losses.LogCosh(), losses.Quantile(0.3)],
    ids=lambda loss: loss.name,
)  # fmt: skip
def test_loss_of_the_right_answer_is_zero(loss):
    y, p = g.input("y", ("B", 2), "float64"), g.input("p", ("B", 2), "float64")
    right = np.linspace(-50, 50, 2 * BATCH).reshape(BATCH, 2)
    np.testing.assert_allclose(evaluated(loss.rows(y, p), {y: right, p: right}), 0, atol=1e-15)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_best_constant_under_quantile_loss_is_the_quantile(q):
    y, p = g.input("y", ("B", 1), "float64"), g.input("p", (1, 1), "float64")
    data = np.random.default_rng(0).gamma(2, size=(101, 1))
    loss = reduced(losses.Quantile(q), y, p, None)
    tried = [
        evaluated(loss, {y: data, p: c.reshape(1, 1)}, batch=101) for c in np.sort(data, axis=0)
    ]
    assert np.sort(data, axis=0)[np.argmin(tried), 0] == pytest.approx(np.quantile(data, q))


def test_huber_joins_half_the_square_and_the_line():
    y, p = g.input("y", ("B", 1), "float64"), g.input("p", ("B", 1), "float64")
    error = np.array([[0.5], [2.0], [2.0 + 1e-9], [-10.0]])
    found = evaluated(losses.Huber(2).rows(y, p), {y: 0 * error, p: error}, batch=4)
    np.testing.assert_allclose(found, [0.125, 2, 2, 18], rtol=1e-8)


def test_cosine_similarity_is_minus_one_for_one_direction_and_one_for_the_opposite():
    y, p = g.input("y", ("B", 3), "float64"), g.input("p", ("B", 3), "float64")
    a = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 0.0, 0.0]])
    b = np.array([[2.0, 4.0, 6.0], [-1.0, -2.0, -3.0], [0.0, 5.0, 0.0]])
    found = evaluated(losses.CosineSimilarity().rows(y, p), {y: a, p: b}, batch=3)
    np.testing.assert_allclose(found, [-1, 1, 0], atol=1e-15)


def test_cosine_similarity_of_a_vector_of_zeros_has_a_finite_gradient():
    y, p = g.input("y", ("B", 3), "float64"), g.input("p", ("B", 3), "float64")
    loss = reduced(losses.CosineSimilarity(), y, p, None)
    zeros, ones = np.zeros((1, 3)), np.ones((1, 3))
    for values in ({y: ones, p: zeros}, {y: zeros, p: ones}, {y: zeros, p: zeros}):
        found = g.evaluate([loss, *g.gradients(loss, [p])], values, batch=1)
        assert found[0] == 0
        assert np.isfinite(found[1]).all()


def test_cosine_similarity_of_one_unit_is_a_sign_whose_gradient_is_zero():
    y, p = g.input("y", ("B", 1), "float64"), g.input("p", ("B", 1), "float64")
    rows = losses.CosineSimilarity().rows(y, p)
    values = {y: np.array([[3.0], [-0.1], [1e-20], [0.0]]), p: np.array([[0.7], [1e9], [1], [2]])}
    assert evaluated(rows, values, batch=4).tolist() == [-1, 1, -1, 0]
    slope = g.gradients(reduced(losses.CosineSimilarity(), y, p, None), [p])
    assert not np.any(g.evaluate(slope, values, batch=4)[0])


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_weights_stay_where_they_are_under_cosine_similarity_of_one_unit(engine):
    net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(1)], input_shape=(2,))
    before = {name: array.copy() for name, array in net.parameters.items()}
    x = np.random.default_rng(0).normal(size=(50, 2))
    net.fit(x, x[:, 0] + 0.1, loss="cosine_similarity", epochs=3, verbose=0, engine=engine)
    assert all((net.parameters[name] == array).all() for name, array in before.items())


def test_cross_entropy_of_a_sigmoid_is_written_on_the_logit():
    y, z = g.input("y", ("B", 1)), g.input("z", ("B", 1))
    loss = losses.BinaryCrossentropy().rows(y, g.sigmoid(z))
    assert "sigmoid" not in {node.op.name for node in g.in_order([loss])}


@pytest.mark.parametrize("name", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_cross_entropy_of_a_softmax_is_written_on_the_logits(name):
    loss = find(name)
    whole = loss.target == "class"
    y = g.input("y", ("B",) if whole else ("B", 3), "int64" if whole else "float32")
    formula = loss.rows(y, g.softmax(g.input("z", ("B", 3))))
    assert "softmax" not in {node.op.name for node in g.in_order([formula])}


@pytest.mark.parametrize(("z", "y"), [(1e4, 1.0), (-1e4, 0.0)])
def test_cross_entropy_of_a_sure_right_answer_is_exactly_zero(z, y):
    target, leaf = g.input("y", ("B", 1), "float32"), g.input("z", ("B", 1), "float32")
    loss = reduced(losses.BinaryCrossentropy(), target, g.sigmoid(leaf), None)
    assert evaluated(loss, {target: np.full((1, 1), y, "f4"), leaf: np.full((1, 1), z, "f4")}) == 0


# A loss of one's own.
def squared_log_error(y, p):
    return (np.log1p(y) - np.log1p(p)) ** 2


def of_each_row(y, p):
    return np.mean(np.abs(y - p), axis=-1)


def of_the_batch(y, p):
    return g.mean((y - p) ** 2) / g.variance(y)


OWN = {
    squared_log_error: lambda y, p: ((np.log1p(y) - np.log1p(p)) ** 2).mean(),
    of_each_row: lambda y, p: np.abs(y - p).mean(),
    of_the_batch: lambda y, p: ((y - p) ** 2).mean() / y.var(),
}


@pytest.mark.parametrize("function", OWN, ids=lambda f: f.__name__)
def test_a_users_function_is_a_loss(function):
    y, p = g.input("y", ("B", 2), "float64"), g.input("p", ("B", 2), "float64")
    drawn = np.random.default_rng(0).uniform(0.5, 2, (2, BATCH, 2))
    values = {y: drawn[0], p: drawn[1]}
    loss = reduced(find(function), y, p, None)
    assert evaluated(loss, values) == pytest.approx(OWN[function](*drawn), rel=1e-12)
    assert worst_error(loss, [p], values) < BOUND


def test_a_users_loss_class_is_found_by_its_name():
    class TripleSquare(losses.Loss):
        def formula(self, y, p):
            return 3 * (y - p) ** 2

    try:
        found = find("triple_square")
        y, p = g.input("y", ("B", 1), "float64"), g.input("p", ("B", 1), "float64")
        values = {y: np.zeros((BATCH, 1)), p: np.ones((BATCH, 1))}
        assert evaluated(reduced(found, y, p, None), values) == 3
    finally:
        del losses.LOSSES["triple_square"]


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_is_found_by_name_class_and_itself(name):
    loss = find(name)
    assert loss.name == name
    assert loss.title
    assert find(type(loss)) == loss
    assert find(loss) is loss


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("mean_squared_eror", UnknownNameError, "Did you mean 'mean_squared_error'?"),
        ("crossentropy", UnknownNameError, "Known: auto, binary_crossentropy"),
        (3, SettingError, r"A loss is a name, a function \(y, p\) or an object, got 3"),
    ],
)
def test_unknown_loss_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        find(wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.Huber(0), "Huber: delta must be more than 0, got 0"),
        (lambda: losses.Quantile(1), "Quantile: q must be between 0 and 1, got 1"),
        (lambda: losses.BinaryCrossentropy(1.5), "label_smoothing must be from 0 to 1, got 1.5"),
        (lambda: losses.CategoricalCrossentropy(-1), "label_smoothing must be from 0 to 1, got -1"),
        (lambda: losses.Focal(gamma=-1), "Focal: gamma must be 0 or more, got -1"),
        (lambda: losses.Focal(alpha=2), "alpha must be from 0 to 1, got 2"),
    ],
)
def test_setting_out_of_range_is_refused(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def returns_numbers(y, p):
    return 0.5


def over_the_batch(y, p):
    return np.mean((y - p) ** 2, axis=0)


@pytest.mark.parametrize(
    ("function", "weighted", "error", "message"),
    [
        (returns_numbers, False, SettingError,
         r"The loss 'returns_numbers' must be written in graph ops .* got float from it"),
        (over_the_batch, False, ShapeError,
         r"'over_the_batch' must give one number for each row, \(B,\), got \(3,\)\. Reduce over"),
        (of_the_batch, True, SettingError,
         r"'of_the_batch' gives one number for the whole batch, so rows cannot be weighted"),
    ],
)  # fmt: skip
def test_users_loss_of_the_wrong_kind_is_refused(function, weighted, error, message):
    y, p = g.input("y", ("B", 3)), g.input("p", ("B", 3))
    with pytest.raises(error, match=message):
        reduced(find(function), y, p, weight_leaf() if weighted else None)
