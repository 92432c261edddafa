"""docs/command_line.md: every example runs as it stands, and the tables are complete."""

import re
import shlex
import tomllib

import pytest
from cli.conftest import ROOT

from glassnet import tables
from glassnet.cli.commands import app

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
EXAMPLES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]


def test_the_examples_run_one_after_the_other(cli, penguins, tmp_path):
    (tmp_path / "penguins.csv").write_bytes(penguins.read_bytes())
    assert len(EXAMPLES) >= 12
    for line in EXAMPLES:
        name, *arguments = shlex.split(line)
        assert name == "glassnet"
        ran = cli(*arguments)
        assert ran.code == 0, (line, ran.err)
    assert (tmp_path / "answers.parquet").is_file()


def test_the_config_file_trains(cli, penguins, tmp_path):
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "penguins.csv").write_bytes(penguins.read_bytes())
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    ran = cli("train", "--config", "run.toml", "--out", "run", "--quiet")
    assert ran.code == 0, ran.err
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text(encoding="utf-8"))
    assert (config["epochs"], config["class_weight"]) == (50, "balanced")


@pytest.mark.parametrize(
    "names",
    [
        [command.callback.__name__ for command in app.registered_commands],
        list(tables.PRESETS),
        ["config.toml", "metrics.jsonl", "model.safetensors", "report.html", "versions.json"],
        ["0", "1", "2", "3", "4", "130"],
    ],
    ids=["commands", "presets", "files", "exit codes"],
)
def test_the_tables_are_complete(names):
    firsts = re.findall(r"^\| `?(?:glassnet )?([\w.]+)", PAGE, flags=re.MULTILINE)
    assert set(names) <= set(firsts)
