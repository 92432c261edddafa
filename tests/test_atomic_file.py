"""Files that are replaced: written, synced, renamed, and the folder synced, in this order."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import glassnet as gn
from glassnet import files
from glassnet.atomic_file import append_to_file, replace_file
from glassnet.callbacks import Checkpoint
from glassnet.cli import main

PENGUINS = Path(__file__).parents[1] / "examples" / "data" / "penguins.csv"


class Synced(NamedTuple):
    """A file or folder, and what it held when it was synced."""

    file: tuple[int, int]
    holds: bytes | frozenset[str]


class Renamed(NamedTuple):
    """A file that took a name, and what it held."""

    file: tuple[int, int]
    path: Path
    holds: bytes


class Disk:
    """What is asked of the disk, in order."""

    def __init__(self, monkeypatch):
        self.events = []
        self._sync, self._rename = os.fsync, os.replace
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(os, "replace", self.replace)

    def fsync(self, handle):
        self._sync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        found = frozenset(p.name for p in path.iterdir()) if path.is_dir() else path.read_bytes()
        self.events.append(Synced(number(path), found))

    def replace(self, old, new):
        renamed = Renamed(number(old), Path(os.path.realpath(new)), Path(old).read_bytes())
        self._rename(old, new)
        self.events.append(renamed)

    def check(self):
        """The names that were given; AssertionError where a power cut could lose a file."""
        for i, event in enumerate(self.events):
            if isinstance(event, Renamed):
                assert self.events[i - 1] == Synced(event.file, event.holds), event.path
                folder = self.events[i + 1]
                assert folder.file == number(event.path.parent), event.path
                assert event.path.name in folder.holds
        return {event.path.name for event in self.events if isinstance(event, Renamed)}


def number(path):
    found = Path(path).stat()
    return found.st_dev, found.st_ino


@pytest.fixture
def disk(monkeypatch):
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("what a handle is open on is looked up in /proc, which Linux has")
    return Disk(monkeypatch)


def test_a_file_is_synced_before_it_is_renamed_and_the_folder_after(disk, tmp_path):
    replace_file(tmp_path / "a" / "file", b"new")
    replace_file(tmp_path / "a" / "file", b"newer")
    assert disk.check() == {"file"}
    assert len(disk.events) == 6


@pytest.mark.parametrize("lost", [0, 2], ids=["the file", "the folder"])
def test_the_check_notices_a_sync_that_is_left_out(lost, disk, tmp_path):
    replace_file(tmp_path / "file", b"new")
    replace_file(tmp_path / "file", b"newer")
    del disk.events[lost]
    with pytest.raises(AssertionError):
        disk.check()


def test_models_checkpoints_and_bundles_are_replaced_so(disk, tmp_path):
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    net.save(tmp_path / "model.safetensors")
    files.write(tmp_path / "bundle.safetensors", {}, {"text": "here"})
    x, y = [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0]
    net.fit(x, y, engine="numpy", epochs=1, verbose=0, callbacks=[Checkpoint(tmp_path)])
    names = {"model.safetensors", "bundle.safetensors", "step-000000001.safetensors"}
    assert disk.check() == names


def test_all_files_of_a_run_are_replaced_so(disk, tmp_path):
    folder = tmp_path / "run"
    often = ["--epochs", "2", "--checkpoint-every", "0.000001", "--quiet"]
    assert main(["train", str(PENGUINS), "--target", "species", "--out", str(folder), *often]) == 0
    assert main(["predict", str(folder), str(PENGUINS), "-o", str(tmp_path / "answers.csv")]) == 0
    names = {name for name in disk.check() if not name.endswith(".code")}
    checkpoints = {name for name in names if name.startswith("step-")}
    assert checkpoints
    assert names - checkpoints == {
        "answers.csv", "config.toml", "metrics.jsonl", "model.safetensors", "report.html",
        "versions.json",
    }  # fmt: skip


def test_nothing_else_in_the_package_renames_or_syncs():
    """Else a file could be replaced in another order."""
    source = Path(gn.__file__).parent
    words = ("os.replace", "os.rename", ".rename(", "os.fsync", "shutil.move")
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in words)
    }
    assert found == {"atomic_file.py"}


@pytest.mark.skipif(sys.platform == "win32", reason="a full device is POSIX's")
@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has it")
def test_what_cannot_be_appended_names_the_file_and_the_next_step(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"metrics.jsonl could not be written: No .* Make room"):
        append_to_file(path, b"line\n")
