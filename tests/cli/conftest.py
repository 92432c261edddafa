"""How the tests of the command line run it, and one run that they share."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import glassnet
from glassnet.cli import main

PENGUINS = Path(__file__).parents[2] / "examples" / "data" / "penguins.csv"
SOURCE = Path(glassnet.__file__).parents[1]  # where the package lies, installed or not
ROOT = Path(__file__).parents[2]


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def penguins():
    """The table that ships with the project."""
    return PENGUINS


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Run a command line in this process, in an empty folder: cli("train", path, ...)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def start(tmp_path):
    """Start a command line as a program of its own, its streams being pipes."""

    def run(*arguments):
        command = [sys.executable, "-m", "glassnet.cli", *map(str, arguments)]
        pipe = subprocess.PIPE
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "FORCE_COLOR": ""}
        return subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, cwd=tmp_path, env=environment
        )

    return run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A run on penguins, made once."""
    folder = tmp_path_factory.mktemp("runs") / "penguins"
    arguments = ["train", str(PENGUINS), "--target", "species", "--out", str(folder), "--quiet"]
    assert main([*arguments, "--epochs", "30"]) == 0
    return folder
