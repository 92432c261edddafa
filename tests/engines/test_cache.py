"""Compiled code on disk: found again, never trusted when damaged, never in the way."""

import sys

import pytest

import glassnet as gn
from glassnet.cli import main
from glassnet.engines.native import machine
from glassnet.engines.native.binary import cache, fingerprint
from glassnet.engines.native.binary import elf_loader as image

pytest.importorskip("llvmlite", reason="llvmlite is not installed")
from engines import work

pytestmark = pytest.mark.slow

FIT = "print(digest(fitted()))"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture(scope="module")
def reference():
    return work.digest(work.fitted())


def files(folder):
    return sorted(folder.iterdir())


def test_a_second_process_finds_what_the_first_has_compiled(folder, reference):
    loaded = "import sys; print('llvmlite.binding' in sys.modules)"
    first, _ = work.said(f"{FIT}\n{loaded}")
    second, _ = work.said(f"{FIT}\n{loaded}")
    assert first.split() == [reference, "True"]
    assert second.split()[0] == reference
    assert len(files(folder)) == 1
    if sys.platform == "linux" and image.platform.machine() == "x86_64":
        assert second.split()[1] == "False"


def test_llvm_loads_what_our_own_loader_does_not(folder, reference, monkeypatch):
    work.fitted()
    monkeypatch.setattr(image, "loaded", lambda code: None)
    assert work.digest(work.fitted()) == reference


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-100],
        lambda data: data[:20],
        lambda data: b"",
        lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:],
        lambda data: data[:-1] + bytes([data[-1] ^ 128]),
        lambda data: b"\0" * len(data),
    ],
    ids=["truncated", "head only", "empty", "bit in the text", "bit in the code", "zeros"],
)
def test_damaged_entries_are_compiled_anew(folder, reference, change):
    work.fitted()
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    assert work.digest(work.fitted()) == reference
    assert path.read_bytes() == whole


def test_an_entry_of_another_cpu_or_version_is_not_used(folder, reference, monkeypatch):
    work.fitted()
    for name in ("host", "_surroundings"):
        monkeypatch.setattr(fingerprint, name, lambda name=name: f"another {name}")
        assert work.digest(work.fitted()) == reference
    assert len(files(folder)) == 3


def test_processes_at_once_do_not_mind_one_another(folder, reference):
    processes = [work.start(FIT) for _ in range(4)]
    assert {p.communicate(timeout=300)[0].strip() for p in processes} == {reference}
    assert [path.suffix for path in files(folder)] == [".code"]


@pytest.mark.parametrize("blocked", ["file", "folder"])
def test_a_folder_that_cannot_be_written_costs_one_warning(tmp_path, reference, blocked):
    where = tmp_path / "blocked"
    where.write_text("no folder")
    if blocked == "folder":
        where = where / "below"
    out, err = work.said(f"fitted()\n{FIT}", GLASSNET_CACHE=str(where))
    assert out == reference
    assert err.count("\n") == 0
    assert "cannot be kept" in err
    assert "GLASSNET_CACHE" in err


def test_the_longest_unused_entries_go_first(folder, monkeypatch):
    for name in "abc":
        cache.write(name, "0", bytes(100))
        path = folder / f"{name}-0.code"
        cache.os.utime(path, (ord(name), ord(name)))
    assert cache.read("a", "0") == bytes(100)  # used now
    monkeypatch.setattr(cache, "LIMIT", 300)
    cache.write("d", "0", bytes(100))
    assert {path.name[0] for path in files(folder)} == {"a", "c", "d"}


def test_half_written_files_of_dead_processes_are_removed(folder):
    folder.mkdir()
    dead = folder / ".x.code.1234.tmp"
    dead.write_bytes(b"half")
    cache.os.utime(dead, (0, 0))
    cache.write("a", "0", b"whole")
    assert [path.name for path in files(folder)] == ["a-0.code"]


@pytest.mark.parametrize("word", ["0", "off", "OFF", "none"])
def test_the_cache_can_be_switched_off(word, reference, tmp_path):
    out, err = work.said(FIT, GLASSNET_CACHE=word, XDG_CACHE_HOME=str(tmp_path))
    assert (out, err) == (reference, "")
    assert not files(tmp_path)


def test_the_folder_is_the_platforms(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    found = {}
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(cache.sys, "platform", platform)
        found[platform] = cache.folder()
    assert found["linux"] == tmp_path / ".cache" / "glassnet"
    assert found["darwin"] == tmp_path / "Library" / "Caches" / "glassnet"
    assert found["win32"] == tmp_path / "local" / "glassnet"
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder() == tmp_path / "xdg" / "glassnet"


def program(hidden="tanh", optimizer=None, loss="mean_squared_error", dtype="float32", width=8):
    layers = [gn.Dense(width, hidden), gn.Dense(1)]
    net = gn.Network(layers, input_shape=(6,), dtype=dtype)
    return net.training_program(loss=loss, optimizer=optimizer or gn.optim.Adam())


def test_equal_programs_have_one_name_in_every_process():
    assert fingerprint.of_program(program()) == fingerprint.of_program(program())
    text = (
        "from glassnet.engines.native.binary.fingerprint import of_program\n"
        "net = network()\nprint(of_program(net.training_program()))"
    )
    names = {work.said(text, PYTHONHASHSEED=seed)[0] for seed in ("1", "2")}
    assert len(names) == 1


def test_programs_that_differ_have_different_names():
    others = [
        program("relu"), program(optimizer=gn.optim.Adam(beta1=0.8)), program(dtype="float64"),
        program(optimizer=gn.optim.Adam(clip_norm=1.0)), program(loss="huber"), program(width=9),
        program(optimizer=gn.optim.SGD(0.1)),
    ]  # fmt: skip
    names = {fingerprint.of_program(p) for p in [program(), *others]}
    assert None not in names
    assert len(names) == len(others) + 1


def test_batches_of_one_layout_share_their_code():
    name = fingerprint.of_variant
    assert name(65, ["float32"], None) == name(96, ["float32"], None)
    assert name(33, ["float32"], None) == name(48, ["float32"], None)
    assert name(48, ["float32"], None) != name(49, ["float32"], None)  # 3 or 4 blocks of 16
    assert name(32, ["float32"], None) != name(33, ["float32"], None)
    assert name(32, ["float32"], None) != name(32, ["float64"], None)
    assert name(32, ["float32"], None) != name(32, ["float32 strided"], None)
    assert name(32, ["float32"], None) != name(32, ["float32"], "x86-64-v2")


def test_a_kept_program_needs_no_lowering_to_be_prepared(folder):
    net = work.network()
    assert not machine.CodeSource(net.training_program()).is_kept()
    work.fitted()
    assert machine.CodeSource(net.training_program(optimizer="adam")).is_kept()


def test_the_command_line_shows_and_clears(folder, capsys):
    work.fitted()
    assert main(["cache"]) == 0
    assert f"folder   {folder}\nentries  1\n" in capsys.readouterr().out
    assert main(["cache", "--clear"]) == 0
    assert capsys.readouterr().out == f"Removed 1 entries from {folder}.\n"
    assert files(folder) == []
