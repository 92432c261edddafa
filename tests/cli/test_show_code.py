"""--show-code: the Python program runs as printed, and trains to the same weights."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

SHORT = ("--target", "species", "--epochs", "4")


@pytest.mark.parametrize(
    "options",
    [(), ("--set", "hidden=[6]", "--seed", "2"), ("--preset", "quick", "--task", "classification")],
)
def test_the_printed_program_gives_the_same_weights(cli, penguins, tmp_path, capsys, options):
    shown = cli("train", penguins, *SHORT, *options, "--show-code")
    assert (shown.code, shown.err) == (0, "")
    assert not any(tmp_path.iterdir())
    scope = {}
    exec(shown.out, scope)
    said = capsys.readouterr().out
    found = json.loads(cli("train", penguins, *SHORT, *options, "--json").out)
    assert scope["fit"].history.hash == found["weights_sha256"]
    assert said.splitlines()[-1] == f"weights {found['weights_sha256']}"
    assert (tmp_path / "model.safetensors").is_file()


def test_only_what_differs_from_the_defaults_is_in_the_program(cli, penguins):
    text = cli("train", penguins, *SHORT, "--time-limit", "60", "--show-code").out
    assert "settings = tables.Settings(epochs=4)\n" in text
    assert "fit.go([TimeLimit(60.0)])\n" in text


def test_names_with_quotes_stay_names(cli, tmp_path):
    table = tmp_path / 'it\'s "a" table.csv'
    rows = "\n".join(f"{i % 7},{i % 2}" for i in range(40))
    table.write_text(f'a,"my ""y"""\n{rows}\n')
    shown = cli("train", table, "--target", 'my "y"', "--epochs", "1", "--show-code")
    assert (
        subprocess.run([sys.executable, "-c", shown.out], cwd=tmp_path, check=False).returncode == 0
    )


def test_a_wrong_target_is_found_before_a_program_is_printed(cli, penguins):
    ran = cli("train", penguins, "--target", "spcies", "--show-code")
    assert (ran.code, ran.out) == (2, "")
