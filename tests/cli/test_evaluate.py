"""glassnet evaluate: figures on a labelled table."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn import metrics

from glassnet import tables
from glassnet.tables import TableModel
from glassnet.tables.reading import read_csv


@pytest.fixture
def birds(penguins):
    """The table as text."""
    return pl.read_csv(penguins, infer_schema=False)


def test_figures_are_those_of_scikit_learn(cli, run_folder, penguins):
    found = json.loads(cli("evaluate", run_folder, penguins, "--json").out)
    answers, _ = TableModel.load(run_folder / "model.safetensors").predict(read_csv(penguins))
    y = read_csv(penguins)["species"].to_list()
    p = answers.drop("prediction").to_numpy().astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)
    expected = {
        "accuracy": metrics.accuracy_score(y, answers["prediction"].to_list()),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, answers["prediction"].to_list()),
        "log_loss": metrics.log_loss(y, p),
    }
    assert found["metrics"] == pytest.approx(expected, rel=1e-5)
    assert found["baseline"]["accuracy"] == pytest.approx(152 / 344)
    assert (found["rows"], found["rows_without_target"]) == (344, 0)


def test_the_very_file_that_was_trained_on_is_known(cli, run_folder, penguins, birds, tmp_path):
    (tmp_path / "copy.csv").write_bytes(penguins.read_bytes())
    for path in (penguins, "copy.csv"):
        ran = cli("evaluate", run_folder, path)
        assert ran.code == 0
        assert ran.err == (
            "note        the network was made from this very file and has seen most of its rows, "
            "so the figures are better than on new ones; those of the rows held out stand in the "
            "run's report.html\n"
        )
        assert json.loads(cli("evaluate", run_folder, path, "--json").out)["is_training_data"]
    birds[:200].write_csv(tmp_path / "other.csv")
    assert cli("evaluate", run_folder, "other.csv").err == ""
    assert not json.loads(cli("evaluate", run_folder, "other.csv", "--json").out)[
        "is_training_data"
    ]
    (tmp_path / "alone").mkdir()
    model = (run_folder / "model.safetensors").read_bytes()
    (tmp_path / "alone" / "model.safetensors").write_bytes(model)
    assert cli("evaluate", "alone", penguins).err == ""


def test_rows_without_the_target_are_left_out_and_counted(cli, run_folder, birds, tmp_path):
    first = pl.int_range(pl.len()) < 5
    birds.with_columns(
        pl.when(first).then(None).otherwise(pl.col("species")).alias("species")
    ).write_csv(tmp_path / "gaps.csv")
    birds[5:].write_csv(tmp_path / "rest.csv")
    ran = cli("evaluate", run_folder, "gaps.csv")
    assert ran.code == 0
    assert ran.err == "left out    5 rows without species\n"
    assert ran.out.splitlines()[0].split() == ["339", "rows", "network", "baseline"]
    assert ran.out == cli("evaluate", run_folder, "rest.csv").out
    found = json.loads(cli("evaluate", run_folder, "gaps.csv", "--json", "--quiet").out)
    assert (found["rows"], found["rows_without_target"]) == (339, 5)


def test_a_table_on_disk_gives_the_figures_of_one_in_memory(run_folder, penguins):
    model = TableModel.load(run_folder / "model.safetensors")
    found, streamed = (
        tables.evaluate_table(model, tables.read(penguins, stream=stream))
        for stream in (False, True)
    )
    assert streamed.scores == found.scores
    assert (streamed.n_rows, streamed.n_unknown) == (344, 0)


def test_a_class_that_is_not_known_is_refused(cli, run_folder, birds, tmp_path):
    birds.with_columns(species=pl.col("species").str.replace("Gentoo", "Emperor")).write_csv(
        tmp_path / "odd.csv"
    )
    ran = cli("evaluate", run_folder, "odd.csv")
    assert (ran.code, ran.out) == (4, "")
    assert "124 cells with a class that the network does not know, such as 'Emperor'" in ran.err


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda t: t.rename({"species": "specie"}), 2, "Did you mean 'specie'?"),
        (lambda t: t.drop("island"), 4, "lack the column 'island'"),
        (lambda t: t.with_columns(species=pl.lit(None)), 4, "nothing to measure"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    cli, run_folder, birds, tmp_path, change, code, message
):
    change(birds).write_csv(tmp_path / "odd.csv")
    ran = cli("evaluate", run_folder, "odd.csv")
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_amounts_are_measured_and_words_among_them_refused(cli, penguins, birds, tmp_path):
    options = ("--target", "body_mass_g", "--epochs", "5", "--out", "run", "--quiet")
    assert cli("train", penguins, *options).code == 0
    found = json.loads(cli("evaluate", "run", penguins, "--json").out)
    assert found.keys() >= {"metrics", "baseline"}
    answers, _ = TableModel.load(tmp_path / "run" / "model.safetensors").predict(read_csv(penguins))
    y = pl.read_csv(penguins, null_values="NA")["body_mass_g"].cast(pl.Float64)
    assert found["rows_without_target"] == y.null_count() > 0
    error = (answers["prediction"] - y).drop_nulls().abs().mean()
    assert found["metrics"]["mean_absolute_error"] == pytest.approx(error, rel=1e-4)
    birds.with_columns(body_mass_g=pl.col("body_mass_g").str.replace("3750", "heavy")).write_csv(
        tmp_path / "odd.csv"
    )
    ran = cli("evaluate", "run", "odd.csv")
    assert (ran.code, ran.out) == (4, "")
    assert "such as 'heavy'" in ran.err


def test_classes_that_are_numbers_may_be_written_otherwise(cli, tmp_path):
    rows = [f"{i % 7},{i % 2}" for i in range(60)]
    (tmp_path / "whole.csv").write_text("\n".join(["a,y", *rows]))
    (tmp_path / "point.csv").write_text("\n".join(["a,y", *(f"{row}.0" for row in rows)]))
    assert cli("train", "whole.csv", "--target", "y", "--epochs", "1", "--out", "run").code == 0
    whole, point = (cli("evaluate", "run", f"{name}.csv") for name in ("whole", "point"))
    assert (point.code, point.out) == (0, whole.out)
