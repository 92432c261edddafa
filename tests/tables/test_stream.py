"""Tables that stay in their files: the same network as from memory, and little memory."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import glassnet
from glassnet import tables
from glassnet.errors import DataError, UnknownNameError
from glassnet.tables import Settings, find_fit
from glassnet.tables.reading import csv_stream, reader, stream, typed_stream
from glassnet.tables.reading.csv_stream import _cut

pytestmark = pytest.mark.slow

N = 3000


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    x[rng.random(N) < 0.1] = np.nan
    return pl.DataFrame({
        "x": x, "whole": rng.integers(0, 9, N), "kind": rng.choice(["a", 'b "b"', "c,c"], N),
        "place": rng.choice([f"p{i}" for i in range(40)], N), "paid": rng.choice(["yes", "no"], N),
        "day": np.datetime64("2024-01-01") + rng.integers(0, 700, N), "id": rng.permutation(N),
        "w": rng.random(N), "row": np.arange(N), "y": np.nan_to_num(x) + rng.integers(0, 9, N),
    }).fill_nan(None)  # fmt: skip


@pytest.fixture(params=["table.csv", "table.parquet"])
def path(frame, tmp_path, request, monkeypatch):
    """A file that is read in many batches."""
    monkeypatch.setattr(csv_stream, "_BATCH", 5000)
    monkeypatch.setattr(typed_stream, "_BATCH_ROWS", 170)
    found = tmp_path / request.param
    frame.write_csv(found) if found.suffix == ".csv" else frame.write_parquet(found)
    return found


SETTINGS = Settings(epochs=2, weights="w", columns={"whole": "category"})


def test_a_stream_trains_the_same_network_as_memory(path):
    fits = [
        find_fit(tables.read(path, stream=s), "y", "regression", SETTINGS) for s in (True, False)
    ]
    streamed, held = fits
    assert isinstance(streamed.parts["train"][0]["numbers"], np.memmap)
    table, other = streamed.model.table, held.model.table
    assert table.categories == other.categories
    assert table.left_out == other.left_out
    assert {"id", "row"} == set(table.left_out)
    for one, two in zip(table.features, other.features, strict=True):
        assert (one.name, one.median, one.spread, one.missing) == (
            two.name, two.median, two.spread, two.missing,
        )  # fmt: skip
        np.testing.assert_allclose((one.mean, one.scale), (two.mean, two.scale), rtol=1e-9)
    for part in ("train", "validation", "test"):
        for name, array in held.parts[part][0].items():
            np.testing.assert_array_equal(streamed.parts[part][0][name], array)
        np.testing.assert_array_equal(streamed.parts[part][1], held.parts[part][1])
        np.testing.assert_array_equal(streamed.weights[part], held.weights[part])
    streamed.go(), held.go()
    np.testing.assert_allclose(streamed.history["val_loss"], held.history["val_loss"], rtol=1e-5)
    answers = streamed.model.predict(tables.read(path, stream=True))[0]
    whole = streamed.model.predict(tables.read(path))[0]
    np.testing.assert_allclose(answers["prediction"], whole["prediction"], rtol=1e-5)
    assert answers.height == N


def test_batches_are_the_whole_table(path):
    found = tables.read(path, stream=True)
    batches = list(found.batches())
    assert len(batches) > 5
    assert pl.concat(batches).equals(tables.read(path))
    assert found.column("place").to_list() == tables.read(path)["place"].to_list()
    rows = np.array([0, 5, 170, 2999])
    assert found.rows(rows).equals(tables.read(path)[rows])
    with pytest.raises(UnknownNameError, match="Did you mean 'place'"):
        found.column("palce")


@pytest.fixture
def numbers(tmp_path, monkeypatch):
    """An array in a file that is read in many batches."""
    monkeypatch.setattr(typed_stream, "_BATCH_ROWS", 170)
    array = np.random.default_rng(1).normal(size=(N, 4))
    array[::9, 0] = np.nan
    array[:, 3] = array[:, 1] - 2 * array[:, 2]
    np.save(tmp_path / "table.npy", array)
    return tmp_path / "table.npy"


@pytest.mark.parametrize("opened", [Path, lambda path: np.load(path, mmap_mode="r"), np.load],
                         ids=["file", "mapped", "held"])  # fmt: skip
def test_an_array_streams(numbers, opened):
    found, whole = tables.read(opened(numbers), stream=True), tables.read(numbers)
    batches = list(found.batches())
    assert (len(batches), batches[0].height) == (18, 170)
    assert pl.concat(batches).equals(whole)
    rows = np.array([0, 5, 170, 2999])
    assert found.rows(rows).equals(whole[rows])
    assert found.column("column_2").equals(whole["column_2"])
    fits = [find_fit(t, "column_4", settings=Settings(epochs=2)) for t in (found, whole)]
    for part in ("train", "validation", "test"):
        one, two = (fit.parts[part][0]["numbers"] for fit in fits)
        np.testing.assert_array_equal(one, two)
    assert isinstance(fits[0].parts["train"][0]["numbers"], np.memmap)


def test_records_stream(tmp_path):
    array = np.array([(1, b"u", 0.5), (2, b"v", 1.5)] * 30, "i4,S1,f8")
    found = tables.read(array, stream=True)
    assert found.columns == ["f0", "f1", "f2"]
    assert pl.concat(found.batches()).equals(tables.read(array))


def test_an_array_that_is_mapped_stays_in_its_file_where_memory_is_short(numbers, monkeypatch):
    mapped = np.load(numbers, mmap_mode="r")
    for given in (numbers, mapped):
        monkeypatch.setattr(stream, "free_memory", lambda: 1 << 40)
        assert isinstance(tables.read(given), pl.DataFrame)
        monkeypatch.setattr(stream, "free_memory", lambda: mapped.nbytes)
        assert isinstance(tables.read(given), tables.Stream)
        assert isinstance(tables.read(given, stream=False), pl.DataFrame)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((0, 3)), "3 columns and 0 rows"),
        (np.zeros((5, 0)), "0 columns"),
        (np.array(3.0), "rows and columns, got an array of shape"),
        (np.zeros((4, 3, 3)), "rows and columns, got an array of shape"),
    ],
)
def test_an_array_that_is_no_table_is_refused(array, message):
    with pytest.raises(DataError, match=message):
        tables.read(array, stream=True)


def test_medians_are_those_of_a_sample_where_there_are_many_rows(path, frame, monkeypatch):
    monkeypatch.setattr("glassnet.tables.columns.out_of_core._SAMPLE", 1000)
    fits = [
        find_fit(tables.read(path, stream=True), "y", "regression", Settings()) for _ in range(2)
    ]
    (one, two), whole = fits, find_fit(frame, "y", "regression", Settings())
    assert one.model.table == two.model.table
    found, exact = one.model.table.features[0], whole.model.table.features[0]
    assert found.mean == pytest.approx(exact.mean, rel=1e-9)
    assert found.median != exact.median
    assert found.median == pytest.approx(exact.median, abs=0.15)
    assert one.model.table.categories == whole.model.table.categories


def test_statistics_of_a_stream_are_those_of_the_training_rows(frame, tmp_path):
    path = tmp_path / "table.parquet"
    frame.write_parquet(path)
    before = find_fit(tables.read(path, stream=True), "y", "regression", Settings())
    held = np.concatenate([before.rows["validation"], before.rows["test"]])
    is_held = np.isin(np.arange(N), held)
    changed = frame.with_columns(
        pl.when(is_held).then(1e6).otherwise(pl.col("x")).alias("x"),
        pl.when(is_held).then(pl.lit("new")).otherwise(pl.col("kind")).alias("kind"),
        pl.when(is_held).then(None).otherwise(pl.col("whole")).alias("whole"),
    )
    changed.write_parquet(path)
    after = find_fit(tables.read(path, stream=True), "y", "regression", Settings())
    assert after.model.table == before.model.table


def test_streaming_is_chosen_where_memory_is_short(path, monkeypatch):
    monkeypatch.setattr(stream, "free_memory", lambda: 1 << 40)
    assert isinstance(tables.read(path), pl.DataFrame)
    monkeypatch.setattr(stream, "free_memory", lambda: path.stat().st_size)
    assert isinstance(tables.read(path), tables.Stream)
    assert isinstance(tables.read(path, stream=False), pl.DataFrame)
    monkeypatch.setattr(stream, "free_memory", lambda: None)
    assert isinstance(tables.read(path), pl.DataFrame)


def test_a_full_disk_is_said_before_anything_is_written(path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(DataError, match="no room: No space left on device"):
        find_fit(tables.read(path, stream=True), "y", "regression", Settings())


def test_nothing_is_left_of_the_arrays(path, tmp_path, monkeypatch):
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    fit = find_fit(tables.read(path, stream=True), "y", "regression", Settings(epochs=1))
    assert list(folder.iterdir()) == []
    fit.go()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a,b\n1,2\n3,", "a,b\n1,2\n"),
        ('a,b\n"1\n', "a,b\n"),
        ('a\n"x\ny"\n"z\n', 'a\n"x\ny"\n'),
        ("a,b", ""),
        ('"a\nb\n', ""),
    ],
)
def test_a_block_ends_where_a_row_does(text, whole):
    assert _cut(text, "\n") == (whole, text[len(whole) :])
    old, rest = _cut(text.replace("\n", "\r"), "\r")
    assert (old, rest) == (whole.replace("\n", "\r"), text[len(whole) :].replace("\n", "\r"))


def test_a_line_break_in_quotes_does_not_part_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_stream, "_BATCH", 7)
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + '1,"x\ny"\n\n2,z\n' * 5)
    found = pl.concat(tables.read(path, stream=True).batches())
    assert found.equals(tables.read(path))
    assert found["b"].to_list() == ["x\ny", "z"] * 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,4,5\n", "row 2 has 3 cells"),
        ("a,b\n", "2 columns and 0 rows"),
        ('a,b\n1,2\n"open,3\n', "quotes"),
    ],
)
def test_a_stream_of_what_is_no_table_is_refused(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        list(reader.read(path, stream=True).batches())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc tells the use of memory")
def test_a_limit_of_the_process_counts_as_its_memory():
    text = (
        "import resource; from glassnet import memory;"
        "used = memory._field(memory._STATUS, 'VmData'); limit = used + (64 << 20);"
        "resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)); print(memory.free_memory())"
    )
    run = subprocess.run(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(glassnet.__file__).parents[1])},
    )  # fmt: skip
    assert 0 < int(run.stdout) <= 64 << 20


def test_blank_lines_between_rows_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_stream, "_BATCH", 21)
    (tmp_path / "two.csv").write_text("a,b\n" + "".join(f"{1000 + i},z\n\n" for i in range(60)))
    (tmp_path / "one.csv").write_text("a\n" + "7\n\n" * 30)
    for name in ("two.csv", "one.csv"):
        found = pl.concat(tables.read(tmp_path / name, stream=True).batches())
        assert found.equals(tables.read(tmp_path / name))


def test_wide_rows_come_in_smaller_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(typed_stream, "_BATCH", 80_000)
    found = tables.read(np.zeros((1000, 500)), stream=True)
    assert [b.height for b in found.batches()] == [20] * 50
    pl.DataFrame(np.zeros((100, 500))).write_parquet(tmp_path / "t.parquet")
    assert [b.height for b in tables.read(tmp_path / "t.parquet", stream=True).batches()] == [
        10
    ] * 10
