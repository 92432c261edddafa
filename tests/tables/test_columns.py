"""What each column is found to be, what the user may say of it, and the numbers that come of it."""

import datetime as dt
import json

import hypothesis
import numpy as np
import polars as pl
import pytest
from hypothesis import strategies as st

from glassnet.errors import DataError, FileFormatError, GlassnetError, UnknownNameError
from glassnet.tables import Settings, find_fit
from glassnet.tables.columns import KINDS, Table, dates, find_table, find_target

N = 40
Y = ["no", "yes"] * (N // 2)


def frame_of(**columns):
    """Text as from a CSV file; other columns keep their types."""
    return pl.DataFrame({"x": [3.5, *range(1, N)], **columns, "y": Y})


def table_of(kinds=None, rows=None, **columns):
    frame = frame_of(**columns)
    found, y = find_target(frame["y"])
    rows = np.arange(N) if rows is None else rows
    return find_table(frame, found, y, rows, kinds), frame


def kind_of(table, name="a"):
    pairs = [("number", table.numbers), ("yes/no", table.flags), ("date", table.dates),
             ("category", table.categories)]  # fmt: skip
    return next((k for k, cs in pairs if name in [c.name for c in cs]), "ignore")


DAYS = [dt.date(2023, 1, 1) + dt.timedelta(days=11 * i) for i in range(N)]
TIMES = [dt.datetime(2023, 1, 1) + dt.timedelta(hours=31 * i) for i in range(N)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([str(i % 7) for i in range(N)], "number"),
        ([i % 7 for i in range(N)], "number"),
        ([0, 1] * (N // 2), "number"),
        (["yes", "no"] * (N // 2), "yes/no"),
        (["Yes", "NO", None, "yes"] * (N // 4), "yes/no"),
        (["y", "n"] * (N // 2), "yes/no"),
        (["t", "f"] * (N // 2), "yes/no"),
        (["True", "False"] * (N // 2), "yes/no"),
        ([True, False] * (N // 2), "yes/no"),
        (["yes", "no", "perhaps", "no"] * (N // 4), "category"),
        (["yes", "false"] * (N // 2), "category"),
        (["u", "v"] * (N // 2), "category"),
        (DAYS, "date"),
        (TIMES, "date"),
        ([str(d) for d in DAYS], "date"),
        ([f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in TIMES], "date"),
        ([f"{t:%Y-%m-%d %H:%M:%S.%f+02:00}" for t in TIMES], "date"),
        ([f"{d:%d.%m.%Y}" for d in DAYS], "date"),
        ([f"{d:%d.%m.%y}" for d in DAYS], "date"),
        ([f"{t:%m/%d/%Y %I:%M %p}" for t in TIMES], "date"),
        ([f"{d:%d/%m/%Y}" for d in DAYS], "date"),
        ([f"{d:%Y/%m/%d}" for d in DAYS], "date"),
        ([f"{d:%d-%b-%Y}" for d in DAYS], "date"),
        ([f"{d:%B %d, %Y}" for d in DAYS], "date"),
        ([f"{d:%Y%m%d}" for d in DAYS], "number"),
        ([f"1.{i % 3}.1" for i in range(N)], "category"),  # versions
        ([f"1.{i % 3 + 1}.1 10:05" for i in range(N)], "category"),
        ([[1, 2]] * N, "ignore"),
    ],
)
def test_the_kind_of_a_column_is_found(cells, kind):
    assert kind_of(table_of(a=cells)[0]) == kind


@pytest.mark.parametrize("example", dates.FORMS)
def test_every_form_reads_its_own_example(example):
    read = dates.read_times(pl.Series([example]), example)
    assert read.dt.date().to_list() == [dt.date(2024, 12, 31)]


def test_yes_is_one_and_what_is_missing_becomes_the_more_frequent():
    table, frame = table_of(a=["yes", "no", "yes", None] * 10)
    (flag,) = table.flags
    assert (flag.number.median, flag.number.mean, flag.number.missing) == (1, 2 / 3, True)
    assert table.features[0] == flag.number  # before x, which lacks nothing
    arrays, _ = table.inputs(frame)
    np.testing.assert_array_equal(arrays["numbers"][:4, 0], [1, 0, 1, np.nan])
    found, strange = table.inputs(frame_of(a=["Y", "false", "often", "0"] * 10))
    np.testing.assert_array_equal(found["numbers"][:4, 0], [1, 0, np.nan, 0])
    assert strange == {"a": "10 cells neither yes nor no, such as 'often'"}


def test_a_date_has_the_parts_that_vary():
    (date,) = table_of(a=TIMES)[0].dates
    assert [p.name for p in date.parts] == [
        "a: days", "a: month, sine", "a: month, cosine", "a: weekday, sine", "a: weekday, cosine",
        "a: hour, sine", "a: hour, cosine",
    ]  # fmt: skip
    (date,) = table_of(a=[dt.date(2000 + i, 7, 1) for i in range(N)])[0].dates
    assert {p.name.split(", ")[0] for p in date.parts} == {"a: days", "a: year", "a: weekday"}


def test_the_parts_of_a_date_are_those_of_python():
    table, frame = table_of(a=TIMES)
    arrays, _ = table.inputs(frame, np.float64)
    found = dict(zip([f.name for f in table.features], arrays["numbers"].T, strict=True))
    start = dt.datetime(1970, 1, 1)  # noqa: DTZ001
    days = [(t - start).total_seconds() / 86400 for t in TIMES]
    np.testing.assert_allclose(found["a: days"], days, rtol=1e-12)
    for part, turns in (
        ("month", [(t.month - 1) / 12 for t in TIMES]),
        ("weekday", [t.weekday() / 7 for t in TIMES]),
        ("hour", [t.hour / 24 for t in TIMES]),
    ):
        angle = 2 * np.pi * np.array(turns)
        np.testing.assert_allclose(found[f"a: {part}, sine"], np.sin(angle), atol=1e-12)
        np.testing.assert_allclose(found[f"a: {part}, cosine"], np.cos(angle), atol=1e-12)


def test_a_missing_date_has_one_indicator_and_a_strange_one_is_counted():
    table, frame = table_of(a=[*map(str, DAYS[:-2]), None, "soon"])
    assert [f.name for f in table.features if f.missing] == ["a: days"]
    assert table.remarks["a"] == "1 cell is no date, such as 'soon': missing"
    arrays, strange = table.inputs(frame)
    assert strange == {"a": "1 cell no date such as 2024-12-31, such as 'soon'"}
    assert np.isnan(arrays["numbers"][-2:, : len(table.dates[0].parts)]).any(axis=1).all()


def test_month_before_day_is_said_where_it_is_a_guess():
    table, _ = table_of(a=[f"0{1 + i % 9}/0{1 + i % 7}/2024" for i in range(N)])
    assert table.dates[0].form == "12/31/2024"
    assert table.remarks["a"] == "the month is taken to stand before the day"
    assert not table_of(a=[f"{d:%m/%d/%Y}" for d in DAYS])[0].remarks


def test_text_and_typed_dates_are_the_same():
    typed, frame = table_of(a=TIMES)
    text, written = table_of(a=[f"{t:%Y-%m-%d %H:%M:%S}" for t in TIMES])
    assert typed == text
    for table, other in ((typed, written), (text, frame)):
        np.testing.assert_array_equal(
            table.inputs(other)[0]["numbers"], table.inputs(frame)[0]["numbers"]
        )


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([10115, 20095] * (N // 2), "category"),
        ([10115.0, None] * (N // 2), "category"),
        ([0, 1] * (N // 2), "yes/no"),
        ([20240100 + 1 + i % 28 for i in range(N)], "date"),
        (["u", "v"] * (N // 2), "ignore"),
        ([*map(str, range(10)), *["many"] * 30], "number"),
        ([*map(str, range(N))], "category"),
        (["yes", "perhaps"] * (N // 2), "yes/no"),
    ],
)
def test_the_user_says_what_a_column_is(cells, kind):
    table, frame = table_of({"a": kind}, a=cells)
    found = kind_of(table)
    if cells == [*map(str, range(N))]:
        assert table.left_out == {"a": "text, no value in 2 rows"}
        return
    assert found == kind
    table.inputs(frame)
    assert Table.from_json(json.loads(json.dumps(table.to_json()))) == table


def test_numbers_that_are_categories_have_no_point():
    for cells in ([10115, 20095] * 20, [10115.0, 20095.0, None, 10115.0] * 10):
        table, frame = table_of({"a": "category"}, a=cells)
        assert table.categories[0].values[:2] == ("10115", "20095")
        text = frame.with_columns(pl.col("a").cast(pl.Int64).cast(pl.String))
        np.testing.assert_array_equal(
            table.inputs(text)[0]["categories"], table.inputs(frame)[0]["categories"]
        )


@pytest.mark.parametrize(
    ("kinds", "error", "message"),
    [
        ({"b": "number"}, UnknownNameError, "no column 'b'"),
        ({"a": "categroy"}, UnknownNameError, "Did you mean 'category'"),
        ({"y": "number"}, DataError, "'y' is the target"),
        ({"a": "number"}, DataError, "'a' cannot be a number: no cell is one, such as 'u'"),
        ({"a": "date"}, DataError, "'a' cannot be a date: no cell is one, such as 'u'"),
        ({"a": "yes/no"}, DataError, "'a' cannot be a yes or no: no cell is one"),
    ],
)
def test_what_a_column_cannot_be_is_refused(kinds, error, message):
    with pytest.raises(error, match=message):
        table_of(kinds, a=["u", "v"] * (N // 2))


def test_settings_refuse_an_unknown_kind_at_once():
    with pytest.raises(UnknownNameError, match="Did you mean 'yes/no'"):
        Settings(columns={"a": "yes_no"})


def test_statistics_do_not_look_beyond_the_training_rows():
    rng = np.random.default_rng(0)
    train = np.arange(0, N, 2)
    columns = {
        "a": rng.normal(size=N).astype(str), "b": rng.choice(["yes", "no"], N),
        "c": [str(d) for d in DAYS], "d": rng.choice(["u", "v"], N), "e": np.arange(N).astype(str),
    }  # fmt: skip
    columns = {name: np.array(cells, object) for name, cells in columns.items()}
    before, _ = table_of(rows=train, **{k: list(v) for k, v in columns.items()})
    for cells in columns.values():
        cells[1::2] = "something else"
    after, _ = table_of(rows=train, **{k: list(v) for k, v in columns.items()})
    assert after == before
    assert [kind_of(before, name) for name in "abcde"] == [
        "number", "yes/no", "date", "category", "ignore",
    ]  # fmt: skip
    columns["a"][0] = "99"
    assert table_of(rows=train, **{k: list(v) for k, v in columns.items()})[0] != before


def test_a_model_file_may_not_name_parts_that_there_are_not():
    text = table_of(a=TIMES)[0].to_json()
    text["dates"][0]["parts"][0]["name"] = "a: century"
    with pytest.raises(FileFormatError, match="does not describe a table"):
        Table.from_json(text)
    text = table_of(a=TIMES)[0].to_json()
    text["dates"][0]["form"] = "%s"
    with pytest.raises(FileFormatError, match="does not describe a table"):
        Table.from_json(text)


CELLS = [
    st.integers(-5, 5), st.booleans(), st.dates(), st.datetimes(), st.timedeltas(),
    st.floats(-1e9, 1e9) | st.sampled_from([np.inf, np.nan]),
    st.sampled_from(["yes", "no", "2024-01-31", "u", "1,5", ""]),
]  # fmt: skip
COLUMNS = st.sampled_from(CELLS).flatmap(
    lambda cells: st.lists(st.none() | cells, min_size=12, max_size=12)
)


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(
    st.lists(COLUMNS, min_size=1, max_size=3),
    st.sampled_from([None, *KINDS]),
)
def test_any_typed_table_is_taken_or_refused_in_our_words(columns, kind):
    cells = {f"c{i}": pl.Series(c, strict=False) for i, c in enumerate(columns)}
    frame = pl.DataFrame({**cells, "y": ["u", "v", "u"] * 4})
    settings = Settings(columns={} if kind is None else {"c0": kind}, scaling="robust")
    try:
        fit = find_fit(frame, "y", settings=settings)
    except GlassnetError:
        return
    x, _ = fit.parts["test"]
    assert np.isfinite(fit.model.answers(x)).all()
