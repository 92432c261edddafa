"""What a file claims costs nothing: memory and time follow its size, not what it says."""

import json
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from cases.model_files import parsed, samples
from files.mutations import whole_file

import glassnet as gn
from glassnet import files
from glassnet.errors import FileFormatError, SettingError, UnknownNameError
from glassnet.files.architecture import MOST_INPUTS, MOST_LAYERS

pytestmark = pytest.mark.slow

N = 300_000  # bytes of a hostile text
TIMES, ROOM = 25, 12_000_000  # bytes: so many for each of the file's, and so many beside
LAYER_ROOM = 2_500  # bytes for each layer that is traced


def described(**changes):
    """A model file whose network is changed, with a checksum that is right."""
    arrays, text = parsed(samples()["model"][0])
    return whole_file(arrays, json.dumps({**text, "network": {**text["network"], **changes}}))


def first_layer(**settings):
    _, text = parsed(samples()["model"][0])
    first, *rest = text["network"]["layers"]
    return described(layers=[{**first, **settings}, *rest])


def header(text):
    return struct.pack("<Q", len(text)) + text


def text(letters):
    return whole_file({}, letters)


HOSTILE = {
    "lists in the header": header(b"[" + b"[]," * (N // 3) + b"1]"),
    "lists": text("[" + "[]," * (N // 3) + "1]"),
    "dicts": text("[" + "{}," * (N // 3) + "1]"),
    "deep": text("[" * 1000 + "]" * 1000),
    "strings": text("[" + '"ab",' * (N // 5) + "1]"),
    "wide letters": header(('{"' + "a" * N + '\U0001f600": 1}').encode()),
    "floats": text("[" + "1.5," * (N // 4) + "1]"),
    "names": text("{" + ",".join(f'"{i:x}":1' for i in range(N // 9)) + "}"),
    "names given twice": text('{"format": 1, "format": 1}'),
    "huge number": text('{"format": ' + "9" * N + "}"),
    "huge float": first_layer(units=1e308), "huge width": first_layer(units=10**12),
    "negative": first_layer(units=-(10**12)), "not a number": first_layer(units=float("nan")),
    "giant name": first_layer(name="n" * N), "giant class": first_layer(**{"class": "D" * N}),
    "giant activation": first_layer(activation="relu" * (N // 4)),
    "giant letters": first_layer(weight_init={"array": ["a"], "dtype": f"U{10**9}"}),
    "many layers": described(layers=[{"class": "Flatten", "name": "f"}] * 200_000),
    "many inputs": described(inputs=[{"name": "a", "shape": [1], "dtype": "float32"}] * 10_001),
    "wide input": described(inputs=[{"name": "x", "shape": [10**12], "dtype": "float32"}]),
    "overflow": described(inputs=[{"name": "x", "shape": [2**32] * 2, "dtype": "float32"}]),
    "many axes": described(inputs=[{"name": "x", "shape": [1] * 100, "dtype": "float32"}]),
    "doubled": described(
        layers=[{"class": "Concatenate", "name": "c"}],
        calls=[["c", [i, i]] for i in range(60)], outputs=[60],
    ),
    "squares": described(
        inputs=[{"name": "x", "shape": [50_000, 1], "dtype": "float32"},
                {"name": "y", "shape": [1, 50_000], "dtype": "float32"}],
        layers=[{"class": "Add", "name": "a"}], calls=[["a", [0, 1]]], outputs=[2],
    ),
    "claims of an array": header(json.dumps({
        "__metadata__": {"glassnet": "{}", "sha256": "0"},
        "a": {"dtype": "F32", "shape": [2**31, 2**31, 4], "data_offsets": [0, 0]},
    }).encode()),
    "an array of nothing": header(json.dumps({
        "__metadata__": {"glassnet": "{}", "sha256": "0"},
        "a": {"dtype": "F32", "shape": [0, 2**61, 2**61], "data_offsets": [0, 0]},
    }).encode()),
    "half a letter": text('{"format": 1, "network": "\\ud800"}'),
}  # fmt: skip


def peak_of(act):
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def calls_of(act):
    """How many functions are called: the work that it is, on any machine."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_little_memory_and_work(name, tmp_path):
    path = tmp_path / "hostile"
    path.write_bytes(HOSTILE[name])

    def refused():
        with pytest.raises((FileFormatError, UnknownNameError)) as caught:
            gn.load(path)
        assert len(str(caught.value)) < 3000

    peak = peak_of(refused)
    assert peak < TIMES * len(HOSTILE[name]) + ROOM
    assert calls_of(refused) < 4 * len(HOSTILE[name]) + 10_000


def test_weights_take_their_size_twice(tmp_path):
    """Once as they come from the disk, once as the network's own."""
    path = tmp_path / "large"
    gn.Network([gn.Dense(1000)], input_shape=(2000,)).save(path)
    gn.load(path)
    assert peak_of(lambda: gn.load(path)) < 2.2 * path.stat().st_size


def test_as_many_layers_as_a_file_holds_are_loaded(tmp_path):
    path = tmp_path / "deep"
    path.write_bytes(described_only(MOST_LAYERS))
    assert peak_of(lambda: gn.load(path)) < LAYER_ROOM * MOST_LAYERS
    path.write_bytes(described_only(MOST_LAYERS + 1))
    with pytest.raises(FileFormatError, match="it has 10,001 calls; at most 10,000 are read"):
        gn.load(path)


def described_only(n):
    _, text = parsed(samples()["model"][0])
    calls = [["d", [i]] for i in range(n)]
    network = {**text["network"], "layers": [{"class": "Dropout", "name": "d"}], "calls": calls,
               "outputs": [n]}  # fmt: skip
    return whole_file({}, json.dumps({**text, "network": network}))


# What cannot be read again is not written.
def test_network_that_no_file_holds_is_refused_when_it_is_saved(tmp_path):
    x = gn.Input((3,))
    wide = gn.Network(inputs=x, outputs=gn.Add()(*[x] * (MOST_INPUTS + 1)))
    with pytest.raises(SettingError, match="a layer is called on 1,001 values"):
        wide.save(tmp_path / "wide")
    assert list(tmp_path.iterdir()) == []


class Kept(gn.Layer):
    """A layer with a field that holds anything."""

    what: object = None

    def formula(self, x):
        return x * 1.0


@pytest.mark.parametrize("what", [
    {1: 2}, {1, 2}, b"bytes", 1j, np.array(["a"]), np.array([None]), np.array([1j]), object(),
    np.datetime64("2020-01-01"), range(3),
], ids=lambda what: f"{type(what).__name__} {what}".partition(" at 0x")[0])  # fmt: skip
def test_field_that_no_file_holds_is_named_when_it_is_saved(what, tmp_path):
    net = gn.Network([Kept(what)], input_shape=(2,))
    with pytest.raises(SettingError, match=r"kept: what is .*, which a file cannot hold. It holds"):
        net.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_what_is_nested_too_deep_or_half_a_letter_is_refused_when_it_is_saved(tmp_path):
    deep = []
    for _ in range(60):
        deep = [deep]
    for what, reason in ((deep, "nested deeper than 100 levels"), ("\ud800", "surrogates")):
        net = gn.Network([Kept(what)], input_shape=(2,))
        with pytest.raises(SettingError, match=f"cannot be read again: .*{reason}"):
            net.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_two_things_of_one_name_are_refused_when_they_are_saved(tmp_path):
    layers = [gn.Dense(2, lambda z: z * z), gn.Dense(2, lambda z: z + z)]
    with pytest.raises(SettingError, match="Two different things would be called '<lambda>'"):
        gn.Network(layers, input_shape=(2,)).save(tmp_path / "m")

    class Dense(gn.Layer):
        """Called as one of Glassnet's own, which a file would be read as."""

        def formula(self, x):
            return x * 2.0

    with pytest.raises(SettingError, match="would be called 'Dense' in the file"):
        gn.Network([Dense()], input_shape=(2,)).save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["²", "ﬁ", "für", "for", "np", "x\nimport os", "'; quit()", "__import__", "層"]
)
def test_layer_may_have_any_name(name, tmp_path):
    """Also one that Python holds for the name of another, as it does ﬁ for fi."""
    net = gn.Network([gn.Dense(3, name=name), gn.Dense(2, name="fi")], input_shape=(3,))
    net.save(tmp_path / "m")
    loaded = gn.load(tmp_path / "m")
    assert list(loaded.layers) == [name, "fi"]
    x = np.ones((2, 3))
    a, b, c, d = net.parameters.values()
    np.testing.assert_allclose(loaded.predict(x), (x @ a + b) @ c + d, rtol=1e-5)


# Another machine's byte order, arrays of another kind.
def test_arrays_of_the_other_byte_order_come_back(tmp_path):
    files.write(tmp_path / "a", {"big": np.arange(3, dtype=">f8")}, {})
    np.testing.assert_array_equal(files.read(tmp_path / "a")[0]["big"], [0, 1, 2])


def test_array_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(SettingError, match="A file holds arrays of numbers; 'a' is of <U1"):
        files.write(tmp_path / "a", {"a": np.array(["x"])}, {})


# Things that are no files.
def test_folder_and_device_are_no_files(tmp_path):
    with pytest.raises(FileFormatError, match=r"is a folder, not a file. Name the file itself"):
        gn.load(tmp_path)
    if Path("/dev/zero").exists():
        with pytest.raises(FileFormatError, match="is a device or a pipe, not a file"):
            gn.load("/dev/zero")


# No code is run.
SCRIPT = Path(__file__).parents[1] / "fuzz_files.py"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_nothing_is_run_opened_or_imported_while_files_are_read():
    """In a child: its hook sees every exec, import, open and process; its memory is limited."""
    command = [sys.executable, str(SCRIPT), "--examples", "15", "--seed", "5"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout + found.stderr
    assert " 0 crashes, 0 over 1 s" in found.stdout


def test_hook_would_see_code_that_is_run():
    child = f"""
import sys
sys.path.insert(0, {str(SCRIPT.parent)!r})
from fuzz_files import Watch
watch = Watch()
with watch.on("allowed"):
    eval("1 + 1")
    __import__("os").system("true")
    open("/dev/null").close()
print(len(watch.seen), *[seen.split()[0] for seen in watch.seen])
"""
    found = subprocess.run(
        [sys.executable, "-c", child], capture_output=True, text=True, check=True
    )
    assert {"compile", "exec", "os.system", "open"} <= set(found.stdout.split())
