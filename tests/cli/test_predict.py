"""glassnet predict: raw rows in, CSV out."""

import io

import numpy as np
import polars as pl
import pytest

from glassnet.tables import TableModel
from glassnet.tables.reading import read_csv


def test_predictions_are_those_of_the_model_in_memory(cli, run_folder, penguins):
    ran = cli("predict", run_folder, penguins)
    assert (ran.code, ran.err) == (0, "")
    answers = pl.read_csv(io.StringIO(ran.out))
    expected, _ = TableModel.load(run_folder / "model.safetensors").predict(read_csv(penguins))
    assert answers.columns == expected.columns
    assert answers["prediction"].to_list() == expected["prediction"].to_list()
    np.testing.assert_array_equal(
        answers.drop("prediction").to_numpy().astype(np.float32),
        expected.drop("prediction").to_numpy(),
    )
    right = answers["prediction"] == pl.read_csv(penguins)["species"]
    assert right.mean() > 0.95


def test_the_target_and_other_columns_are_not_needed(cli, run_folder, penguins, tmp_path):
    table = pl.read_csv(penguins, infer_schema=False)
    changed = table.drop("species").with_columns(pl.lit("x").alias("note"))
    changed.select(sorted(changed.columns)).write_csv(tmp_path / "raw.csv")
    there = cli("predict", run_folder, tmp_path / "raw.csv")
    assert there.out == cli("predict", run_folder, penguins).out


def test_a_file_may_be_named(cli, run_folder, penguins, tmp_path):
    ran = cli("predict", run_folder, penguins, "-o", "answers.csv")
    assert ran.out == ""
    assert ran.err == "saved       344 predictions in answers.csv\n"
    assert (tmp_path / "answers.csv").read_text() == cli("predict", run_folder, penguins).out


def test_a_parquet_file_is_written_and_read(cli, run_folder, penguins, tmp_path):
    pl.read_csv(penguins, null_values=["", "NA"]).write_parquet(tmp_path / "raw.parquet")
    assert cli("predict", run_folder, "raw.parquet", "-o", "answers.Parquet").code == 0
    found = pl.read_parquet(tmp_path / "answers.Parquet")
    expected = pl.read_csv(io.StringIO(cli("predict", run_folder, penguins).out))
    assert found["prediction"].to_list() == expected["prediction"].to_list()
    assert found.columns == expected.columns


def test_another_ending_is_refused_before_any_work(cli, run_folder, tmp_path):
    ran = cli("predict", run_folder, "nowhere.csv", "-o", "answers.xlsx")
    assert (ran.code, ran.out) == (2, "")
    assert "-o takes a file that ends in .csv or .parquet, got answers.xlsx." in ran.err


def test_what_training_has_not_met_is_said(cli, run_folder, tmp_path):
    (tmp_path / "raw.csv").write_text(
        "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex\n"
        "Atlantis,39,18,181,3750,male\n"
        "Dream,tiny,18,181,3750,\n"
    )
    ran = cli("predict", run_folder, "raw.csv")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "unknown     bill_length_mm: 1 cell no number, such as 'tiny'",
        "unknown     island: 1 cell not met in training, such as 'Atlantis'",
    ]
    assert len(ran.out.splitlines()) == 3
    assert cli("predict", run_folder, "raw.csv", "--quiet").err == ""


def test_a_missing_column_is_named(cli, run_folder, tmp_path):
    (tmp_path / "raw.csv").write_text("island,sex,bill_length,body_mass_g\nDream,male,39,3750\n")
    ran = cli("predict", run_folder, "raw.csv")
    assert (ran.code, ran.out) == (4, "")
    assert "The data lack the columns 'bill_length_mm'" in ran.err
    assert "Is 'bill_length' meant to be 'bill_length_mm'?" in ran.err


@pytest.mark.parametrize("command", [("predict", "nowhere", "x.csv"), ("show", "nowhere")])
def test_a_run_that_is_not_there_is_refused(cli, command):
    ran = cli(*command)
    assert ran.code == 2
    assert "there is no folder nowhere" in ran.err


def test_a_damaged_model_is_refused(cli, run_folder, penguins, tmp_path):
    whole = (run_folder / "model.safetensors").read_bytes()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.safetensors").write_bytes(whole[:-100])
    ran = cli("predict", "run", penguins)
    assert ran.code == 1
    assert "is not a whole Glassnet file" in ran.err


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(start, run_folder, penguins):
    running = start("predict", run_folder, penguins)
    running.stdout.readline()
    running.stdout.close()
    assert "Traceback" not in running.stderr.read()
    running.stderr.close()
    running.wait(timeout=60)


def test_a_file_is_read_as_that_of_training_was_unless_something_else_is_said(
    cli, penguins, tmp_path
):
    names, text = penguins.read_text(encoding="utf-8").split("\n", 1)
    (tmp_path / "bare.csv").write_text(text, encoding="utf-8")
    options = ("--target", "column_1", "--epochs", "2", "--out", "bare", "--quiet")
    assert names.startswith("species,")
    assert cli("train", "bare.csv", *options, "--set", "csv.header=false").code == 0
    assert cli("predict", "bare", "bare.csv").out.count("\n") == text.count("\n") + 1
    assert cli("evaluate", "bare", "bare.csv").out.startswith("344 rows ")
    (tmp_path / "named.csv").write_text(
        "\n".join([",".join(f"column_{i}" for i in range(1, names.count(",") + 2)), text]),
        encoding="utf-8",
    )
    named = cli("predict", "bare", "named.csv", "--set", "csv.header=true")
    assert named.out == cli("predict", "bare", "bare.csv").out


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "epochs=3",
            "only csv.header, csv.separator, csv.encoding, csv.decimal can be set, got 'epochs'",
        ),
        ("csv.separater=;", "Did you mean 'separator'?"),
        ("csv", "--set takes name=value"),
        ("csv.separator=auto", "csv.separator is one character, got 'auto'"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_only_how_a_file_is_read_can_be_set(command, setting, message, cli, run_folder, penguins):
    ran = cli(command, run_folder, penguins, "--set", setting)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_commas_that_are_decimal_in_training_are_so_where_none_is_seen(cli, tmp_path):
    prices = [100 + 97 * i for i in range(90)]
    lines = [
        f"{p:,}".replace(",", ".") + f";{p % 7},5;{'yes' if p > 4000 else 'no'}" for p in prices
    ]
    (tmp_path / "sales.csv").write_text("price;weight;bought\n" + "\n".join(lines) + "\n")
    run = ("--target", "bought", "--epochs", "3", "--out", "sales", "--quiet")
    assert cli("train", "sales.csv", *run).code == 0
    assert 'decimal = ","' in (tmp_path / "sales" / "config.toml").read_text()
    (tmp_path / "few.csv").write_text("price;weight\n6.502;3\n")
    (tmp_path / "more.csv").write_text("price;weight\n6.502;3\n1.000;1,5\n")
    alone, beside = (cli("predict", "sales", name).out.splitlines()[1]
                     for name in ("few.csv", "more.csv"))  # fmt: skip
    assert alone == beside
