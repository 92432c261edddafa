"""A run that was cut off, by Ctrl-C, by a time limit or by kill -9, goes on to the same bits."""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys

import pytest
from cli.conftest import PENGUINS, SOURCE

import glassnet as gn
from glassnet import lock
from glassnet.cli import main, training
from glassnet.train import checkpoint

pytestmark = pytest.mark.slow

# Some seconds of training, stopped early: what early stopping knows must come back too.
LONG = (
    "--target", "species", "--hidden", "300,300", "--set", "patience=8", "--set",
    "learning_rate=0.0001", "--epochs", "40",
)  # fmt: skip
OFTEN = ("--checkpoint-every", "0.02")
ON = ("train", "--resume", "--out", "run", *OFTEN, "--json", "--quiet")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of a process are POSIX's")


def epochs(folder):
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of an uninterrupted run of LONG."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["train", str(PENGUINS), *LONG, "--out", str(folder), "--json", "--quiet"]) == 0
    (folder / "said.json").write_text(out.getvalue())
    return folder


@pytest.fixture
def whole(finished):
    """(what it came to, its epochs)."""
    return json.loads((finished / "said.json").read_text()), epochs(finished)


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of its folder, to be changed."""
    return shutil.copytree(finished, tmp_path / "whole")


def same(found, expected):
    names = ("weights_sha256", "metrics", "epochs", "best_epoch", "stop_reason")
    return {name: found[name] for name in names} == {name: expected[name] for name in names}


@posix
def test_ctrl_c_saves_a_checkpoint_and_prints_the_command_that_goes_on(
    signalled, cli, penguins, tmp_path, whole
):
    stopped = signalled(3, signal.SIGINT, "train", penguins, *LONG, "--out", "run")
    assert stopped.code == 130
    assert len(list((tmp_path / "run" / "checkpoints").glob("step-*.safetensors"))) == 1
    lines = stopped.err.splitlines()
    (command,) = [line.split(maxsplit=2)[2] for line in lines if "go on" in line]
    assert command == "glassnet train --resume --out run"
    assert "; the weights are those of the last step" in stopped.err
    assert gn.load(tmp_path / "run" / "model.safetensors").is_built
    ran = cli(*command.split()[1:], "--json")
    assert ran.code == 0
    assert "going on    from run/checkpoints/step-" in ran.err
    assert same(json.loads(ran.out), whole[0])
    assert epochs(tmp_path / "run") == whole[1]


# Kills itself when it has opened, renamed or removed so many files of the run folder.
KILLED = """
import os, signal, sys
from glassnet.cli import main, training

left = int(sys.argv[1])

def count(event, arguments):
    global left
    if event in {"open", "os.rename", "os.remove"} and "run/" in os.fspath(str(arguments[0])):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
sys.exit(main(sys.argv[2:]))
"""


@posix
def test_kill_9_between_any_two_files_leaves_no_trace(tmp_path, penguins, cli, whole):
    dice = random.Random(2)  # noqa: S311 - moments, no secrets
    line, kills = ("train", penguins, *LONG, "--out", "run", *OFTEN), 0
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    for _ in range(6):
        command = [sys.executable, "-c", KILLED, str(dice.randrange(2, 14)), *map(str, line)]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True,
                             check=False)  # fmt: skip
        if ran.returncode == 0:  # so few files were left
            break
        assert ran.returncode == -signal.SIGKILL, ran.stderr
        kills += 1
        if (tmp_path / "run" / "config.toml").exists():
            line = ON
    assert kills
    ran = cli(*ON)
    assert ran.code == 0, ran.err
    assert same(json.loads(ran.out), whole[0])
    assert epochs(tmp_path / "run") == whole[1]
    assert len(checkpoint.listing(tmp_path / "run" / "checkpoints")) <= 2


class AfterSomeEpochs(gn.callbacks.TimeLimit):
    """A time limit whose clock is the number of epochs."""

    def on_tick(self, run):
        if run.epoch == 4:
            super().on_tick(run)


def test_a_run_out_of_time_keeps_its_best_weights_and_goes_on(
    cli, penguins, tmp_path, whole, monkeypatch
):
    monkeypatch.setattr(training, "TimeLimit", AfterSomeEpochs)
    limited = cli("train", penguins, *LONG, "--out", "run", "--time-limit", "1e-9", "--json")
    found = json.loads(limited.out)
    assert (limited.code, found["stop_reason"]) == (0, "time limit")
    rows = epochs(tmp_path / "run")
    assert len(rows) == 4
    best = min(rows, key=lambda row: row["val_loss"])
    assert found["best_epoch"] == best["epoch"]
    ran = cli(*ON)
    assert ran.code == 0, ran.err
    assert same(json.loads(ran.out), whole[0])
    assert epochs(tmp_path / "run") == whole[1]


def test_a_run_that_is_finished_comes_to_the_same(cli, copy, whole):
    again = cli("train", "--resume", "--out", "whole", "--json", "--quiet")
    assert again.code == 0
    assert same(json.loads(again.out), whole[0])
    assert epochs(copy) == whole[1]
    assert "the run was finished" in cli("train", "--resume", "--out", "whole").err


def test_a_torn_line_of_metrics_is_written_anew(cli, copy, whole):
    path = copy / "metrics.jsonl"
    path.write_text(path.read_text()[:-20])
    assert cli("train", "--resume", "--out", "whole", "--quiet").code == 0
    assert epochs(copy) == whole[1]


@pytest.fixture
def short(cli, penguins, tmp_path):
    """A run on a table that may be changed."""
    (tmp_path / "birds.csv").write_bytes(penguins.read_bytes())
    options = ("--target", "species", "--epochs", "2", "--out", "run", "--quiet")
    assert cli("train", "birds.csv", *options).code == 0
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--epochs", "9"), "run/config.toml says. Leave out --epochs, or start another run"),
        (("--target", "species", "--force"), "Leave out --target, --force"),
        (("birds.csv",), "Leave out DATA"),
        (("--set", "epochs=9"), "Leave out --set"),
    ],
)
def test_a_run_goes_on_as_it_began(cli, short, options, message):
    ran = cli("train", "--resume", "--out", "run", *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


@posix
def test_two_processes_never_train_into_one_run_folder(stopped, cli, penguins, tmp_path, whole):
    """Else each epoch stands several times in metrics.jsonl."""
    running = stopped(3, "train", penguins, *LONG, "--out", "run", *OFTEN)
    before = epochs(tmp_path / "run")
    for line in (ON, ("train", penguins, *LONG, "--out", "run", "--force")):
        ran = cli(*line)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith(
            f"error: run is in use: process {running.pid} trains into it. Wait until it ends or "
            "stop it, or name another folder.\n"
        )
    assert epochs(tmp_path / "run") == before
    running.kill()  # -9: what it held is free
    running.wait()
    ran = cli(*ON)
    assert ran.code == 0, ran.err
    assert same(json.loads(ran.out), whole[0])
    assert epochs(tmp_path / "run") == whole[1]
    assert not list((tmp_path / "run").rglob(lock.NAME))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("learning_rate = 0.001", "learning_rate = 0.01", "learning_rate is 0.01, was 0.001"),
        ("epochs = 2", "", "epochs is not set, was 2"),
        ("seed = 0", 'seed = 0\npreset = "quick"', 'preset is "quick", was not set'),
    ],
)
def test_a_run_whose_settings_were_edited_is_refused(cli, short, old, new, message):
    """Else one part of it is trained as the file says, another as it said before."""
    config = short / "config.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    ran = cli("train", "--resume", "--out", "run")
    assert (ran.code, ran.out) == (2, "")
    assert f"run/config.toml is not what it was when this run began: {message}." in ran.err
    assert "glassnet train --config run/config.toml --out DIR" in ran.err
    config.write_text(f"# A remark changes nothing.\n{text}")
    assert cli("train", "--resume", "--out", "run", "--quiet").code == 0


def test_data_that_were_moved_may_be_named_anew(cli, short, tmp_path):
    moved = (tmp_path / "birds.csv").rename(tmp_path / "moved.csv")
    config = short / "config.toml"
    config.write_text(config.read_text().replace("birds.csv", moved.name))
    assert cli("train", "--resume", "--out", "run", "--quiet").code == 0


def test_a_run_that_does_not_know_how_it_began_is_refused(cli, short):
    (short / "versions.json").write_text("{}")
    ran = cli("train", "--resume", "--out", "run")
    assert (ran.code, ran.out) == (1, "")
    assert "it is not known whether settings and data are the same" in ran.err


def test_nothing_to_go_on_with_is_said(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    for options, message in (
        ((), "name its folder with --out"),
        (("--out", "nowhere"), "there is no folder nowhere"),
        (("--out", "empty"), "empty/config.toml is missing"),
    ):
        ran = cli("train", "--resume", *options)
        assert (ran.code, ran.out) == (2, "")
        assert message in ran.err


def test_other_data_are_refused(cli, short, tmp_path):
    table = tmp_path / "birds.csv"
    table.write_text(table.read_text().replace("3750", "3751"))
    ran = cli("train", "--resume", "--out", "run")
    assert (ran.code, ran.out) == (4, "")
    assert "birds.csv is not what it was when this run began" in ran.err


def test_a_damaged_checkpoint_is_passed_over(cli, penguins, tmp_path, whole):
    soon = ("--time-limit", "0.001", "--quiet")  # each command gets on by some steps
    assert cli("train", penguins, *LONG, "--out", "run", *soon).code == 0
    assert cli("train", "--resume", "--out", "run", *soon).code == 0
    newest, _ = checkpoint.listing(tmp_path / "run" / "checkpoints")
    newest.write_bytes(newest.read_bytes()[:-100])
    ran = cli("train", "--resume", "--out", "run", "--json")
    assert "Passed over a damaged checkpoint" in ran.err
    assert same(json.loads(ran.out), whole[0])


def test_force_clears_what_a_run_left_and_nothing_else(cli, penguins, tmp_path):
    options = ("--target", "species", "--out", "run", "--quiet", "--epochs", "3")
    often = ("--checkpoint-every", "0.000001")
    assert cli("train", penguins, *options, *often).code == 0
    assert checkpoint.listing(tmp_path / "run" / "checkpoints")
    (tmp_path / "run" / "checkpoints" / "notes.txt").write_text("mine")
    assert cli("train", penguins, *options, "--seed", "5", "--force").code == 0
    assert not checkpoint.listing(tmp_path / "run" / "checkpoints")
    assert (tmp_path / "run" / "checkpoints" / "notes.txt").read_text() == "mine"
