"""How the tests of the command line run it, and one run that they share."""

import os
import signal
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

    def run(*arguments, stdout=subprocess.PIPE):
        return _started(tmp_path, ["-m", "glassnet.cli"], arguments, stdout)

    return run


# A signal that comes at a moment of the training, however quick or busy the machine is: the
# process sends it to itself when the line of so many epochs has been written.
SIGNALLED = """
import os, signal, sys
from glassnet.cli import main
from glassnet.cli.run_folder import MetricsFile

epoch, number = int(sys.argv[1]), int(sys.argv[2])
write_line = MetricsFile.on_epoch_end

def write_and_signal(self, run):
    write_line(self, run)
    if run.epoch == epoch:
        os.kill(os.getpid(), number)

MetricsFile.on_epoch_end = write_and_signal
sys.exit(main(sys.argv[3:]))
"""


@pytest.fixture
def signalled(tmp_path):
    """Run a command line that gets a signal after an epoch: signalled(3, SIGINT, "train", ...)."""

    def run(epoch, number, *arguments):
        running = _signalled(tmp_path, epoch, number, arguments)
        out, err = running.communicate(timeout=300)
        return Ran(running.returncode, out, err)

    return run


@pytest.fixture
def stopped(tmp_path):
    """A command line that stands still after an epoch, alive: stopped(3, "train", ...)."""
    standing = []

    def run(epoch, *arguments):
        running = _signalled(tmp_path, epoch, signal.SIGSTOP, arguments)
        standing.append(running)
        _, status = os.waitpid(running.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        return running

    yield run
    for running in standing:
        running.kill()
        running.communicate(timeout=60)


def _signalled(folder, epoch, number, arguments):
    front = ["-c", SIGNALLED, str(epoch), str(int(number))]
    return _started(folder, front, arguments, subprocess.PIPE)


def _started(folder, front, arguments, stdout):
    command = [sys.executable, *front, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "FORCE_COLOR": ""}
    return subprocess.Popen(
        command, stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment
    )


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A run on penguins, made once."""
    folder = tmp_path_factory.mktemp("runs") / "penguins"
    arguments = ["train", str(PENGUINS), "--target", "species", "--out", str(folder), "--quiet"]
    assert main([*arguments, "--epochs", "30"]) == 0
    return folder
