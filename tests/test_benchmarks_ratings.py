"""The benchmark of ratings: its alternating least squares finds what made the ratings."""

from pathlib import Path

import numpy as np
import pytest
from tables.made_ratings import ratings

from glassnet import tables

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import ratings

    return ratings


def test_each_solution_is_that_of_ridge_regression(benchmark):
    rng = np.random.default_rng(0)
    rows, other, left = rng.integers(0, 3, 40), rng.normal(size=(40, 2)), rng.normal(size=40)
    found = benchmark.solve(rows, other, left, 0.5, 4)
    for code in range(3):
        x, y = other[rows == code], left[rows == code]
        stacked = np.vstack([x, np.sqrt(0.5) * np.eye(2)])
        expected = np.linalg.lstsq(stacked, np.append(y, [0, 0]), rcond=None)[0]
        np.testing.assert_allclose(found[code], expected)
    assert not found[3].any()


def test_alternating_least_squares_learns_a_product(benchmark):
    fit = tables.find_fit(ratings(n_users=100), "rating", settings=tables.Settings(penalty=1))
    held, tested = benchmark.als(fit, 0.5, width=2)
    y = np.asarray(fit.parts["test"][1])
    assert held < 0.4
    assert benchmark.root_mean_square(y - tested) < 0.4 * y.std()


def test_figures_of_a_path_are_printed(benchmark, tmp_path, monkeypatch, capsys):
    ratings().write_csv(tmp_path / "mine.csv")
    monkeypatch.setattr("sys.argv", ["ratings", "--path", str(tmp_path / "mine.csv")])
    benchmark.main()
    said = capsys.readouterr().out
    for line in ("mine.csv: ", "the mean", "mean + user + item", "NumPy, ALS", "found out"):
        assert line in said
