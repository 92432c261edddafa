"""Permutation importance: seeded, by the whole model, and right where it can be told by hand."""

import numpy as np
import polars as pl
import pytest

from glassnet import philox
from glassnet.report.importance import drawn, importances, origins
from glassnet.tables.score import score


class Table:
    """The columns b and a, as one input, and one that is always 7."""

    def inputs(self, frame):
        columns = [frame[name].cast(pl.Float64).to_numpy() for name in "ba"]
        return {"numbers": np.stack([*columns, np.full(frame.height, 7.0)], axis=1)}, {}


class Sum:
    """Answers a + 10 b, and takes note of the rows that it is asked for."""

    table = Table()

    def __init__(self):
        self.rows = []

    def answers(self, arrays):
        self.rows.append(len(arrays["numbers"]))
        return arrays["numbers"] @ [10, 1, 1] - 7


def answers(model, frame):
    return model.answers(model.table.inputs(frame)[0])


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pl.DataFrame({n: [f"{v:.9g}" for v in rng.normal(size=300)] for n in "abc"})


def test_importance_is_the_rise_of_the_error(frame):
    model = Sum()
    y = answers(model, frame)
    found = importances(model, frame, y, ["a", "b", "c"], "root_mean_squared_error")
    assert found.base == 0
    assert found.order == [1, 0, 2]
    assert (found.worse[2] == 0).all()
    spread = np.sqrt(2) * frame["a"].cast(pl.Float64).std()  # of two drawn cells' difference
    assert found.mean[0] == pytest.approx(spread, rel=0.15)


def test_importance_is_the_fall_of_what_should_be_high(frame):
    model = Sum()
    found = importances(model, frame, answers(model, frame), ["a", "b"], "r2")
    assert found.base == 1
    assert found.mean[1] > found.mean[0] > 0


def test_importance_is_the_same_each_time_and_for_any_bundling(frame, monkeypatch):
    model = Sum()
    y = answers(model, frame) + np.linspace(0, 1, 300)
    given = model, frame, y, ["a", "b", "c"], "mean_absolute_error"
    first = importances(*given, seed=3)
    monkeypatch.setattr("glassnet.report.importance._AT_ONCE", 300)
    again = importances(*given, seed=3)
    assert first.worse.tolist() == again.worse.tolist()
    assert importances(*given, seed=4).worse.tolist() != first.worse.tolist()


def test_importance_takes_each_row_once_for_each_shuffle(frame):
    model = Sum()
    y = answers(model, frame)
    model.rows.clear()
    found = importances(model, frame, y, ["a"], "r2", repetitions=3)
    assert found.n_rows == 300
    assert model.rows == [300, 900]
    assert found.worse.shape == (1, 3)


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "expected"),
    [(50, 3, 50), (5000, 3, 1000), (5000, 500, 400), (5000, 100_000, 100)],
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


def test_inputs_know_the_column_that_they_stem_from(frame):
    found = origins(Sum(), frame, ["a", "b", "c"])
    assert {name: numbers.tolist() for name, numbers in found.items()} == {"numbers": [1, 0, -1]}


@pytest.mark.parametrize("name", ["penguins", "amounts", "evil"])
def test_importance_is_that_of_raw_cells_that_go_through_predict(name, reports):
    """The long way: the column of the table is shuffled, and the model predicts from the table."""
    fit, frame, _ = reports(name)
    model, target = fit.model, fit.model.table.target
    test, y = frame[fit.rows["test"]], fit.parts["test"][1]
    columns = [c for c in frame.columns if c != target.name]
    metric = "log_loss" if target.is_classes else "root_mean_squared_error"
    found = importances(model, test, y, columns, metric, seed=5, repetitions=2)

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
