"""Kill -9 while a child trains and saves, and disks that are full. `tests/crash.py` kills more."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import glassnet as gn
from glassnet import files
from glassnet.errors import FileFormatError

SCRIPT = Path(__file__).with_name("crash.py")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX's"),
]


@pytest.mark.parametrize("kills", [6, pytest.param(50, marks=pytest.mark.ci)])
def test_killed_fits_end_as_those_that_nobody_killed(kills):
    command = [sys.executable, SCRIPT, "--kills", str(kills)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout + found.stderr
    counts = json.loads(found.stdout)
    assert counts["kills"] == kills
    assert counts["whole files read"] > kills
    assert counts["resumed"] > 0


def test_inspection_sees_damage_and_loss(tmp_path):
    from collections import Counter

    import crash

    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    files.save(net, tmp_path / "model.safetensors", {"step": 4})
    tmp_path.joinpath("step-000000004.safetensors").write_bytes(b"torn")
    tmp_path.joinpath(".model.safetensors.ab.tmp").write_bytes(b"torn")
    counts = Counter()
    crash.inspect(tmp_path, {"model": "8", "checkpoint": "4"}, counts, set())
    assert (counts["damaged"], counts["torn, refused"], counts["lost"]) == (1, 1, 2)


# A disk that is full.
TINY = """
import os, subprocess, sys
import numpy as np
import glassnet as gn
folder = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder], check=True)
try:
    path = os.path.join(folder, "model.safetensors")
    net = gn.Network([gn.Dense(100)], input_shape=(300,), seed=1)
    net.save(path)
    before = open(path, "rb").read()
    try:
        gn.Network([gn.Dense(200)], input_shape=(300,), seed=2).save(path)
    except OSError as error:
        print(error.errno, str(error).replace(folder, "FOLDER"))
    assert open(path, "rb").read() == before
    assert os.listdir(folder) == ["model.safetensors"]
    assert gn.load(path).seed == 1
    (x, y), checkpoints = (np.ones((9, 300)), np.ones((9, 100))), gn.callbacks.Checkpoint(folder)
    try:
        net.fit(x, y, engine="numpy", epochs=2, verbose=0, callbacks=[checkpoints])
    except OSError as error:
        print(error.errno, "step" in str(error))
    assert os.listdir(folder) == ["model.safetensors"]
finally:
    subprocess.run(["umount", folder], check=True)
"""


def may_mount(folder):
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_disk_that_is_full_leaves_the_old_file_whole(tmp_path):
    """On a real disk of 200 kB, in a child with mounts of its own."""
    if not may_mount(tmp_path):
        pytest.skip("mounting is not permitted here")
    command = ["unshare", "-m", sys.executable, "-c", TINY, str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert found.stdout.splitlines() == [
        (
            f"{errno.ENOSPC} [Errno {errno.ENOSPC}] FOLDER/model.safetensors could not be written: "
            "No space left on device. The file that was there is as it was. Make room, or save "
            "elsewhere."
        ),
        f"{errno.ENOSPC} True",
    ]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has it")
def test_device_is_written_to_and_not_replaced():
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    with pytest.raises(OSError, match=r"/dev/full could not be written: No space .* Make room"):
        net.save("/dev/full")
    assert Path("/dev/full").is_char_device()
    net.save("/dev/null")
    assert Path("/dev/null").is_char_device()


def test_link_stays_a_link(tmp_path):
    tmp_path.joinpath("real").mkdir()
    link, real = tmp_path / "model", tmp_path / "real" / "model"
    real.write_bytes(b"old")
    link.symlink_to(real)
    gn.Network([gn.Dense(1)], input_shape=(2,), seed=7).save(link)
    assert link.is_symlink()
    assert gn.load(real).seed == 7


def test_folder_in_the_way_and_folder_that_cannot_be_made_are_named(tmp_path):
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    with pytest.raises(OSError, match=r"could not be written: Is a directory. Name a file in it."):
        net.save(tmp_path)
    tmp_path.joinpath("file").write_bytes(b"")
    with pytest.raises(OSError, match=r"file/model could not be written: .*. Save elsewhere."):
        net.save(tmp_path / "file" / "model")


def test_what_a_crash_left_long_ago_goes_and_what_is_new_stays(tmp_path):
    """A new one may be another process at work."""
    old, new = tmp_path / ".model.aaaa.tmp", tmp_path / ".model.bbbb.tmp"
    for path in (old, new, tmp_path / ".other.cccc.tmp"):
        path.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    gn.Network([gn.Dense(1)], input_shape=(2,)).save(tmp_path / "model")
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [".model.bbbb.tmp", ".other.cccc.tmp", "model"]


# Checkpoints whose checksum is right, but which are not what they say.
@pytest.mark.parametrize(("change", "reason"), [
    (lambda a, t: a.pop("slot dense.bias/m"), "lacks 'slot dense.bias/m'"),
    (lambda a, t: a.update({"parameter dense.bias": a["parameter dense.weight"]}),
     "lacks 'parameter dense.bias', or holds it in another form"),
    (lambda a, t: a.update(steps=a["steps"][:-1]), "lacks 'step'"),
    (lambda a, t: t.update(step=-1), "lacks 'step'"), (lambda a, t: t.update(table=5), "'table'"),
    (lambda a, t: t.update(table={"loss": 5}), "cannot be taken up: TypeError"),
    (lambda a, t: t.update(callbacks=[{}]), "cannot be taken up: KeyError"),
    (lambda a, t: t.pop("fit"), "belongs to another fit"),
    (lambda a, t: a.update(results=a["steps"].reshape(-1, 1)), "lacks 'results'"),
])  # fmt: skip
def test_checkpoint_that_lies_is_refused(change, reason, tmp_path):
    from cases.model_files import fit_with

    fit_with(tmp_path)
    newest = max(tmp_path.iterdir())
    arrays, text = files.read(newest)
    arrays = dict(arrays)
    change(arrays, text)
    files.write(newest, arrays, text)
    with pytest.raises(FileFormatError, match=reason) as caught:
        fit_with(tmp_path)
    assert "Checkpoint(..., resume=False)" in str(caught.value)
