"""glassnet train, as people meet it: what it says, what it leaves behind, how it ends."""

import json
import re
import signal
import tomllib

import pytest

import glassnet as gn

FILES = {"config.toml", "metrics.jsonl", "model.safetensors", "report.html", "versions.json"}
SHORT = ("--target", "species", "--epochs", "3")


def test_it_says_what_it_found(cli, penguins):
    ran = cli("train", penguins, *SHORT)
    assert ran.code == 0
    for line in (
        "table       penguins.csv: 344 rows, 7 columns",
        "target      species: classification, 3 classes (Adelie 152, Chinstrap 68, Gentoo 124)",
        "            since it holds text",
        "numbers     bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g",
        "categories  island (3), sex (3)",
        "rows        220 to train, 55 to know when to stop, 69 to test",
        "network     14 > 64 > 64 > 3 units, 5,315 weights",
        "next        glassnet predict runs/penguins-1 DATA",
        "            glassnet show runs/penguins-1",
        "            a browser on runs/penguins-1/report.html",
    ):
        assert line in ran.err.splitlines()


def test_results_alone_are_on_stdout(cli, penguins):
    lines = cli("train", penguins, *SHORT).out.splitlines()
    assert lines[0].split() == ["69", "rows", "held", "out", "network", "baseline"]
    assert [line[:26].strip() for line in lines[1:]] == [
        "accuracy", "balanced accuracy", "log loss", "saved       runs/penguins-",
    ]  # fmt: skip
    assert lines[1].split()[-1] == "0.4348"  # 30 Adelie penguins of 69


def test_rows_without_a_target_and_columns_left_out_are_said(cli, tmp_path):
    rows = [f"{i},{i % 7},{'' if i == 3 else i % 2},{i}x" for i in range(40)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["row,a,y,name", *rows]))
    said = cli("train", table, "--target", "y", "--epochs", "1").err.splitlines()
    assert "            1 row lacks it and is left out" in said
    assert "left out    row (row numbers), name (text, 25 different in 25 rows)" in said


def test_json_is_all_that_a_machine_needs(cli, penguins):
    ran = cli("train", penguins, *SHORT, "--json", "--quiet")
    found = json.loads(ran.out)
    assert ran.err == ""
    assert found["rows"] == {"train": 220, "validation": 55, "test": 69}
    assert found["task"] == "classification"
    assert found["metrics"].keys() == found["baseline"].keys()
    assert found["epochs"] == 3
    assert gn.load(f"{found['run']}/model.safetensors").is_built


def test_a_run_folder_holds_settings_figures_versions_and_the_model(run_folder):
    assert {path.name for path in run_folder.iterdir()} == FILES
    config = tomllib.loads((run_folder / "config.toml").read_text())
    assert config["target"] == "species"
    assert config["hidden"] == [64, 64]
    assert config["batch_size"] == 16
    lines = [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, 31))
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= lines[0].keys()
    assert json.loads((run_folder / "versions.json").read_text())["glassnet"] == gn.__version__


def test_runs_are_numbered(cli, penguins):
    for number in (1, 2):
        said = cli("train", penguins, *SHORT, "--json", "--quiet").out
        assert json.loads(said)["run"] == f"runs/penguins-{number}"


def test_a_run_is_overwritten_only_by_force(cli, penguins, tmp_path):
    assert cli("train", penguins, *SHORT, "--out", "here").code == 0
    (tmp_path / "here" / "notes.txt").write_text("mine")
    model = (tmp_path / "here" / "model.safetensors").read_bytes()
    again = cli("train", penguins, *SHORT, "--out", "here", "--seed", "1")
    assert again.code == 2
    assert "here holds something already. Give --out another name, or --force" in again.err
    assert (tmp_path / "here" / "model.safetensors").read_bytes() == model
    assert cli("train", penguins, *SHORT, "--out", "here", "--seed", "1", "--force").code == 0
    assert (tmp_path / "here" / "model.safetensors").read_bytes() != model
    assert len((tmp_path / "here" / "metrics.jsonl").read_text().splitlines()) == 3
    assert (tmp_path / "here" / "notes.txt").read_text() == "mine"


def test_a_run_that_was_killed_before_it_began_is_in_nobodys_way(cli, penguins, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "versions.json").write_text("{}")
    (tmp_path / "here" / ".config.toml.0a1b2c3d.tmp").write_text("")
    (tmp_path / "here" / ".lock").write_text("1 somewhere")
    assert cli("train", penguins, *SHORT, "--out", "here").code == 0
    assert (tmp_path / "here" / "config.toml").is_file()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--target", "spcies"), 2, "Did you mean 'species'?"),
        (("--tagret", "species"), 2, "No such option: --tagret"),
        ((), 2, "Missing option '--target'"),
        (("--target", "species", "--hidden", "64;64"), 2, "hidden must be a list, such as"),
        (("--target", "species", "--hidden", "0"), 2, "hidden must be whole numbers above 0"),
        (("--target", "species", "--test-share", "1"), 2, "between 0 and 1"),
        (("--target", "species", "--epochs", "0"), 2, "epochs must be at least 1"),
        (("--target", "species", "--task", "clasification"), 2, "Did you mean 'classification'?"),
        (("--target", "species", "--task", "regression"), 4, "cannot be an amount"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_leaves_nothing(
    cli, penguins, tmp_path, options, code, message
):
    ran = cli("train", penguins, *options)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert message in ran.err
    assert not any(tmp_path.iterdir())


def test_a_command_that_is_not_there_names_the_nearest(cli):
    ran = cli("trian")
    assert ran.code == 2
    assert "Did you mean 'train'?" in ran.err


def test_data_that_is_no_table_is_refused(cli, tmp_path):
    assert cli("train", "nowhere.csv", "--target", "y").code == 4
    (tmp_path / "empty.csv").touch()
    assert "empty.csv is empty." in cli("train", "empty.csv", "--target", "y").err


def test_debug_shows_where_an_error_comes_from(cli):
    with pytest.raises(gn.errors.DataError):
        cli("train", "nowhere.csv", "--target", "y", "--debug")


def test_training_that_diverges_ends_with_3(cli, penguins, monkeypatch):
    def diverge(*_args, **_kwargs):
        raise gn.errors.DivergenceError("Step 7 met NaN.", step=7)

    monkeypatch.setattr(gn.Network, "fit", diverge)
    ran = cli("train", penguins, *SHORT)
    assert (ran.code, ran.out) == (3, "")
    assert "error: Step 7 met NaN." in ran.err


@pytest.mark.slow
def test_off_a_terminal_nothing_moves_and_nothing_is_coloured(start, penguins):
    out, err = start("train", penguins, *SHORT).communicate(timeout=60)
    assert "saved" in out
    assert not re.search(r"[\x1b\r]", out + err)


@pytest.mark.slow
def test_an_interrupted_run_keeps_its_model(signalled, penguins, tmp_path):
    ran = signalled(2, signal.SIGINT, "train", penguins, "--target", "species", "--out", "run")
    assert ran.code == 130
    assert "Interrupted" in ran.err
    assert "interrupted" in ran.err
    assert "saved       run" in ran.out
    assert gn.load(tmp_path / "run" / "model.safetensors").is_built


def test_the_version_is_printed(cli):
    assert cli("--version").out == f"glassnet {gn.__version__}\n"
