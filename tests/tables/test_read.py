"""Reading tables: what a file is, is found out; what an object holds, is kept."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet import tables
from glassnet.data import as_array
from glassnet.errors import DataError, SettingError, UnknownNameError
from glassnet.tables.reading import read, read_csv

PLAIN = {"name": ["J\u00f6rg", "Zo\u00eb"], "size": ["1", "2"]}
TEXT = "name,size\nJ\u00f6rg,1\nZo\u00eb,2\n"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", ["table.csv is read as utf-16; encoding='...' says otherwise"]),
        ("utf-16-le", ["table.csv is read as utf-16-le; encoding='...' says otherwise"]),
        ("utf-16-be", ["table.csv is read as utf-16-be; encoding='...' says otherwise"]),
        ("cp1252", ["table.csv is read as cp1252; encoding='...' says otherwise"]),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_encoding_is_found_and_said(file, encoding, said, stream):
    heard = []
    found = read(file(TEXT.encode(encoding)), say=heard.append, stream=stream)
    frame = pl.concat(found.batches()) if stream else found
    assert frame.to_dict(as_series=False) == PLAIN
    assert heard == said


@pytest.mark.parametrize("stream", [False, True])
def test_a_letter_that_is_not_utf8_is_found_wherever_it_stands(file, stream):
    text = "name,size\n" + "a,1\n" * 30_000 + "J\u00f6rg,2\n"
    heard = []
    found = read(file(text.encode("cp1252")), say=heard.append, stream=stream)
    frame = pl.concat(found.batches()) if stream else found
    assert frame["name"][-1] == "J\u00f6rg"
    assert heard == ["table.csv is read as cp1252; encoding='...' says otherwise"]


def test_the_encoding_may_be_given(file):
    path = file(TEXT.encode("cp1250"))
    assert read(path, encoding="cp1250")["name"].to_list() == PLAIN["name"]
    with pytest.raises(DataError, match="is not in utf-8"):
        read(path, encoding="utf-8")
    with pytest.raises(DataError, match="no encoding 'utf-99'"):
        read(path, encoding="utf-99")


def test_remarks_stand_on_stderr_where_nobody_listens(file, capsys):
    read(file("a;b\n1;2\n3;4\n"))
    assert capsys.readouterr().err == "table.csv: cells are separated by ';'\n"


@pytest.mark.parametrize("stream", [False, True])
def test_decimal_commas_become_points(file, stream):
    heard = []
    path = file("a;b;c\n1.234,5;1,5;x,y\n-0,25;2;u,v\n7;3,25e2;w\n")
    found = read(path, say=heard.append, stream=stream)
    frame = pl.concat(found.batches()) if stream else found
    assert frame["a"].to_list() == ["1234.5", "-0.25", "7"]
    assert frame["b"].to_list() == ["1.5", "2", "3.25e2"]
    assert frame["c"].to_list() == ["x,y", "u,v", "w"]
    if not stream:
        assert heard[-1] == "table.csv: decimal commas in a, b"


def test_points_stay_points_where_there_is_no_decimal_comma(file):
    assert read(file("a;b\n1.234;2\n5.678;3\n"), say=len)["a"].to_list() == ["1.234", "5.678"]


@pytest.mark.parametrize(
    "text",
    [
        "5.1,3.5,setosa\n4.9,3.0,setosa\n6.1,2.9,virginica\n5.8,2.7,virginica\n",
        "1,2,3\n4,5,6\n7,8,10\n",
        "39,Private\n50,Self\n38,Private\n53,Self\n",
        "1,5;2,3;4\n2,5;2,3;5\n",  # numbers with a decimal comma
        "u,v\nv,u\nu,v\nv,u\n",
        "7,8\n",
    ],
)
def test_a_file_without_names_is_known(file, text):
    heard = []
    frame = read(file(text), say=heard.append)
    assert frame.height == text.count("\n")
    assert frame.columns == [f"column_{i}" for i in range(1, frame.width + 1)]
    assert "has no line of column names" in heard[-1] or "decimal commas" in heard[-1]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "name,city\nAnn,Rome\nBob,Rome\nCy,Bonn\n",
        "country,1990,1991\nItaly,3,4\nSpain,5,6\n",
        "1990,1991,1992\n3.5,4,1\n5,6,2\n",
        "0,1,2\n3.5,4,1\n5,6,2\n",
        "yes,no\n1,0\n0,1\n",
        "a,b\n,\nx,\n",
    ],
)
def test_a_line_of_names_is_known(file, text):
    assert read(file(text), say=len).columns == text.splitlines()[0].split(",")


def test_the_user_knows_better(file):
    path = file("1,2\n3,4\n5,6\n")
    assert read(path, header=True).columns == ["1", "2"]
    assert read(file("a,b\n1,2\n"), header=False).row(0) == ("a", "b")
    assert read(file("a|b,c\n1|2,3\n"), separator="|").columns == ["a", "b,c"]


def test_parquet_keeps_its_types(tmp_path):
    frame = pl.DataFrame(
        {"n": [1, None], "f": [1.5, float("nan")], "b": [True, None], "t": [" NA ", " x "],
         "d": [dt.date(2024, 1, 2), None]},
    )  # fmt: skip
    frame.write_parquet(tmp_path / "table.parquet")
    found = read(tmp_path / "table.parquet")
    assert found.schema == frame.schema
    assert found["t"].to_list() == [None, "x"]
    assert found["n"].to_list() == [1, None]


def test_arrays_are_tables(tmp_path):
    x, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "both.npz", x=x, y=y)
    records = np.array(
        [(1, 2.5, b"u"), (2, 3.5, b"v")], dtype=[("a", int), ("b", float), ("c", "S1")]
    )
    np.save(tmp_path / "records.npy", records)
    assert read(tmp_path / "x.npy").to_dict(as_series=False) == {
        "column_1": [0, 2, 4], "column_2": [1, 3, 5],
    }  # fmt: skip
    assert read(x).equals(read(tmp_path / "x.npy"))
    assert read(tmp_path / "both.npz").columns == ["column_1", "column_2", "y"]
    assert read(tmp_path / "records.npy").to_dict(as_series=False) == {
        "a": [1, 2], "b": [2.5, 3.5], "c": ["u", "v"],
    }  # fmt: skip
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert read(mapped).equals(read(x))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.parquet", b"PAR1 and then nothing", "cannot be read as Parquet"),
        ("t.npy", b"\x93NUMPY and then nothing", "cannot be read as npy"),
        ("t.xlsx", b"PK\x03\x04 a workbook", "is an archive or a workbook. Export the table"),
        ("t.npz", b"PK\x03\x04 and then nothing", "cannot be read as npz"),
        ("t.bin", b"\x01\0\x02\0\0\0\x05", "is no text"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(file, name, content, message):
    with pytest.raises(DataError, match=message):
        read(file(content, name))


def test_objects_in_pickles_are_not_loaded(tmp_path):
    np.save(tmp_path / "t.npy", np.array([{}, {}], object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read as npy"):
        read(tmp_path / "t.npy")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "A table is a path, a DataFrame"),
        (np.zeros((2, 3, 4)), r"got an array of shape \(2, 3, 4\)"),
        ({"a": [1, 2], "b": [1]}, "different numbers of rows: a 2, b 1"),
        (pl.DataFrame({"a": []}), "1 columns and 0 rows"),
    ],
)
def test_what_is_no_table_at_all_is_refused(value, message):
    with pytest.raises(DataError, match=message):
        read(value)


def test_an_unknown_way_to_stream_names_the_nearest(file):
    with pytest.raises(UnknownNameError, match="Did you mean 'auto'"):
        read(file("a\n1\n"), stream="outo")


def frame_of_many_kinds():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({
        "real": rng.normal(size=60), "whole": rng.integers(0, 9, 60), "flag": rng.random(60) < 0.5,
        "word": rng.choice(["a", "b"], 60), "kind": pandas.Categorical(rng.choice(["u", "v"], 60)),
        "when": pandas.date_range("2024-01-01", periods=60, freq="31h"),
        "span": pandas.to_timedelta(rng.integers(0, 99, 60), unit="s"),
        "maybe": pandas.array(rng.integers(0, 2, 60).astype(bool), dtype="boolean"),
        "few": pandas.array(rng.integers(0, 9, 60), dtype="Int64"),
        3: rng.normal(size=60),
    })  # fmt: skip
    frame.loc[::7, ["real", "word", "when", "maybe", "few", "span"]] = None
    frame["y"] = 2.0 * frame["whole"] + frame["flag"]
    return frame


def test_numbers_that_pandas_keeps_as_objects_are_numbers_to_a_network():
    pandas = frame_of_many_kinds()
    x, y = pandas[["few", "maybe", "real", "flag"]], pandas["few"].fillna(0)
    plain = x.astype(float).to_numpy()
    assert np.asarray(x).dtype == object
    found = as_array(x, "x")
    np.testing.assert_array_equal(found, plain)
    np.testing.assert_array_equal(as_array(y, "y"), y.astype(float).to_numpy())
    assert as_array(plain, "x") is plain
    twice = pandas[["few", "maybe"]].set_axis(["few", "few"], axis=1)
    with pytest.raises(DataError, match="x must hold numbers, got objects"):
        as_array(twice, "x")
    with pytest.raises(DataError, match="got text such as 'a' in the column 'word'"):
        as_array(pandas[["few", "word"]].dropna(), "x")
    hashes = [
        gn.Network([gn.FillMissing(), gn.Dense(1)], input_shape=(4,), seed=0)
        .fit(*given, epochs=2, verbose=0).hash
        for given in ((x, y), (plain, y.astype(float).to_numpy()))
    ]  # fmt: skip
    assert hashes[0] == hashes[1]


def test_every_library_gives_the_same_network():
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pandas = frame_of_many_kinds()
    pandas.columns = pandas.columns.map(str)
    frames = [pandas, pl.from_pandas(pandas), arrow.Table.from_pandas(pandas),
              pl.from_pandas(pandas).lazy()]  # fmt: skip
    fits = [tables.find_fit(f, "y", "regression", tables.Settings(epochs=1)) for f in frames]
    table = fits[0].model.table
    assert [c.name for c in table.flags] == ["flag", "maybe"]
    assert [c.name for c in table.dates] == ["when"]
    assert {c.name for c in table.numbers} == {"real", "whole", "span", "few", "3"}
    assert [c.name for c in table.categories] == ["word", "kind"]
    for fit in fits[1:]:
        assert fit.model.table == table
        for name, array in fits[0].parts["train"][0].items():
            np.testing.assert_array_equal(fit.parts["train"][0][name], array)
    predicted = [fits[0].model.predict(f)[0] for f in frames]
    assert all(p.equals(predicted[0]) for p in predicted[1:])


def test_a_typed_table_and_its_text_are_read_alike(tmp_path):
    frame = read(frame_of_many_kinds()).drop("span")
    fit = tables.find_fit(frame, "y", "regression", tables.Settings(epochs=1))
    frame.write_csv(tmp_path / "table.csv")
    answers, strange = fit.model.predict(read_csv(tmp_path / "table.csv"))
    assert strange == {}
    assert answers.equals(fit.model.predict(frame)[0])


def test_points_stand_for_thousands_beside_decimal_commas(file):
    rows = "".join(f"{i};{i % 9 + 1}.{i:03};0,{i:02};{i / 8}\n" for i in range(10, 60))
    heard = []
    found = read(file("n;price;weight;share\n" + rows), say=heard.append)
    assert found["price"].to_list()[:2] == ["2010", "3011"]
    assert found["weight"].to_list()[:2] == ["0.10", "0.11"]
    assert found["share"].to_list()[:2] == ["1.25", "1.375"]
    assert any("decimal commas in price, weight" in remark for remark in heard)


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_decimal_may_be_said(file, stream):
    path = file("a;b\n" + "1.500;x\n2.250;y\n" * 9)

    def column(**options):
        found = read(path, stream=stream, say=lambda _: None, **options)
        frame = pl.concat(found.batches()) if stream else found
        return frame["a"].to_list()[:2]

    assert column() == ["1.500", "2.250"]
    assert column(decimal=",") == ["1500", "2250"]
    assert column(decimal=".") == ["1.500", "2.250"]
    with pytest.raises(SettingError, match=r"decimal is ',' or '\.', got ';'"):
        column(decimal=";")


def test_decimal_points_stay_where_a_whole_is_nought(file):
    path = file("a;b\n" + "0.125;1,5\n2.250;2,5\n" * 9)
    assert read(path, say=lambda _: None)["a"].to_list()[:2] == ["0.125", "2.250"]


def test_rows_may_be_dicts():
    rows = [{"a": 1.5, "b": "u"}, {"a": None, "b": "v", "c": 3}]
    assert read(rows).to_dict(as_series=False) == {
        "a": [1.5, None],
        "b": ["u", "v"],
        "c": [None, 3],
    }
    assert read({"a": 1.5, "b": "u", "c": None}).rows() == [(1.5, "u", None)]
