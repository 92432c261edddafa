"""The figures of the report, by hand on cases of a few rows."""

import numpy as np
import polars as pl
import pytest

from glassnet.report.cells import amounts, common, missing, texts
from glassnet.report.charts import limits, log_ticks, round_ticks
from glassnet.report.charts.histogram import bins
from glassnet.report.classes import calibration, confusion, per_class, roc, row_losses
from glassnet.report.numerals import change, figure, number, share
from glassnet.report.sections.classification import folded

NBSP = "\N{NO-BREAK SPACE}"


def test_confusion_counts_true_classes_in_rows():
    found = confusion(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0]), 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_per_class_by_hand():
    found = per_class(np.array([[3, 1, 0], [2, 4, 0], [0, 0, 0]]))
    np.testing.assert_allclose(found.precision, [3 / 5, 4 / 5, np.nan])
    np.testing.assert_allclose(found.recall, [3 / 4, 4 / 6, np.nan])
    np.testing.assert_allclose(found.f1, [6 / 9, 8 / 11, np.nan])
    assert found.support.tolist() == [4, 6, 0]


def test_classes_beyond_those_drawn_are_taken_together():
    counts = np.array([[5, 1, 0], [1, 1, 0], [2, 0, 7]])
    found, names = folded(counts, ["a", "b", "c"], 2)
    assert names == ["a", "c", "1 other"]
    assert found.tolist() == [[5, 0, 1], [2, 7, 0], [1, 0, 1]]
    assert found.sum() == counts.sum()


def test_calibration_by_hand():
    found = calibration(np.array([0, 1, 1, 1]), np.array([0.05, 0.15, 0.95, 0.85]))
    assert found.counts.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 1, 1]
    assert found.error == pytest.approx((0.05 + 0.85 + 0.05 + 0.15) / 4)


def test_probabilities_at_both_ends_have_a_bin():
    found = calibration(np.array([0, 1]), np.array([0.0, 1.0]))
    assert found.counts[[0, -1]].tolist() == [1, 1]
    assert found.error == 0


def test_roc_by_hand_with_ties():
    found = roc(np.array([0, 1, 1, 0]), np.array([0.1, 0.5, 0.9, 0.5]))
    assert found.false.tolist() == [0, 0, 0.5, 1]
    assert found.true.tolist() == [0, 0.5, 1, 1]
    assert found.area == pytest.approx(0.875)


def test_roc_of_a_constant_answer_is_the_diagonal():
    found = roc(np.array([0, 1, 1]), np.full(3, 0.4))
    assert found.false.tolist() == found.true.tolist() == [0, 1]
    assert found.area == 0.5


def test_roc_needs_both_answers():
    assert roc(np.ones(3), np.array([0.1, 0.2, 0.3])) is None


def test_row_losses_are_finite_even_for_a_probability_of_zero():
    found = row_losses(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert found[0] == 0
    assert 700 < found[1] < 800


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 7, [-2, 0, 2, 4, 6]),
        (0.0012, 0.0018, [0.0012, 0.0013, 0.0014, 0.0015, 0.0016, 0.0017, 0.0018]),
        (1e9, 1e9 + 50, [1e9 + k for k in range(0, 51, 10)]),
    ],
)
def test_ticks_are_round(low, high, ticks):
    assert round_ticks(low, high) == pytest.approx(ticks, rel=1e-12)


def test_ticks_of_counts_are_whole():
    assert round_ticks(0, 2, whole=True) == [0, 1, 2]
    assert log_ticks(0.002, 30) == pytest.approx([0.01, 0.1, 1, 10])


@pytest.mark.parametrize("values", [[], [np.nan], [3.0], [3.0, 3.0], [0.0], [1e300, -1e300]])
def test_limits_have_room_between_them(values):
    low, high = limits(np.array(values))
    assert low < high
    counts, edges = bins(np.array(values))
    assert len(edges) == len(counts) + 1
    assert edges[0] < edges[-1]
    assert counts.sum() == np.isfinite(values).sum()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.012345, "0.01235"), (12.345, "12.35"), (1234.5, "1,234"),
        (-2.5, "\N{MINUS SIGN}2.5"), (1.25e9, "1.25e+09"), (3e-7, "3e-07"),
        (np.nan, "\N{EN DASH}"), (np.inf, "\N{EN DASH}"), (100.0, "100"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(value, text):
    assert number(value) == text


def test_shares_have_a_percent_sign_and_change_by_points():
    assert share(0.1234) == f"12.3{NBSP}%"
    assert figure("accuracy", 1.0) == f"100.0{NBSP}%"
    assert change("accuracy", -0.0001) == "0.0 points"
    assert change("log_loss", -0.5) == "\N{MINUS SIGN}0.5"


@pytest.mark.parametrize(
    ("cells", "shown", "known"),
    [
        (pl.Series(["1", "x", None]), ["1", "x", None], 1),
        (pl.Series([1.5, float("nan"), None]), ["1.5", None, None], 1),
        (pl.Series([True, False, None]), ["True", "False", None], 2),
        (pl.Series([1, 2, None]), ["1", "2", None], 2),
        (pl.Series([[1], [2, 3], None]), ["[1]", "[2, 3]", None], 0),
        (pl.Series(["2024-01-01", None, None]).str.to_date(), ["2024-01-01", None, None], 0),
    ],
)
def test_cells_of_any_kind_are_counted_and_shown(cells, shown, known):
    assert texts(cells) == shown
    assert np.isfinite(amounts(cells)).sum() == known
    assert missing(cells) == shown.count(None)
    assert sum(n for _, n in common(cells, 5).top) >= known
