"""Every metric against scikit-learn's, with and without weights."""

import numpy as np
import pytest
from cases.metrics import K, classes, numbers, shown, with_ties, yes_or_no

from glassnet import metrics
from glassnet.metrics.registry import METRICS

sk = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")

BOUND = 1e-12
ROWS, SEEDS = 60, range(5)


def answer(p, threshold=0.5):
    return (p > threshold)[:, 0]


def named(score, threshold=0.5, **settings):
    """A scikit-learn figure of yes or no, by name: that of 1."""
    return lambda y, p, w: score(y[:, 0], answer(p, threshold), sample_weight=w, **settings)


def chosen(score, **settings):
    """One of several classes, by number."""
    return lambda y, p, w: score(y.argmax(1), p.argmax(1), sample_weight=w, **settings)


def flat(score):
    return lambda y, p, w: score(y.ravel(), p.ravel(), sample_weight=_each(w, y))


def whole(score, **settings):
    return lambda y, p, w: score(y, p, sample_weight=w, **settings)


def numbered(score, **settings):
    return lambda y, p, w: score(y.argmax(1), p, sample_weight=w, labels=range(K), **settings)


def _each(w, y):
    return None if w is None else np.repeat(w, y.shape[1])


ZERO = {"zero_division": 0}
COMPARED = {
    yes_or_no: {
        "accuracy": (metrics.Accuracy(), named(sk.accuracy_score)),
        "accuracy at 0.3": (metrics.Accuracy(0.3), named(sk.accuracy_score, 0.3)),
        "balanced_accuracy": (metrics.BalancedAccuracy(), named(sk.balanced_accuracy_score)),
        "precision": (metrics.Precision(), named(sk.precision_score, **ZERO)),
        "precision at 0.8": (metrics.Precision(0.8), named(sk.precision_score, 0.8, **ZERO)),
        "recall": (metrics.Recall(), named(sk.recall_score)),
        "f1": (metrics.F1(), named(sk.f1_score)),
        "roc_auc": (metrics.RocAuc(), flat(sk.roc_auc_score)),
        "average_precision": (metrics.AveragePrecision(), flat(sk.average_precision_score)),
        "brier": (metrics.Brier(), flat(sk.brier_score_loss)),
    },
    classes: {
        "accuracy": (metrics.Accuracy(), chosen(sk.accuracy_score)),
        "balanced_accuracy": (metrics.BalancedAccuracy(), chosen(sk.balanced_accuracy_score)),
        "roc_auc": (metrics.RocAuc(), whole(sk.roc_auc_score, average="macro")),
        "roc_auc, one against the rest": (
            metrics.RocAuc(), numbered(sk.roc_auc_score, multi_class="ovr")),
        "average_precision": (metrics.AveragePrecision(), whole(sk.average_precision_score)),
        "brier": (metrics.Brier(), numbered(sk.brier_score_loss)),
        **{
            f"{name}, {average}": (
                METRICS[name](average=average),
                chosen(getattr(sk, f"{name}_score"), average=average, **ZERO),
            )
            for name in ("precision", "recall", "f1")
            for average in ("macro", "weighted", "micro")
        },
    },
    numbers: {
        "mean_absolute_error": (metrics.MeanAbsoluteError(), whole(sk.mean_absolute_error)),
        "mean_absolute_scaled_error": (
            metrics.MeanAbsoluteScaledError(), whole(sk.mean_absolute_error)),
        "root_mean_squared_error": (
            metrics.RootMeanSquaredError(), flat(sk.root_mean_squared_error)),
        "r2": (metrics.R2(), whole(sk.r2_score)),
    },
}  # fmt: skip
WITHOUT_TIES = {
    yes_or_no: {"log_loss": (metrics.LogLoss(), flat(sk.log_loss))},
    classes: {
        "log_loss": (metrics.LogLoss(), numbered(sk.log_loss)),
        **{
            f"top_k_accuracy of {k}": (
                metrics.TopKAccuracy(k), numbered(sk.top_k_accuracy_score, k=k))
            for k in (1, 2, 3)
        },
    },
}  # fmt: skip
WEIGHTS = {
    "without weights": lambda rng: None,
    "weights": lambda rng: rng.uniform(0.1, 3, ROWS),
    "some weights are zero": lambda rng: rng.integers(0, 3, ROWS).astype(float),
}
CASES = [
    pytest.param(draw, *pair, id=f"{name}: {draw.__name__}")
    for task, table in COMPARED.items()
    for draw in ([task] if task is numbers else [task, with_ties(task)])
    for name, pair in table.items()
] + [
    pytest.param(task, *pair, id=f"{name}: {task.__name__}")
    for task, table in WITHOUT_TIES.items()
    for name, pair in table.items()
]


def test_every_metric_is_compared():
    tables = [*COMPARED.values(), *WITHOUT_TIES.values()]
    assert {metric.name for table in tables for metric, _ in table.values()} == set(METRICS)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(("draw", "metric", "expected"), CASES)
def test_metric_equals_scikit_learns(draw, metric, expected, weights):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        y, p = draw(rng, ROWS)
        w = WEIGHTS[weights](rng)
        assert shown(metric, y, p, w) == pytest.approx(expected(y, p, w), rel=BOUND, abs=BOUND)


def all_alike(rng, n):
    return np.eye(K)[rng.integers(0, K, n)], np.full((n, K), 1 / K)


def two_classes_of_four(rng, n):
    _, p = classes(rng, n)
    return np.eye(K)[rng.integers(1, 3, n)], p


def perfect(rng, n):
    y, _ = classes(rng, n)
    return y, 0.1 + 0.6 * y


@pytest.mark.parametrize("draw", [all_alike, two_classes_of_four, perfect])
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        pytest.param(*pair, id=name)
        for name, pair in COMPARED[classes].items()
        if name.split(",")[0] not in {"roc_auc", "average_precision"}
    ],
)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_metric_equals_scikit_learns_where_classes_are_missing(draw, metric, expected):
    y, p = draw(np.random.default_rng(0), ROWS)
    assert shown(metric, y, p) == pytest.approx(expected(y, p, None), rel=BOUND, abs=BOUND)


@pytest.mark.parametrize("p", [0.1, 0.9])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "roc_auc", "average_precision"])
def test_metric_equals_scikit_learns_where_the_answer_never_varies(name, p):
    y = np.arange(10.0).reshape(-1, 1) % 2
    metric, expected = COMPARED[yes_or_no][name]
    p = np.full((10, 1), p)
    assert shown(metric, y, p) == pytest.approx(expected(y, p, None), rel=BOUND, abs=BOUND)


@pytest.mark.parametrize("right", [True, False])
def test_r2_of_a_target_that_never_varies_equals_scikit_learns(right):
    y = np.full((5, 1), 2.0)
    p = y if right else y + np.arange(5.0).reshape(-1, 1)
    assert shown(metrics.R2(), y, p) == sk.r2_score(y, p)
