"""Tables and arrays that are not as they should be: each is read, or named for what it is."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import glassnet as gn
from glassnet.data import as_array
from glassnet.errors import DataError
from glassnet.tables import Settings, Stream, find_fit, read
from glassnet.tables.columns import find_target
from glassnet.tables.reading.dialect import Dialect
from glassnet.tables.reading.ragged import short_rows

X = np.random.default_rng(0).normal(size=60)
CLASSES = np.where(X > 0, "a", "b")


def whole(found):
    return pl.concat(found.batches()) if isinstance(found, Stream) else found


# Files.


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_file_of_lines_that_end_in_carriage_returns_is_read(file, stream, encoding):
    text = 'a,b\r"x\r\ny",\u00e92\r3,4\r"5 "" 6",7'
    found = read(file(text.encode(encoding)), stream=stream, say=lambda _: None)
    assert whole(found).to_dict(as_series=False) == {
        "a": ["x\r\ny", "3", '5 " 6'],
        "b": ["\u00e92", "4", "7"],
    }


@pytest.mark.parametrize("stream", [False, True])
def test_other_line_ends_are_read_as_before(file, stream):
    for end in ("\n", "\r\n"):
        found = read(file(f'a,b{end}"x\ry",2{end}{end}3,4{end}'), stream=stream)
        assert whole(found).rows() == [("x\ry", "2"), ("3", "4")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("header", [True, False])
def test_rows_with_too_few_cells_are_said(file, stream, header):
    heard = []
    text = "a,b,c\n" * header + '1,"x,y",3\n\n4,5\n6\n  \n7,8,\n,,\n'
    found = whole(read(file(text), stream=stream, header=header, say=heard.append))
    assert found.rows() == [
        ("1", "x,y", "3"), ("4", "5", None), ("6", None, None), ("7", "8", None)
    ]  # fmt: skip
    said = "row 2 has 2 cells, but there are 3 column names (1 more row is too short)"
    assert heard == [f"table.csv: {said}: what is not there is missing"]


def test_rows_of_a_later_batch_are_counted_from_the_first(file, monkeypatch):
    monkeypatch.setattr("glassnet.tables.reading.csv_stream._BATCH", 1000)
    heard = []
    stream = read(file("a,b\n" + "12,34\n" * 1000 + "5\n" + "6,7\n" * 900 + "8\n"), stream=True,
                  say=heard.append)  # fmt: skip
    assert heard == []
    for _ in range(2):
        assert whole(stream)["b"].null_count() == 2
    said = "row 1,001 has 1 cell, but there are 2 column names: what is not there is missing"
    assert heard == [f"table.csv: {said}"]


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n3,\n", 'a,b\n"1\n2",3\n4,\n', "a\n1\n\n2\n", 'a,b\nx"y"z,2\nk,\n'],
)
def test_rows_that_are_whole_are_not_called_short(file, text):
    heard = []
    read(file(text), say=heard.append)
    assert not [remark for remark in heard if "too short" in remark or "cells" in remark]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_short_rows_are_the_same_however_the_text_is_cut(size):
    text = b'a;b;c\r\n1;"x;\r\ny";3\r\n4\r\n\r\n5;6\r\n7;8;9\r\n1'
    blocks = [text[i : i + size] for i in range(0, len(text), size)]
    found = short_rows(blocks, Dialect("utf-8", ";", ("a", "b", "c"), True), has_names=True)
    assert found == (3, 2, 1, 3, 5)


# Cells.


@pytest.mark.parametrize(
    ("write", "what", "alone"),
    [
        ("${:,.2f}", "a currency sign", "1234.50"),
        ("{:.2f} \u20ac", "a currency sign", "1234.50"),
        ("EUR {:.2f}", "a currency sign", "1234.50"),
        ("{:,.2f}", "marks between thousands", "1234.50"),
        ("{:,.0f}", "marks between thousands", "1234"),
        ("{:.1f}%", "a percent sign", "1234.5"),
    ],
)
def test_a_target_of_numbers_that_are_written_for_people_is_named(write, what, alone):
    cells = [write.format(v) for v in (1234.5, *(999 + 77 * np.arange(30)))]
    for task in (None, "regression"):
        with pytest.raises(DataError) as caught:
            find_target(pl.Series("price", cells), task)
        assert str(caught.value) == (
            f"The target 'price' holds numbers with {what}, such as {cells[0]!r}; write the number "
            f"alone, {alone}. If they are classes, say so: the task is classification."
        )
    assert find_target(pl.Series("price", cells[:2] * 9), "classification")[0].is_classes


def test_columns_of_such_numbers_are_named_too():
    frame = pl.DataFrame(
        {
            "x": X, "price": [f"${v:,.2f}" for v in 5000 + 100 * X],
            "step": np.resize(["1,000", "500"], 60), "version": ["1.2.3", "1.2.4"] * 30,
            "y": CLASSES,
        }
    )  # fmt: skip
    table = find_fit(frame, "y", settings=Settings(hidden=(4,))).model.table
    assert table.left_out["price"].startswith("numbers with a currency sign, such as '$")
    assert table.remarks == {
        "step": "numbers with marks between thousands, such as '1,000'; write the number alone, "
        "1000; each is taken as a word"
    }


def test_a_long_cell_is_shown_by_its_beginning():
    letters = "z" * 200_000
    frame = pl.DataFrame({"x": X, "same": [letters] * 60, "kind": [letters, "u"] * 30})
    fit = find_fit(frame.with_columns(y=pl.Series(CLASSES)), "y", settings=Settings(hidden=(4,)))
    assert fit.model.table.left_out["same"] == f"always '{'z' * 57}...'"
    _, strange = fit.model.predict({"x": [letters], "kind": ["u"]})
    assert strange["x"] == f"1 cell no number, such as '{'z' * 57}...'"
    found, _ = find_target(frame["kind"])
    assert len(found.describe()) < 150
    with pytest.raises(DataError) as caught:
        find_target(frame["same"])
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("wrap", [np.array, list, lambda cells: np.array(cells, object)])
def test_bytes_that_are_no_text_are_named_with_their_row(wrap):
    assert read({"a": wrap([b"caf\xc3\xa9", b"b"])})["a"].to_list() == ["caf\u00e9", "b"]
    told = (
        r"The column 'a' holds bytes that are no text in UTF-8, such as b'\\xff\\xfe' in row 2. "
        r"Decode them first: np.char.decode\(column, 'cp1252'\)."
    )
    with pytest.raises(DataError, match=told):
        read({"a": wrap([b"b", b"\xff\xfe"])})
    with pytest.raises(DataError, match=told):
        read(pd.DataFrame({"a": [b"b", b"\xff\xfe"]}))


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ({"a": np.array([1 + 2j, 3])}, "a"),
        ({"a": [1 + 2j, 3]}, "a"),
        (np.array([[1 + 2j, 3]]), "column_1"),
        (pd.DataFrame({"a": [1 + 2j, 3]}), "a"),
    ],
)
def test_complex_columns_are_refused(table, name):
    told = rf"The column '{name}' holds complex numbers, such as \(1\+2j\)\. Give the real and"
    with pytest.raises(DataError, match=told):
        read(table)


def test_masked_cells_of_a_table_are_missing():
    hidden = np.ma.masked_array([[1.0, 2], [3, 99]], mask=[[0, 0], [0, 1]])
    assert read(hidden).rows() == [(1.0, 2.0), (3.0, None)]
    assert read({"a": np.ma.masked_array([1, 2], mask=[1, 0])})["a"].to_list() == [None, 2]


# Arrays for net.fit.


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["u", "v"], "text such as 'u' in the column 'b'. Encode text as numbers first"),
        (pd.to_datetime(["2024-01-02"] * 2).to_pydatetime().tolist(), "dates such as 2024-01-02"),
    ],
)
def test_columns_that_are_no_numbers_are_named(library, cells, said):
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    x = library({"a": [1.0, 2.0], "b": cells})
    with pytest.raises(DataError) as caught:
        net.fit(x, [1.0, 2.0], epochs=1, verbose=0)
    assert str(caught.value).startswith("x must hold numbers, got ")
    assert said in str(caught.value)
    with pytest.raises(DataError, match=r"y must hold numbers, got .* in the column 'b'"):
        net.fit([[1.0, 2.0]] * 2, x["b"], epochs=1, verbose=0)


def test_text_among_objects_is_called_text():
    with pytest.raises(DataError, match="got text such as 'u'"):
        as_array(np.array([[1.0, "u"]], object), "x")


def test_masked_numbers_are_refused_and_masks_that_hide_nothing_pass():
    x = np.ma.masked_array([[1.0, 2], [3, 99]], mask=[[0, 0], [0, 1]])
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    told = (
        r"x holds 1 masked number, the first in row 1\. Drop those rows; or give "
        r"x\.astype\(float\)\.filled\(np\.nan\) and let gn\.FillMissing\(\) be the first layer\."
    )
    for call in (lambda: net.fit(x, [[1.0], [2.0]], verbose=0), lambda: net.predict(x)):
        with pytest.raises(DataError, match=told):
            call()
    y = np.ma.masked_array([[1.0], [2.0]], mask=[[1], [1]])
    with pytest.raises(DataError, match=r"y holds 2 masked numbers, the first in row 0\. Drop"):
        net.fit(x.data, y, epochs=1, verbose=0)
    with pytest.raises(DataError, match="sample_weight holds 1 masked number"):
        net.fit(x.data, y.data, sample_weight=x[:, 1], epochs=1, verbose=0)
    bare = np.ma.masked_array([[1.0, 2], [3, 4]])
    assert net.predict(bare).tolist() == net.predict(bare.data).tolist()
