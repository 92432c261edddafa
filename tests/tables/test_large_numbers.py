"""Numbers that become infinity inside of a network: named with column and row, never a class."""

import warnings

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet.cli import main
from glassnet.errors import DataError, FileFormatError
from glassnet.tables import Settings, TableModel, evaluate_table, find_fit, read
from glassnet.tables.columns.cells import parse

SETTINGS = Settings(epochs=3, hidden=(4,))
X = np.random.default_rng(0).normal(size=60)
CLASSES = np.where(X > 0, "a", "b")


def frame(x=X, y=CLASSES, **others):
    return pl.DataFrame({"x": x, **others, "y": y})


def put(values, place, value):
    """The values with another one at this place."""
    found = np.array(values, copy=True)
    found[place] = value
    return found


def trained(table, task=None):
    fit = find_fit(table, "y", task, SETTINGS)
    fit.go()
    return fit


@pytest.fixture(scope="module")
def model():
    return trained(frame()).model


@pytest.mark.parametrize("value", [1e31, 1e39, -1e39, 1e300, "1e400"])
def test_a_number_too_large_is_missing_and_named_with_its_row(model, value):
    answers, strange = model.predict(pl.DataFrame({"x": ["0.5", str(value), "", "-1"]}))
    assert strange == {"x": f"1 cell too large for a network, such as '{value}' in row 2"}
    p = answers["probability_a"].to_list()
    assert p[1] == p[2]
    assert np.isfinite(p).all()


def test_all_that_is_strange_about_a_column_is_said(model):
    _, strange = model.predict({"x": ["many", "1e39", "1e300", "inf"]})
    assert strange == {
        "x": "2 cells no number, such as 'many'; "
        "2 cells too large for a network, such as '1e39' in row 2"
    }


def test_rows_are_those_of_the_whole_stream(model, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(70_000))
    array = np.load(tmp_path / "x.npy", mmap_mode="r+")
    array[69_999] = 1e39
    records = array.view([("x", "f8")])
    _, strange = model.predict(read(records, stream=True))
    assert strange == {"x": "1 cell too large for a network, such as '1e+39' in row 70,000"}
    y = np.tile(CLASSES, 2)
    table = frame(np.zeros(120), y)
    table = table.with_columns(pl.Series("x", put(np.zeros(120), 99, 1e39)))
    table = table.with_columns(pl.when(pl.int_range(120) == 0).then(None).otherwise("y").alias("y"))
    found = evaluate_table(model, table)
    assert found.strange == {"x": "1 cell too large for a network, such as '1e+39' in row 100"}
    assert np.isfinite([figure for pair in found.scores.values() for figure in pair]).all()


def test_predict_on_the_command_line_gives_no_class_from_nan(model, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    model.save(tmp_path / "run" / "model.safetensors")
    (tmp_path / "new.csv").write_text("x\n1\n1e39\n\n")
    assert main(["predict", str(tmp_path / "run"), str(tmp_path / "new.csv")]) == 0
    shown = capsys.readouterr()
    assert "x: 1 cell too large for a network, such as '1e39' in row 2" in shown.err
    rows = shown.out.splitlines()
    assert rows[2] == rows[3]
    assert "NaN" not in shown.out


def test_an_answer_that_is_no_number_is_refused_with_its_row(model):
    broken = trained(frame()).model
    broken.net.parameters["dense.bias"] = np.full(4, np.nan)
    with pytest.raises(DataError, match=r"The network's answer for row 1 is no number"):
        broken.predict({"x": [1.0, 2.0]})
    with pytest.raises(DataError, match=r"answer for row 3 is no number"):
        evaluate_table(broken, frame().with_columns(y=pl.Series([None, None, *CLASSES[2:]])))


def test_a_file_with_weights_that_are_no_numbers_is_refused(tmp_path):
    broken = trained(frame()).model
    broken.net.parameters["dense_1.weight"] = np.full((4, 1), np.inf)
    broken.save(tmp_path / "model.safetensors")
    told = r"The file's weights dense_1\.weight hold NaN or infinity\. Take an earlier copy\."
    with pytest.raises(FileFormatError, match=told):
        TableModel.load(tmp_path / "model.safetensors")


def test_one_number_too_large_among_others_is_missing_in_training():
    fit = trained(frame(put(X, 3, 1e39)))
    table = fit.model.table
    assert 3 in fit.rows["train"]
    assert table.remarks == {
        "x": "1 cell too large for a network, such as '1e+39' in row 4: missing"
    }
    assert table.dtype == "float32"
    assert table.numbers[0].scale < 2
    assert fit.scores()["accuracy"][0] > 0.5


def test_a_column_whose_numbers_are_all_large_is_taken_as_it_is():
    """In float64; so are numbers beyond float32 where most are such."""
    fit = trained(frame(X * 1e44))
    assert fit.model.table.dtype == "float64"
    assert fit.model.table.remarks == {}
    _, strange = fit.model.predict({"x": [1e44, 1e45]})
    assert strange == {}


def test_a_column_near_the_end_of_float64_is_named_and_left_out():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = trained(frame(X * 1e300, other=X))
    reason = fit.model.table.left_out["x"]
    row = fit.rows["train"][0] + 1
    assert "39 cells too large for a network, such as" in reason
    assert reason.endswith(f"in row {row}: divide them all by a power of ten")
    with pytest.raises(DataError, match=r"The column 'x' holds .* Divide them all by a power"):
        find_fit(frame(X * 1e300), "y", settings=Settings(columns={"x": "number"}))


@pytest.mark.parametrize("value", [1e39, 1e300, "1e400"])
def test_a_target_with_a_number_too_large_is_refused_with_its_row(value):
    y = [str(v) for v in put(X, 5, 0)]
    y[5] = str(value)
    told = rf"The target 'y' holds 1 cell too large for a network, such as '{value}' in row 6"
    with pytest.raises(DataError, match=told.replace("+", r"\+")):
        find_fit(frame(y=y), "y")
    model = trained(frame(y=X)).model
    with pytest.raises(DataError, match=told.replace("+", r"\+")):
        evaluate_table(model, frame(y=y))


@pytest.mark.parametrize("value", [1e39, 1e300])
def test_weights_that_are_too_large_are_refused(value):
    table = frame(w=put(np.ones(60), 7, value))
    told = r"The weights 'w' hold 1 cell too large for a network, such as '1e\+\d+' in row 8\."
    with pytest.raises(DataError, match=told):
        find_fit(table, "y", settings=Settings(weights="w"))


def test_words_that_look_like_large_numbers_stay_words():
    cells = pl.Series(["5e400", "ab", "cd", "5e400"])
    assert parse(cells).others == 2
    fit = find_fit(frame(kind=["5e400", "ab", "cd"] * 20), "y", settings=SETTINGS)
    assert [column.name for column in fit.model.table.categories] == ["kind"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_beyond_float32_are_refused_where_the_network_computes_in_it(dtype):
    net = gn.Network([gn.Dense(1)], input_shape=(2,), dtype=dtype)
    x, y = np.ones((4, 2)), np.ones((4, 1))
    for given in ((put(x, (2, 1), 1e39), y), (x, put(y, (2, 0), -1e39))):
        if dtype == "float64":
            assert np.isfinite(net.predict(given[0])).all()
            continue
        told = "holds numbers that float32 does not hold: column . .1 of them.; first in row 2. "
        with pytest.raises(DataError, match=told + "Divide them by a power of ten, or build"):
            net.fit(*given, epochs=1, verbose=0)
    if dtype == "float32":
        with pytest.raises(DataError, match="float32 does not hold"):
            net.predict(put(x, (0, 0), 1e39))


def test_a_stream_is_described_as_the_table_in_memory(tmp_path):
    """A number too large is left out of the means of all batches too."""
    text = "x,other,y\n" + "".join(
        f"{v},{w},{c}\n" for v, w, c in zip(put(X, 3, 1e39), X * 1e300, CLASSES, strict=True)
    )
    (tmp_path / "table.csv").write_text(text)
    tables = [
        find_fit(read(tmp_path / "table.csv", stream=stream), "y", settings=SETTINGS).model.table
        for stream in (False, True)
    ]
    whole, streamed = (table.numbers[0] for table in tables)
    assert whole.missing
    assert streamed.missing
    assert streamed.scale == pytest.approx(whole.scale)
    assert tables[0].remarks == tables[1].remarks
    assert tables[0].left_out == tables[1].left_out
    assert set(tables[0].left_out) == {"other"}
