"""A folder is one process' own while it is held, and nobody's as soon as that process is dead."""

import errno
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import glassnet as gn
from glassnet import lock
from glassnet.errors import InUseError

posix = pytest.mark.skipif(sys.platform == "win32", reason="flock and signals are POSIX's")

HOLDER = """
import sys
from pathlib import Path
from glassnet import lock

with lock.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process, which holds the folder `run`."""
    source = str(Path(gn.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "run"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source},
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate(timeout=60)


def test_a_folder_that_a_living_process_holds_is_refused_and_the_process_named(holder, tmp_path):
    with pytest.raises(InUseError) as caught, lock.locked(tmp_path / "run"):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'run'} is in use: process {holder.pid} trains into it. Wait until it ends or "
        "stop it, or name another folder."
    )


@posix
def test_what_a_killed_process_held_is_free_at_once(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run" / lock.NAME).read_text().startswith(f"{holder.pid} ")
    with lock.locked(tmp_path / "run"):
        signed = (tmp_path / "run" / lock.NAME).read_text()
    assert signed == f"{os.getpid()} {platform.node()}"
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_is_held_once_in_a_process_too_and_free_after_an_error(tmp_path):
    def fail():
        with lock.locked(tmp_path):
            with pytest.raises(InUseError, match="another fit of this process trains into it"):
                lock.locked(tmp_path).__enter__()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with lock.locked(tmp_path):
        assert (tmp_path / lock.NAME).exists()


def test_a_folder_made_for_the_lock_goes_with_it_unless_something_came_in(tmp_path):
    with lock.locked(tmp_path / "empty"):
        pass
    with lock.locked(tmp_path / "full"):
        (tmp_path / "full" / "a").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["a"]


@posix
def test_a_file_that_was_removed_before_it_was_locked_is_not_the_lock(tmp_path, monkeypatch):
    """Else two processes hold it: one the old file, one that of the name."""
    take, tries = lock._lock, []

    def late(handle):
        tries.append(handle)
        if len(tries) == 1:  # its holder ends just before we get it
            (tmp_path / lock.NAME).unlink()
        return take(handle)

    monkeypatch.setattr(lock, "_lock", late)
    with lock.locked(tmp_path):
        assert len(tries) == 2
        with pytest.raises(InUseError):
            lock.locked(tmp_path).__enter__()


@posix
def test_a_file_system_without_locks_is_written_to_all_the_same(tmp_path, monkeypatch):
    def refuse(handle, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lock.fcntl, "flock", refuse)
    with lock.locked(tmp_path), lock.locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/run/.lock could not be written: .* Save elsewhere."):
        lock.locked(tmp_path / "file" / "run").__enter__()
