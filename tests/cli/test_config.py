"""Where settings come from: defaults < preset < config file < --set and options."""

import dataclasses
import json
import tomllib

import pytest
import tomli_w

from glassnet import tables
from glassnet.cli.request import find_request
from glassnet.cli.run_folder import RunFolder
from glassnet.cli.values import fitting

pytestmark = pytest.mark.slow

SHORT = ("--target", "species", "--epochs", "4")


@pytest.fixture
def asked(cli, penguins, tmp_path):
    """The config.toml that options lead to."""

    def run(*options):
        ran = cli("train", penguins, "--target", "species", "--out", "run", "--force", *options)
        assert ran.code == 0, ran.err
        return tomllib.loads((tmp_path / "run" / "config.toml").read_text(encoding="utf-8"))

    return run


def trained(cli, *options):
    ran = cli("train", *options, "--json", "--quiet")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_the_later_of_preset_config_and_option_wins(asked, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text("epochs = 3\nlearning_rate = 0.02\n")
    quick = tables.PRESETS["quick"]
    only = asked("--preset", "quick", "--epochs", "1")
    assert only["hidden"] == list(quick["hidden"])
    assert only["learning_rate"] == quick["learning_rate"]
    both = asked("--preset", "quick", "--config", config)
    assert (both["epochs"], both["learning_rate"]) == (3, 0.02)
    assert both["patience"] == quick["patience"]
    assert asked("--config", config, "--set", "epochs=2")["epochs"] == 2
    assert asked("--config", config, "--epochs", "1")["epochs"] == 1


def test_a_config_file_may_name_data_target_and_preset(cli, penguins, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "birds.csv").write_bytes(penguins.read_bytes())
    (tmp_path / "tables" / "run.toml").write_text(
        'data = "birds.csv"\ntarget = "species"\npreset = "quick"\nepochs = 2\n'
    )
    found = trained(cli, "--config", "tables/run.toml")
    assert (found["target"], found["epochs"]) == ("species", 2)
    config = tomllib.loads((tmp_path / found["run"] / "config.toml").read_text(encoding="utf-8"))
    assert config["hidden"] == [32]
    assert "preset" not in config


def test_config_of_a_run_repeats_it_to_the_bit(cli, penguins, tmp_path):
    options = ("--set", "dropout=0.3", "--set", "hidden=[8, 8]", "--seed", "3")
    first = trained(cli, penguins, *SHORT, *options)
    again = trained(cli, "--config", tmp_path / first["run"] / "config.toml")
    assert again["run"] != first["run"]
    assert again["weights_sha256"] == first["weights_sha256"]
    assert again["metrics"] == first["metrics"]
    configs = [(tmp_path / run["run"] / "config.toml").read_text() for run in (first, again)]
    assert configs[0] == configs[1]
    other = trained(cli, "--config", tmp_path / first["run"] / "config.toml", "--seed", "4")
    assert other["weights_sha256"] != first["weights_sha256"]


def test_a_csv_file_may_be_read_otherwise_than_was_found_out(cli, penguins, tmp_path):
    text = penguins.read_text(encoding="utf-8").replace("Adelie", "Ad\u00e9lie")
    (tmp_path / "birds.csv").write_bytes(text.encode("cp1252"))
    options = ("birds.csv", *SHORT, "--set", "csv.encoding=cp1252", "--set", "csv.separator=,")
    first = trained(cli, *options)
    assert first["classes"][0] == "Ad\u00e9lie"
    again = trained(cli, "--config", tmp_path / first["run"] / "config.toml")
    assert again["weights_sha256"] == first["weights_sha256"]
    assert (
        '"birds.csv", encoding="cp1252", separator=","' in cli("train", *options, "--show-code").out
    )
    wrong = cli("train", "birds.csv", *SHORT, "--set", "csv.seperator=,")
    assert (wrong.code, "Did you mean 'separator'?" in wrong.err) == (2, True)


def test_columns_may_be_said_to_be_what_they_are(cli, penguins, tmp_path):
    found = trained(cli, penguins, *SHORT, "--set", "columns.island=ignore", "--set",
                    "columns.body_mass_g=category")  # fmt: skip
    config = tomllib.loads((tmp_path / found["run"] / "config.toml").read_text(encoding="utf-8"))
    assert config["columns"] == {"island": "ignore", "body_mass_g": "category"}
    assert "island" in found["left_out"]
    again = trained(cli, "--config", tmp_path / found["run"] / "config.toml")
    assert again["weights_sha256"] == found["weights_sha256"]


def test_config_has_every_setting_of_the_python_api_resolved(asked):
    config = asked("--epochs", "1")
    settings = dataclasses.asdict(tables.Settings())
    missing = {name for name in settings if name not in config}
    assert not {name for name in missing if settings[name] not in (None, {}, ())}
    assert config["batch_size"] == 16
    assert config["task"] == "classification"


def test_settings_of_a_config_are_those_of_the_python_api(tmp_path):
    settings = tables.Settings(hidden=(5, 4), learning_rate=0.01, batch_size=8, seed=2**63)
    path = tmp_path / "run.toml"
    path.write_text(tomli_w.dumps(settings.to_json()), encoding="utf-8")
    assert find_request(path, None, [], {}).settings == settings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "epoch=3"), "no setting 'epoch'. Did you mean 'epochs'?"),
        (("--set", "epochs"), "--set takes name=value, such as epochs=20; got 'epochs'."),
        (("--set", "epochs=many"), "epochs must be a whole number, got 'many'."),
        (("--set", "epochs=2.5"), "epochs must be a whole number, got 2.5."),
        (("--set", "epochs=true"), "epochs must be a whole number, got True."),
        (("--set", "hidden=64;8"), "hidden must be a list, such as [64, 64], got '64;8'."),
        (("--set", "hidden="), "hidden must be a list, such as [64, 64], got ''."),
        (("--set", "hidden=['a']"), "each of hidden must be a whole number, got 'a'."),
        (("--set", "learning_rate=-1"), "learning_rate must be a number above 0"),
        (("--set", "weight_decay=-1"), "weight_decay must be a number, 0 or more"),
        (("--set", "batch_size=0"), "batch_size must be at least 1, got 0."),
        (("--set", "seed=-1"), "A seed is a whole number from 0"),
        (("--set", "dropout=2"), "from 0 up to 1"),
        (("--checkpoint-every", "0"), "--checkpoint-every must be above 0 seconds, got 0.0."),
        (("--set", "epochs.x=2"), "'epochs' has no parts"),
        (("--set", "columns.iland=category"), "Did you mean 'island'?"),
        (("--set", "columns.island=categry"), "Did you mean 'category'?"),
        (("--set", "class_weight.Adeli=2"), "Did you mean 'Adelie'?"),
        (("--set", "class_weight=balancd"), "class_weight"),
        (("--set", "scaling=robst"), "Did you mean 'robust'?"),
        (("--preset", "quik"), "no preset 'quik'. Did you mean 'quick'?"),
        (("--config", "none.toml"), "There is no file none.toml."),
        (("--config", "odd.toml"), "no setting for odd.toml 'epoch'. Did you mean 'epochs'?"),
        (("--config", "torn.toml"), "torn.toml is no TOML file: "),
        (("--time-limit", "0"), "time_limit must be above 0 seconds, got 0.0."),
        (("--set", "target=spcies"), "Did you mean 'species'?"),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_nothing(cli, penguins, tmp_path, options, message):
    (tmp_path / "odd.toml").write_text("epoch = 3\n")
    (tmp_path / "torn.toml").write_text("epochs = \n")
    target = () if "target" in options[1] else ("--target", "species")
    ran = cli("train", penguins, *target, *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (3, float, 3.0),
        ("none", int | None, None),
        (4, int | None, 4),
        ([1, 2], tuple[int, ...], (1, 2)),
        ({"a": "number"}, dict[str, str], {"a": "number"}),
        ("balanced", str | dict[str, float] | None, "balanced"),
        ({"yes": 2}, str | dict[str, float] | None, {"yes": 2.0}),
    ],
)
def test_values_are_made_to_fit_the_types_of_settings(value, hint, expected):
    found = fitting("it", value, hint)
    assert found == expected
    assert type(found) is type(expected)


def test_settings_that_are_written_read_back(tmp_path, penguins):
    values = {
        "s": 'a "b" \\ \x7f é\n', "i": -3, "f": 1e-5, "inf": float("inf"), "b": True, "l": [1, 2],
        "columns": {"my age": "number", "a.b": "date"}, "weights": {"x": 0.5},
    }  # fmt: skip
    folder = RunFolder(tmp_path)
    folder.write_settings({**values, "none": None, "empty": {}, "csv": {"header": None}}, penguins)
    assert tomllib.loads(folder.config.read_text(encoding="utf-8")) == values
    folder.check_unchanged(penguins)
