"""Permutation importance: seeded, by the whole model, and right where it can be told by hand."""

import numpy as np
import pytest

from glassnet import philox
from glassnet.report.importance import drawn, importances
from glassnet.tables.first_layer import FirstLayer
from glassnet.tables.score import score

ROWS = 300


class Sum:
    """Answers a + 10 b, and takes note of the rows that it is asked for."""

    columns = ("b", "a", "")  # the last number is always 7
    weight = np.array([[10.0], [1.0], [1.0]])
    bias = np.array([-7.0])

    def __init__(self):
        self.rows = []

    def answers(self, z):
        self.rows.append(len(z))
        return z[:, 0]


class Weight:
    """A matrix that counts how many of its rows are multiplied."""

    __array_ufunc__ = None  # x @ weight is asked of this class

    def __init__(self, array):
        self.array, self.rows = array, 0

    def __getitem__(self, places):
        self.rows += len(places)
        return self.array[places]

    def __rmatmul__(self, x):
        self.rows += len(self.array)
        return x @ self.array


@pytest.fixture
def x():
    numbers = np.random.default_rng(0).normal(size=(ROWS, 3))
    numbers[:, 2] = 7
    return numbers


def answers(x):
    return x @ Sum.weight[:, 0] + Sum.bias


def test_importance_is_the_rise_of_the_error(x):
    found = importances(Sum(), x, answers(x), ["a", "b", "c"], "root_mean_squared_error")
    assert found.base == pytest.approx(0, abs=1e-12)
    assert found.order == [1, 0, 2]
    assert (found.worse[2] == 0).all()
    spread = np.sqrt(2) * x[:, 1].std()  # of two drawn cells' difference
    assert found.mean[0] == pytest.approx(spread, rel=0.15)


def test_importance_is_the_fall_of_what_should_be_high(x):
    found = importances(Sum(), x, answers(x), ["a", "b"], "r2")
    assert found.base == pytest.approx(1)
    assert found.mean[1] > found.mean[0] > 0


def test_importance_is_the_same_each_time_and_for_any_bundling(x, monkeypatch):
    y = answers(x) + np.linspace(0, 1, ROWS)
    given = Sum(), x, y, ["a", "b", "c"], "mean_absolute_error"
    first = importances(*given, seed=3)
    monkeypatch.setattr("glassnet.report.importance._AT_ONCE", ROWS)
    again = importances(*given, seed=3)
    assert first.worse.tolist() == again.worse.tolist()
    assert importances(*given, seed=4).worse.tolist() != first.worse.tolist()


def test_importance_takes_each_row_once_for_each_shuffle(x):
    model = Sum()
    found = importances(model, x, answers(x), ["a"], "r2", repetitions=3)
    assert found.n_rows == ROWS
    assert model.rows == [ROWS, 3 * ROWS]
    assert found.worse.shape == (1, 3)


def test_work_grows_with_the_number_of_columns_not_with_its_square():
    """Of the first layer's weights only those of the shuffled column are multiplied."""
    n, repetitions = 500, 2
    model, told = Sum(), []
    model.columns = [f"c{i}" for i in range(n)]
    model.weight, model.bias = Weight(np.ones((n, 4))), np.zeros(4)
    x = np.random.default_rng(1).normal(size=(20, n))
    importances(
        model, x, x[:, 0], model.columns, "r2", repetitions=repetitions,
        progress=lambda *given: told.append(given),
    )  # fmt: skip
    assert model.weight.rows == n + n * repetitions
    assert sum(model.rows) == 20 + 20 * n * repetitions
    assert told[-1] == ("columns weighed", n, n)


def test_metrics_of_many_answers_are_computed_together(monkeypatch):
    from glassnet import graph
    from glassnet.tables.score import scores

    calls, whole = [], graph.evaluate
    monkeypatch.setattr(graph, "evaluate", lambda *given: calls.append(1) or whole(*given))
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 3, 50), rng.dirichlet([1, 1, 1], 400)
    found = scores("log_loss", y, p)
    assert len(calls) == 1
    one_by_one = [score("log_loss", y, part) for part in np.split(p, 8)]
    np.testing.assert_allclose(found, one_by_one, rtol=1e-14)


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "expected"),
    [(50, 3, 50), (5000, 3, 1000), (5000, 2000, 500), (5000, 100_000, 100)],
)
def test_importance_is_measured_on_a_sample_of_many_rows(n_rows, n_columns, expected):
    found = drawn(n_rows, n_columns, seed=1)
    assert len(found) == len(set(found.tolist())) == expected
    assert (np.diff(found) > 0).all()
    assert found[0] >= 0
    assert found[-1] < n_rows


def test_column_that_tells_the_answer_comes_first(reports):
    text = reports("wide")[2]
    section = text[text.index('id="columns"') :]
    assert section.index("column 57") < section.index("column 1")


@pytest.mark.parametrize("name", ["penguins", "amounts", "evil"])
def test_importance_is_that_of_raw_cells_that_go_through_predict(name, reports):
    """The long way: the column of the table is shuffled, and the model predicts from the table."""
    fit, frame, _ = reports(name)
    model, target = fit.model, fit.model.table.target
    test, y = frame[fit.rows["test"]], fit.parts["test"][1]
    columns = [c for c in frame.columns if c != target.name]
    metric = "log_loss" if target.is_classes else "root_mean_squared_error"
    parts = FirstLayer.of(model)
    x = parts.inputs(model.table.inputs(test)[0])
    found = importances(parts, x, y, columns, metric, seed=5, repetitions=2)

    def predicted(table):
        answer, _ = model.predict(table)
        if not target.is_classes:
            return answer["prediction"].to_numpy()
        named = [f"probability_{c}" for c in target.classes]
        return answer.select(named).to_numpy()

    for k, column in enumerate(columns):
        for r in range(2):
            rows = philox.permutation(test.height, 5, philox.IMPORTANCE, k + 1, r)
            worse = score(metric, y, predicted(test.with_columns(test[column][rows])))
            assert found.worse[k, r] == pytest.approx(worse - found.base, rel=1e-5, abs=1e-5)
