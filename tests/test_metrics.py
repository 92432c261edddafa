"""Metrics: kinds of target and output, weights, figures without a value, names and errors."""

import math

import numpy as np
import pytest
from cases.metrics import K, classes, numbers, shown, yes_or_no
from kinds import assert_float32_throughout, wrong_kinds

from glassnet import graph as g
from glassnet import metrics
from glassnet.errors import SettingError, ShapeError, UnknownNameError
from glassnet.losses.loss import per_row
from glassnet.metrics import RowMetric, WholeMetric
from glassnet.metrics.registry import METRICS, find

NAMES = [
    "accuracy", "balanced_accuracy", "top_k_accuracy", "precision", "recall", "f1", "roc_auc",
    "average_precision", "log_loss", "brier", "mean_absolute_error", "mean_absolute_scaled_error",
    "root_mean_squared_error", "r2",
]  # fmt: skip
REGRESSION = {
    "mean_absolute_error", "mean_absolute_scaled_error", "root_mean_squared_error", "r2",
}  # fmt: skip
NOT_FOR_YES_OR_NO = {"top_k_accuracy"} | REGRESSION
LOWER_IS_BETTER = {"log_loss", "brier"} | REGRESSION - {"r2"}

of_classes = pytest.mark.parametrize("name", [n for n in NAMES if n not in REGRESSION])
of_yes_or_no = pytest.mark.parametrize("name", [n for n in NAMES if n not in NOT_FOR_YES_OR_NO])
each_metric = pytest.mark.parametrize("name", NAMES)


def metric_of(name):
    return metrics.TopKAccuracy(2) if name == "top_k_accuracy" else find(name)


def drawn_for(name, n=50, seed=0):
    draw = numbers if name in REGRESSION else classes
    return draw(np.random.default_rng(seed), n)


def leaf(name, *shape, dtype="float64"):
    return g.input(name, ("B", *shape), dtype)


def column(*values):
    return np.array(values, float).reshape(-1, 1)


def test_the_scaled_error_is_the_absolute_one_by_its_scale():
    y, p = drawn_for("mean_absolute_error")
    ours = shown(metrics.MeanAbsoluteScaledError(scale=4.0), y, p)
    assert ours == pytest.approx(shown(metrics.MeanAbsoluteError(), y, p) / 4, rel=1e-12)
    with pytest.raises(SettingError, match=r"scale must be above 0, got 0"):
        metrics.MeanAbsoluteScaledError(scale=0)


def test_metrics_have_the_fields_names():
    assert set(METRICS) == set(NAMES)


@each_metric
def test_metric_is_found_by_name_class_and_itself(name):
    metric = find(name)
    assert metric.name == name
    assert metric.title
    assert find(type(metric)) == metric
    assert find(metric) is metric


@each_metric
def test_metric_says_which_way_is_better(name):
    y, good = drawn_for(name)
    bad = good[::-1]
    better = shown(metric_of(name), y, good) > shown(metric_of(name), y, bad)
    assert better == metric_of(name).higher_is_better == (name not in LOWER_IS_BETTER)


@each_metric
def test_a_weight_of_two_counts_as_the_row_twice(name):
    y, p = drawn_for(name)
    twice = shown(metric_of(name), np.concatenate([y, y[:7]]), np.concatenate([p, p[:7]]))
    weights = np.ones(len(y))
    weights[:7] = 2
    assert shown(metric_of(name), y, p, weights) == pytest.approx(twice, rel=1e-12)


@each_metric
def test_a_row_without_weight_counts_as_absent(name):
    y, p = drawn_for(name)
    weights = np.ones(len(y))
    weights[::3] = 0
    rest = weights > 0
    expected = shown(metric_of(name), y[rest], p[rest])
    assert shown(metric_of(name), y, p, weights) == pytest.approx(expected, rel=1e-12)


@each_metric
def test_order_of_the_rows_does_not_matter(name):
    y, p = drawn_for(name)
    order = np.random.default_rng(1).permutation(len(y))
    expected = shown(metric_of(name), y, p)
    assert shown(metric_of(name), y[order], p[order]) == pytest.approx(expected, rel=1e-12)


@of_classes
def test_class_numbers_do_as_well_as_a_one_at_their_place(name):
    y, p = drawn_for(name)
    expected = shown(metric_of(name), y, p)
    assert shown(metric_of(name), y.argmax(1), p) == pytest.approx(expected, rel=1e-12)


@of_yes_or_no
def test_class_numbers_do_as_well_as_a_column(name):
    y, p = yes_or_no(np.random.default_rng(0), 50)
    expected = shown(metric_of(name), y, p)
    assert shown(metric_of(name), y[:, 0].astype(int), p) == pytest.approx(expected, rel=1e-12)


@of_classes
def test_sequences_count_each_step_as_a_row(name):
    y, p = drawn_for(name, n=48)
    weights = np.arange(1.0, 13)
    expected = shown(metric_of(name), y, p, np.repeat(weights, 4))
    by_four = shown(metric_of(name), y.reshape(12, 4, K), p.reshape(12, 4, K), weights)
    assert by_four == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", [n for n in NAMES if isinstance(metric_of(n), RowMetric)])
def test_row_metric_keeps_float32(name):
    shape = (2,) if name in REGRESSION else (K,)
    y, p = drawn_for(name, n=6)
    leaves = leaf("y", *shape, dtype="float32"), leaf("p", *shape, dtype="float32")
    values = {leaves[0]: y.astype("f4"), leaves[1]: p.astype("f4")}
    rows = per_row(name, metric_of(name).rows(*leaves))
    assert rows.shape == ("B",)
    if rows.dtype == "bool":  # right or wrong: NumPy's mean counts them
        assert wrong_kinds([rows], values, batch=6) == []
    else:
        assert_float32_throughout([rows], values, batch=6)
    w = leaf("w", dtype="float32")
    weighted = g.sum(w * rows) / g.sum(w)
    assert_float32_throughout([weighted], {**values, w: np.ones(6, "f4")}, batch=6)


# What kind of question it is.
def test_accuracy_of_a_column_asks_whether_it_is_above_the_threshold():
    y, p = column(0, 1, 1, 0), column(0.4, 0.6, 0.5, 0.7)
    assert shown(metrics.Accuracy(), y, p) == 0.5
    assert shown(metrics.Accuracy(threshold=0.45), y, p) == 0.75


def test_accuracy_takes_minus_one_and_one():
    y, p = column(-1, 1, 1, -1), column(-3, 0.2, -0.1, -0.5)
    assert shown(metrics.Accuracy(threshold=0), y, p) == 0.75


def test_accuracy_of_several_sigmoids_is_the_share_of_right_answers():
    y, z = leaf("y", 2), leaf("z", 2)
    rows = per_row("accuracy", metrics.Accuracy().rows(y, g.sigmoid(z)))
    values = {y: np.array([[1.0, 1], [0, 0]]), z: np.array([[2.0, 1], [3, -1]])}
    np.testing.assert_array_equal(g.evaluate([rows], values, batch=2)[0], [1, 0.5])


def test_accuracy_of_a_column_reads_as_in_a_textbook():
    rows = metrics.Accuracy().rows(leaf("y", 1), leaf("p", 1))
    assert [node.op.name for node in g.in_order([rows]) if not node.is_leaf] == [
        "greater", "greater", "equal", "reshape",
    ]  # fmt: skip


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy_looks_among_the_k_largest(k):
    y = np.array([2, 2, 2, 2])
    p = np.array([[1, 2, 9, 3], [9, 2, 8, 3], [9, 8, 7, 3], [9, 8, 6, 7]]) / 30
    assert shown(metrics.TopKAccuracy(k), y, p) == k / 4


def test_top_one_accuracy_is_accuracy():
    y, p = drawn_for("accuracy")
    assert shown(metrics.TopKAccuracy(1), y, p) == shown(metrics.Accuracy(), y, p)


def test_top_k_accuracy_counts_a_tie_as_lost():
    alike = np.full((K, K), 1 / K)
    assert shown(metrics.TopKAccuracy(K - 1), np.arange(K), alike) == 0


@pytest.mark.parametrize("output", [g.sigmoid, g.softmax], ids=["sigmoid", "softmax"])
def test_log_loss_is_written_on_the_logits_and_stays_finite(output):
    width = 1 if output is g.sigmoid else K
    y, z = leaf("y", width), leaf("z", width)
    rows = per_row("log loss", metrics.LogLoss().rows(y, output(z)))
    assert output.name not in {node.op.name for node in g.in_order([rows])}
    ends = np.zeros((2, width))
    ends[:, 0] = -1e4, 1e4
    hot = np.eye(width)[[0, 0]]
    np.testing.assert_allclose(
        g.evaluate([rows], {y: hot, z: ends}, batch=2)[0], [1e4, 0], rtol=1e-3
    )


def test_root_mean_squared_error_takes_the_root_at_the_end():
    y, p = column(0, 0), column(3, 4)
    assert shown(metrics.RootMeanSquaredError(), y, p) == pytest.approx(math.sqrt(12.5))


# Whole metrics.
@pytest.mark.parametrize("rising", [np.exp, np.arctan, lambda s: 5 * s - 3])
@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_ranking_is_unchanged_by_a_rising_function_of_the_score(name, rising):
    y, p = yes_or_no(np.random.default_rng(0), 50)
    assert find(name).score(y, rising(p)) == pytest.approx(find(name).score(y, p), rel=1e-12)


def test_roc_auc_is_the_share_of_pairs_in_the_right_order():
    y, p = yes_or_no(np.random.default_rng(0), 40)
    p = p.round(1)
    difference = p[y == 1][:, None] - p[y == 0]
    pairs = np.mean((difference > 0) + (difference == 0) / 2)
    assert find("roc_auc").score(y, p) == pytest.approx(pairs, rel=1e-12)


@pytest.mark.parametrize("only", [0.0, 1.0])
@pytest.mark.parametrize("weights", [None, np.ones(6)])
def test_roc_auc_of_one_class_is_nan(only, weights):
    y, p = np.full((6, 1), only), np.linspace(0, 1, 6).reshape(-1, 1)
    assert math.isnan(find("roc_auc").score(y, p, weights))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "recall"])
def test_figure_of_the_yes_is_nan_where_y_is_always_no(name):
    y, p = np.zeros((6, 1)), np.linspace(0, 1, 6).reshape(-1, 1)
    assert math.isnan(find(name).score(y, p))


@pytest.mark.parametrize("name", ["precision", "f1"])
def test_figure_of_the_yes_is_nan_where_nobody_says_yes(name):
    assert math.isnan(find(name).score(np.zeros((6, 1)), np.zeros((6, 1))))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_ranking_is_nan_where_a_class_is_missing(name):
    y, p = drawn_for(name)
    present = y[:, 0] == 0
    assert math.isnan(find(name).score(y[present], p[present]))


def test_precision_is_zero_where_no_yes_is_found():
    assert find("precision").score(column(0, 1, 1), column(0.1, 0.2, 0.3)) == 0


def test_r2_of_a_single_row_is_nan():
    assert math.isnan(find("r2").score(column(1), column(2)))


@pytest.mark.parametrize("name", [n for n in NAMES if isinstance(metric_of(n), WholeMetric)])
@pytest.mark.parametrize("broken", ["no rows", "no weight", "nan", "infinity"])
def test_whole_metric_without_sound_numbers_is_nan(name, broken):
    y, p = drawn_for(name, n=20)
    weights = np.zeros(20) if broken == "no weight" else None
    if broken == "no rows":
        y, p = y[:0], p[:0]
    elif broken in {"nan", "infinity"}:
        p[3, 1] = math.nan if broken == "nan" else math.inf
    assert math.isnan(metric_of(name).score(y, p, weights))


@pytest.mark.parametrize("name", [n for n in NAMES if isinstance(metric_of(n), WholeMetric)])
def test_whole_metric_of_float32_is_a_plain_number(name):
    y, p = drawn_for(name)
    found = metric_of(name).score(y.astype("f4"), p.astype("f4"))
    assert type(found) is float
    assert found == pytest.approx(metric_of(name).score(y, p), rel=1e-5)


# A metric of one's own.
def worst(y, p):
    return np.max(np.abs(y - p), axis=-1)


def spread(y, p):
    return g.variance(p)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (worst, lambda y, p: np.abs(y - p).max(1).mean()),
        (spread, lambda y, p: p.var()),
        (lambda y, p: (y - p) ** 2, lambda y, p: ((y - p) ** 2).mean()),
    ],
)
def test_a_users_function_is_a_metric(function, expected):
    y, p = numbers(np.random.default_rng(0), 20)
    assert shown(find(function), y, p) == pytest.approx(expected(y, p), rel=1e-12)


def test_a_users_metric_bears_the_name_of_its_function():
    assert find(worst).name == "worst"
    assert find(lambda y, p: p).name == "metric"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: find("acuracy"), UnknownNameError, "Did you mean 'accuracy'?"),
        (lambda: find(7), SettingError, r"A metric is a name, a function \(y, p\) or an object"),
        (lambda: metrics.TopKAccuracy(0), SettingError, "k must be a whole number above 0, got 0"),
        (lambda: metrics.F1(average="makro"), UnknownNameError, "Did you mean 'macro'?"),
        (lambda: metrics.TopKAccuracy(4).rows(leaf("y", 4), leaf("p", 4)), SettingError,
         "k must be below 4 classes, got 4"),
        (lambda: find(lambda y, p: 1.0).rows(leaf("y", 1), leaf("p", 1)), SettingError,
         "The metric 'metric' must be written in graph ops"),
        (lambda: find(lambda y, p: g.mean(p, axis=0)).rows(leaf("y", 3), leaf("p", 3)), ShapeError,
         r"must give one number for each row, \(B,\), got \(3,\)"),
        (lambda: find("f1").score(np.zeros((5, 2)), np.zeros((5, 3))), ShapeError,
         r"f1 takes outputs .* got outputs \(5, 3\) and targets \(5, 2\)"),
        (lambda: find("f1").score(np.zeros(5), np.zeros(5)), ShapeError, r"got outputs \(5,\)"),
        (lambda: find("f1").score(np.zeros(5), np.zeros((5, 1)), np.ones(4)), ShapeError,
         r"f1 takes 5 weights, \(B,\), got \(4,\)"),
        (lambda: find("f1").score(np.array([[1, 1, 0]]), np.array([[0.1, 0.8, 0.1]])),
         SettingError, "one class for each row, but a row of y has several"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
