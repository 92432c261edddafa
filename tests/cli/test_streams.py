"""Each command as a program of its own: its exit code, and what goes to which stream."""

import json
import os
import re
import signal
import subprocess
import sys
from typing import NamedTuple

import pytest
from cli.conftest import ROOT, SOURCE

from glassnet.cli.start import _ctrl_c, _leave

pytestmark = pytest.mark.slow

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="terminals and signals are POSIX's")
SHORT = ("--target", "species", "--epochs", "2")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOVING = re.compile(r"\x1b\[[0-9;?]*[A-HJKlhu]|\r(?!\n)")


class Case(NamedTuple):
    """A command line, its exit code, and what must be in either stream; None: it is empty."""

    name: str
    line: str  # {data}: the penguins, {run}: a run on them, {torn}: a run with a damaged model
    code: int
    out: str | None
    err: str | None


CASES = (
    Case("version", "--version", 0, "glassnet ", None),
    Case("help", "train --help", 0, "--target", None),
    Case("train", "train {data} --target species --epochs 2", 0, "accuracy", "network"),
    Case("quiet", "train {data} --target species --epochs 2 --quiet", 0, "saved", None),
    Case("program", "train {data} --target species --show-code", 0, "find_fit", None),
    Case("evaluate", "evaluate {run} {data}", 0, "baseline", "this very file"),
    Case("predict", "predict {run} {data}", 0, "probability_Adelie", None),
    Case("predict to a file", "predict {run} {data} -o a.csv", 0, None, "344 predictions in a.csv"),
    Case("show", "show {run}", 0, "def predict(", None),
    Case("damaged model", "predict {torn} {data}", 1, None, "not a whole Glassnet file"),
    Case("unwritable", "predict {run} {data} -o /proc/none/a.csv", 1, None, "error: "),
    Case("unknown option", "train {data} --tagret species", 2, None, "--target"),
    Case("unknown command", "evalute {run} {data}", 2, None, "evaluate"),
    Case("unknown column", "train {data} --target spcies", 2, None, "'species'"),
    Case("unknown setting", "train {data} --target species --set epoch=1", 2, None, "'epochs'"),
    Case("unknown preset", "train {data} --target species --preset fast", 2, None, "quick"),
    Case("unknown ending", "predict {run} {data} -o a.xlsx", 2, None, ".parquet"),
    Case("no run", "evaluate nowhere {data}", 2, None, "there is no folder nowhere"),
    Case("diverged", "train {data} --target species --set learning_rate=1e30", 3, None, "Step 2"),
    Case("no data", "train nowhere.csv --target species", 4, None, "nowhere.csv"),
    Case("refused", "train {data} --target species --task regression", 4, None, "amount"),
    Case("other data", "evaluate {run} {other}", 4, None, "lack the column"),
)  # fmt: skip


@pytest.fixture(scope="module")
def places(run_folder, tmp_path_factory):
    """What the braces of a command line stand for."""
    folder = tmp_path_factory.mktemp("places")
    penguins = ROOT / "examples" / "data" / "penguins.csv"
    (folder / "other.csv").write_text("species,x\nAdelie,1\n")
    (folder / "torn").mkdir()
    model = (run_folder / "model.safetensors").read_bytes()
    (folder / "torn" / "model.safetensors").write_bytes(model[:-9])
    other, torn = folder / "other.csv", folder / "torn"
    return {"data": penguins, "run": run_folder, "other": other, "torn": torn}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_exit_code_and_streams(case, start, places):
    running = start(*(word.format(**places) for word in case.line.split()))
    out, err = running.communicate(timeout=60)
    assert running.returncode == case.code, err
    for text, expected in ((out, case.out), (err, case.err)):
        assert text == "" if expected is None else expected in text
    assert not COLOUR.search(out + err)
    assert not MOVING.search(out + err)
    assert "Traceback" not in err


# A module that is being imported when Ctrl-C comes, and lets no exception through.
STUCK = """
try:
    print("loading", flush=True)
    while True:
        pass
except BaseException as error:
    raise ImportError("no typer") from error
"""


def ended_by_ctrl_c(running):
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err == "error: Interrupted.\n"
    return True


@POSIX
def test_interrupted_while_the_commands_are_imported_is_130_too(start, tmp_path):
    (tmp_path / "typer.py").write_text(STUCK)  # `python -m` looks here first
    running = start("cache")
    assert running.stdout.readline() == "loading\n"
    running.send_signal(signal.SIGINT)
    assert ended_by_ctrl_c(running)


def test_the_way_in_imports_none_of_the_commands():
    command = [sys.executable, "-c", "import sys, glassnet.cli; print(*sys.modules)"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    loaded = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    assert {"glassnet.cli.start"} == {m for m in loaded.stdout.split() if "glassnet.cli." in m}
    assert {"numpy", "typer", "polars"} & set(loaded.stdout.split()) == set()


@POSIX
def test_interrupted_before_training_begins_is_130_too(start, tmp_path):
    os.mkfifo(tmp_path / "slow.csv")
    running = start("train", "slow.csv", "--target", "y")
    with (tmp_path / "slow.csv").open("w"):  # opens once the program reads: its imports are done
        running.send_signal(signal.SIGINT)
    # Closed: a read that began just before the signal ends too, and Python sees the signal then.
    assert ended_by_ctrl_c(running)
    assert not (tmp_path / "runs").exists()


def test_ctrl_c_is_left_alone_where_the_process_ignores_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup and `&` in a script do
    try:
        with _ctrl_c(_leave):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "line",
    ["train {data} --target species --epochs 2 --json", "evaluate {run} {data} --json"],
)
def test_json_is_one_object_on_stdout(start, places, line):
    out, _ = start(*(word.format(**places) for word in line.split())).communicate(timeout=60)
    found = json.loads(out)
    assert found["metrics"].keys() == found["baseline"].keys() == {
        "accuracy", "balanced_accuracy", "log_loss",
    }  # fmt: skip


def on_a_terminal(folder, *arguments, **environment):
    """What a terminal of 80 columns gets to see of a command."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 80))
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "glassnet.cli", *map(str, arguments)], cwd=folder,
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
        env={**kept, "TERM": "xterm-256color", "PYTHONPATH": str(SOURCE), **environment},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return seen.decode()


@POSIX
def test_a_terminal_gets_colours_and_lines_that_fit(penguins, tmp_path):
    text = on_a_terminal(tmp_path, "train", penguins, *SHORT)
    assert COLOUR.search(text)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert max(map(len, re.split(r"[\r\n]+", plain))) <= 80


@POSIX
def test_no_color_is_honoured_on_a_terminal(penguins, tmp_path, run_folder):
    for arguments in (("train", penguins, *SHORT), ("show", run_folder)):
        text = on_a_terminal(tmp_path, *arguments, NO_COLOR="1")
        assert [c for c in COLOUR.findall(text) if not re.fullmatch(r"\x1b\[\dm", c)] == []
