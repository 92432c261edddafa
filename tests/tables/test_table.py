"""What a table's columns are taken for, and the arrays that come of them."""

import json

import hypothesis
import numpy as np
import polars as pl
import pytest
from hypothesis import strategies as st

from glassnet.errors import DataError, FileFormatError, GlassnetError
from glassnet.tables import find_fit
from glassnet.tables.columns import Table, find_table, find_target


def frame_of(**columns):
    cells = {name: [None if c is None else str(c) for c in v] for name, v in columns.items()}
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def table_of(rows=None, target="y", task=None, **columns):
    frame = frame_of(**columns)
    found, y = find_target(frame[target], task)
    return find_table(frame, found, y, np.arange(frame.height) if rows is None else rows), frame


Y = ["no", "yes"] * 10


def test_numbers_have_median_mean_and_deviation():
    table, frame = table_of(x=[*range(19), None], y=Y)
    (x,) = table.numbers
    assert (x.name, x.median, x.mean, x.missing) == ("x", 9.0, 9.0, True)
    assert x.scale == np.std(np.arange(19))
    arrays, strange = table.inputs(frame)
    np.testing.assert_array_equal(arrays["numbers"][:, 0], [*range(19), np.nan])
    assert (arrays["numbers"].dtype, strange) == (np.float32, {})


def test_columns_with_missing_numbers_come_first():
    table, _ = table_of(a=[5, *range(19)], b=[None, *range(19)], y=Y)
    assert [c.name for c in table.numbers] == ["b", "a"]


def test_missing_is_a_category_of_its_own_where_training_met_it():
    table, frame = table_of(a=["u", "v", "v", "u"] * 5, b=["u", "v", None, "u"] * 5, y=Y)
    assert [c.values for c in table.categories] == [("u", "v"), ("u", "v", None)]
    assert table.inputs(frame)[0]["categories"][:4].tolist() == [[0, 0], [1, 1], [1, 2], [0, 0]]


def test_what_training_has_not_met_has_no_code_and_is_counted():
    table, _ = table_of(a=["u", "v"] * 10, x=[7, *range(19)], y=Y)
    arrays, strange = table.inputs(frame_of(a=["w", "u", None, "w"], x=["1", "-", "many", "inf"]))
    assert arrays["categories"].ravel().tolist() == [-1, 0, -1, -1]
    np.testing.assert_array_equal(arrays["numbers"].ravel(), [1, np.nan, np.nan, np.nan])
    assert strange == {
        "a": "2 cells not met in training, such as 'w'",
        "x": "2 cells no number, such as 'many'",
    }


def test_a_category_in_one_row_tells_nothing():
    table, _ = table_of(a=["u", "v"] * 9 + ["s", "t"], y=Y)
    assert table.categories[0].values == ("u", "v")
    assert table.remarks == {"a": "2 rare values taken together"}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([None] * 20, "no values"),
        ([4] * 20, "always 4"),
        (["u"] * 20, "always 'u'"),
        (range(1, 21), "row numbers"),
        ([f"name {i}" for i in range(20)], "text, 20 different in 20 rows"),
    ],
)
def test_columns_that_cannot_help_are_left_out(cells, reason):
    table, _ = table_of(x=[3, *range(19)], a=list(cells), y=Y)
    assert table.left_out == {"a": reason}


@pytest.mark.parametrize(
    ("name", "is_key"),
    [("id", True), ("customer_id", True), ("PassengerId", True), ("ID 2", True),
     ("paid", False), ("covid", False), ("idle", False)],
)  # fmt: skip
def test_whole_numbers_that_are_all_different_are_keys_where_the_name_says_so(name, is_key):
    shuffled = np.random.default_rng(0).permutation(20)
    table, _ = table_of(x=[3, *range(19)], y=Y, **{name: shuffled})
    assert (name in table.left_out) is is_key


def test_a_column_of_numbers_may_hold_a_slip():
    table, _ = table_of(x=[*range(30, 69), "4O"], y=Y * 2)
    assert table.numbers[0].missing
    assert table.remarks["x"] == "1 cell is no number, such as '4O': missing"
    table, _ = table_of(x=["1", "2", "3", "a"] * 5, y=Y)
    assert not table.numbers


def test_a_table_without_a_useful_column_is_refused():
    with pytest.raises(DataError, match=r"Left out: a \(always 1\)"):
        table_of(a=[1] * 20, y=Y)


def test_held_out_rows_change_nothing():
    rng = np.random.default_rng(0)
    x, a, y = rng.normal(size=40), rng.choice(["u", "v"], 40), rng.normal(size=40)
    train = np.arange(0, 40, 2)
    before, _ = table_of(rows=train, x=x, a=a, y=y)
    x[1::2], a[1::2], y[1::2] = 1e6, "w", rng.normal(size=20)
    after, _ = table_of(rows=train, x=x, a=a, y=y)
    assert (after.numbers, after.categories) == (before.numbers, before.categories)
    assert (after.target.mean, after.target.scale) == (before.target.mean, before.target.scale)
    y[0] += 1
    assert table_of(rows=train, x=x, a=a, y=y)[0].target.mean != before.target.mean


def test_a_table_goes_through_json():
    table, _ = table_of(x=[3, *range(19)], a=["u", None] * 10, b=[1] * 20, y=Y)
    assert Table.from_json(json.loads(json.dumps(table.to_json()))) == table


@pytest.mark.parametrize("key", ["target", "numbers", "categories", "left_out"])
def test_a_description_that_lacks_a_part_is_refused(key):
    text = table_of(x=[3, *range(19)], y=Y)[0].to_json()
    del text[key]
    with pytest.raises(FileFormatError, match="does not describe a table"):
        Table.from_json(text)


def test_numbers_far_from_zero_take_double_precision():
    near, _ = table_of(x=[3, *range(19)], y=Y)
    far, _ = table_of(x=[1_700_000_000 + i**2 for i in range(20)], y=Y)
    assert (near.dtype, far.dtype) == ("float32", "float64")


def test_missing_columns_are_named_with_the_nearest():
    table, _ = table_of(weight=[3, *range(19)], y=Y)
    with pytest.raises(DataError, match=r"lack the column 'weight'\. Is 'wieght' meant"):
        table.inputs(frame_of(wieght=[1]))
    with pytest.raises(DataError, match="They have 'z'"):
        table.inputs(frame_of(z=[1]))


CELLS = st.sampled_from(
    ["", "0", "1", "2.5", "-7e30", "inf", "x", "y", "None", ".", "\u00e9 a", None]
)


@hypothesis.settings(max_examples=60)
@hypothesis.given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=40))
def test_any_table_is_taken_or_refused_in_our_words(rows):
    frame = pl.DataFrame(rows, schema=dict.fromkeys("aby", pl.String), orient="row")
    try:
        fit = find_fit(frame, "y")
    except GlassnetError:
        return
    x, _ = fit.parts["test"]
    assert np.isfinite(fit.model.answers(x)).all()
