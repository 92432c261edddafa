"""The figures of the report against scikit-learn's."""

import numpy as np
import polars as pl
import pytest

from glassnet.report.classes import calibration, confusion, per_class, roc
from glassnet.report.importance import importances
from glassnet.tables import Settings, find_fit
from glassnet.tables.first_layer import FirstLayer

sk = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
SEEDS = range(5)


def drawn(seed, n=200, k=4):
    """Classes and answers; one class is never answered, one never occurs."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, k - 1, n), rng.integers(1, k, n), k


@pytest.mark.parametrize("seed", SEEDS)
def test_confusion_matrix_and_figures_of_each_class(seed):
    y, answer, k = drawn(seed)
    counts = confusion(y, answer, k)
    assert counts.tolist() == sk.confusion_matrix(y, answer, labels=range(k)).tolist()
    found = per_class(counts)
    theirs = sk.precision_recall_fscore_support(y, answer, labels=range(k), zero_division=np.nan)
    for ours, expected in zip(
        (found.precision, found.recall, found.f1, found.support), theirs, strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_curve(seed):
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(seed)
    p = np.concatenate([rng.beta(0.5, 0.5, 300), np.arange(11) / 10])
    y = rng.random(len(p)) < p**2
    seen, said = calibration_curve(y, p, n_bins=10, strategy="uniform")
    found = calibration(y, p)
    known = found.counts > 0
    np.testing.assert_allclose(found.seen[known], seen, rtol=1e-13)
    np.testing.assert_allclose(found.said[known], said, rtol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_roc_curve_and_its_area(seed):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, 2, 200), rng.random(200).round(2)
    found = roc(y, p)
    false, true, _ = sk.roc_curve(y, p, drop_intermediate=False)
    np.testing.assert_allclose(found.false, false, rtol=1e-14)
    np.testing.assert_allclose(found.true, true, rtol=1e-14)
    assert found.area == pytest.approx(sk.roc_auc_score(y, p), rel=1e-13)


def test_permutation_importance():
    """The same model and rows, other permutations: as near as repetitions allow."""
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.inspection import permutation_importance

    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 4))
    y = np.where(x @ [2.0, -1.0, 0.3, 0.0] + rng.normal(size=900) > 0, "yes", "no")
    names = list("abcd")
    frame = pl.DataFrame({n: [f"{v:.7g}" for v in x[:, i]] for i, n in enumerate(names)})
    frame = frame.with_columns(pl.Series("y", y))
    fit = find_fit(frame, "y", settings=Settings(hidden=(8,), epochs=30))
    fit.go()
    test = frame[fit.rows["test"]]

    class Model(ClassifierMixin, BaseEstimator):
        classes_ = np.array(["no", "yes"])

        def fit(self, x, y):
            return self

        def predict(self, x):
            table = pl.DataFrame({n: x[:, i].astype(str) for i, n in enumerate(names)})
            return fit.model.predict(table)[0]["prediction"].to_numpy().astype(str)

    cells = test.select(names).to_numpy().astype(object)
    truth = test["y"].to_numpy().astype(str)
    theirs = permutation_importance(
        Model(), cells, truth, scoring="accuracy", n_repeats=60, random_state=0
    )
    model = FirstLayer.of(fit.model)
    x = model.inputs(fit.parts["test"][0])
    ours = importances(model, x, fit.parts["test"][1], names, "accuracy", repetitions=60)
    bound = 4 * np.sqrt((ours.spread**2 + theirs.importances_std**2) / 60) + 1e-12
    assert (np.abs(ours.mean - theirs.importances_mean) < bound).all()
    np.testing.assert_allclose(ours.spread, theirs.importances_std, rtol=0.5, atol=1e-3)
