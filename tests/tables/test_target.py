"""The task is found out from the target's cells."""

import numpy as np
import polars as pl
import pytest

from glassnet.errors import DataError, UnknownNameError
from glassnet.tables.columns import find_target


def column(*cells):
    return pl.Series("y", cells, dtype=pl.String)


def numbers(values):
    return column(*map(str, values))


def test_text_is_classes_in_sorted_order_with_their_counts():
    target, y = find_target(column("b", "a", None, "b"))
    assert target.describe() == "classification, 2 classes (a 1, b 2)"
    assert target.reason == "since it holds text"
    assert y.tolist() == [1, 0, -1, 1]


def test_two_numbers_are_two_classes():
    target, y = find_target(column("1", "0", "1.0"))
    assert target.classes == ("0", "1")
    assert target.is_binary
    assert y.tolist() == [1, 0, 1]


def test_few_whole_numbers_are_classes_in_the_order_of_numbers():
    target, _ = find_target(numbers(list(range(12)) * 20))
    assert target.classes == tuple(map(str, range(12)))
    assert "--task regression" in target.reason


@pytest.mark.parametrize(
    "values",
    [
        np.arange(100),  # whole, but many
        np.arange(12),  # whole and few, but most of the rows
        np.arange(100) % 4 / 2,  # few, but not whole
    ],
)
def test_other_numbers_are_amounts(values):
    target, y = find_target(numbers(values))
    assert target.task == "regression"
    assert "distinct numbers" in target.reason
    np.testing.assert_array_equal(y, values)


def test_an_amount_that_is_missing_is_nan():
    assert np.isnan(find_target(column("1.5", None, "2.5", "4"))[1]).tolist() == [
        False, True, False, False,
    ]  # fmt: skip


def test_the_task_may_be_given():
    whole = numbers(list(range(5)) * 50)
    assert find_target(whole)[0].task == "classification"
    target, y = find_target(whole, "regression")
    assert (target.task, y[3], target.reason) == ("regression", 3.0, "as asked for")
    many = numbers([*range(50), *range(50)])
    assert len(find_target(many, "classification")[0].classes) == 50


def test_many_classes_are_named_in_part():
    letters = [chr(97 + i) for i in range(20)]
    assert find_target(column(*letters * 3))[0].describe().endswith("h 3, and 12 more)")


def test_the_word_none_may_be_a_class():
    assert find_target(column("None", "mild", "None"))[0].classes == ("None", "mild")


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        ([None, None], None, "missing in every row"),
        (["a", "a"], None, "always 'a'"),
        (["3", "3"], None, "always '?3"),
        (["a", "b", "c", "d"], None, "4 different values in 4 rows"),
        ([*map(str, range(9)), "x"], None, "Most are numbers; 1 are not, such as 'x'"),
        (["a", "b", "a"], "regression", "no numbers, such as 'a'"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(cells, task, message):
    with pytest.raises(DataError, match=message):
        find_target(column(*cells), task)


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'regression'"):
        find_target(column("1", "2"), "regresion")


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime])
def test_dates_are_no_target(kind):
    days = pl.Series("when", [0, 1, 2] * 20, dtype=pl.Int32).cast(pl.Date).cast(kind)
    with pytest.raises(DataError, match="'when' holds dates, which are neither classes nor"):
        find_target(days)
