"""A disk that is full: what is said of it, and that the run goes on once there is room."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import PENGUINS

pytestmark = pytest.mark.slow

MANY = ("--target", "species", "--epochs", "400", "--set", "patience=400", "--hidden", "4",
        "--checkpoint-every", "100000")  # fmt: skip
ROOM = "Make room, or save elsewhere."

# A disk of so many kB in a mount of its own: `train` twice, the second time with room.
STORY = """
import subprocess, sys
from pathlib import Path

disk, size, *line = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], check=True)
try:
    def run(*arguments):
        command = [sys.executable, "-m", "glassnet.cli", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=disk)
        assert "Traceback" not in ran.stderr, ran.stderr
        return ran

    ran = run("train", *line, "--out", "run")
    print(ran.returncode, ran.stderr.replace(f"{disk}/", "").rstrip(), sep="\\n")
    print("left", *sorted(path.name for path in Path(disk).glob("run/*")))
    subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
    ran = run("train", "--resume", "--out", "run", "--quiet")
    metrics = Path(disk, "run", "metrics.jsonl")
    rows = metrics.read_text().splitlines() if metrics.exists() else []
    print("then", ran.returncode, len(rows), len(set(rows)))
finally:
    subprocess.run(["umount", disk], check=True)
"""


@pytest.fixture
def disk(tmp_path):
    """A folder to mount a small disk on, where that is permitted."""
    if shutil.which("unshare") is None:
        pytest.skip("a mount of one's own needs unshare, which is Linux's")
    try_out = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(tmp_path)]
    if subprocess.run(try_out, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    return tmp_path


def story(disk, size, *line):
    """(exit code, stderr's lines, files left, [exit code, rows, different rows] in the end)."""
    command = ["unshare", "-m", sys.executable, "-c", STORY, str(disk), str(size), *map(str, line)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    code, *said, left, then = ran.stdout.splitlines()
    return int(code), said, left.split()[1:], [int(word) for word in then.split()[1:]]


def test_a_disk_that_is_full_at_once_is_said(disk):
    code, said, left, then = story(disk, 4, PENGUINS, *MANY)
    assert code == 1
    said_of = "error: run/versions.json could not be written: No space left on device. "
    assert said[-1] == said_of + ROOM
    assert left == []
    assert then == [2, 0, 0]  # nothing has begun, so nothing goes on


@pytest.mark.parametrize(("size", "file"), [(24, "metrics.jsonl"), (88, "report.html")])
def test_a_disk_that_fills_up_is_said_and_the_run_goes_on_with_room(disk, size, file):
    code, said, left, then = story(disk, size, PENGUINS, *MANY)
    assert code == 1
    assert said[-2:] == [
        "go on       glassnet train --resume --out run",
        f"error: run/{file} could not be written: No space left on device. {ROOM}",
    ]
    assert not [name for name in left if name.endswith(".tmp")]
    assert then == [0, 400, 400]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has it")
@pytest.mark.parametrize("command", ["show", "predict"])
def test_results_that_stdout_cannot_take_are_one_line_and_1(command, run_folder, start):
    table = [PENGUINS] if command == "predict" else []
    with Path("/dev/full").open("w") as full:
        running = start(command, run_folder, *table, stdout=full)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert err == (
        "error: The results could not be written to stdout: No space left on device. Make room, "
        "or send them elsewhere.\n"
    )
