"""Model files: what is saved is what is loaded; what is damaged or strange is refused, in words."""

import json
import struct
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy
from cases.networks import BY_NAME, ROWS, Scale, root_square, swish
from cases.penalties import Sample, Sparse
from nn.test_layers import ROWS as LAYER_ROWS

import glassnet as gn
from glassnet import files
from glassnet.errors import FileFormatError, SettingError, UnknownNameError
from glassnet.nn import LAYERS

CUSTOM = {
    "Scale": Scale, "Sample": Sample, "Sparse": Sparse, "swish": swish, "root_square": root_square,
}  # fmt: skip


def saved(net, folder):
    path = folder / "model.safetensors"
    net.save(path)
    return path


def rows_for(net):
    """A few rows that fit the network's inputs."""
    rng = np.random.default_rng(0)
    return {
        name: rng.integers(0, 2, (4, *spec.shape[1:])).astype(spec.dtype)
        for name, spec in net.topology.inputs
    }


def predicted(net):
    found = net.predict(rows_for(net))
    return np.concatenate(found, axis=-1) if isinstance(found, list) else found


def assert_same_network(one, other):
    assert list(one.parameters) == list(other.parameters)
    for name, array in one.parameters.items():
        assert array.dtype == other.parameters[name].dtype
        np.testing.assert_array_equal(array, other.parameters[name])
    assert one.topology.inputs == other.topology.inputs
    assert one.topology.calls == other.topology.calls
    assert one.topology.output_names() == other.topology.output_names()
    assert one.summary() == other.summary()
    assert (one.seed, one.dtype) == (other.seed, other.dtype)
    assert one.prediction_program().source() == other.prediction_program().source()
    np.testing.assert_array_equal(predicted(one), predicted(other))


def test_the_same_network_is_the_same_file(tmp_path):
    """Which it is not by itself: safetensors writes the metadata in any order."""
    net = BY_NAME["aim"].build("float32")
    files = {saved(net, tmp_path).read_bytes() for _ in range(20)}
    assert len(files) == 1
    header = next(iter(files))[8:]
    assert header.index(b'"glassnet":') < header.index(b'"sha256":')


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_network_comes_back_as_it_was(row, dtype, tmp_path):
    net = row.build(dtype)
    row.fit(net, epochs=2)
    loaded = gn.load(saved(net, tmp_path), custom=CUSTOM)
    assert_same_network(loaded, net)
    assert row.program(loaded).source() == row.program(net).source()


@pytest.mark.slow
@pytest.mark.parametrize("row", LAYER_ROWS, ids=str)
def test_every_layer_comes_back_with_its_settings(row, tmp_path):
    layer = row.layer
    functions = {"Gate": type(layer), "<lambda>": getattr(layer, "activation", None), "sin": np.sin}
    symbols = row.symbols()
    net = gn.Network(inputs=symbols, outputs=layer(*symbols))
    loaded = gn.load(saved(net, tmp_path), custom=functions)
    assert repr(loaded.layers) == repr(net.layers)
    assert_same_network(loaded, net)


def test_rows_above_have_every_layer():
    assert set(LAYERS) <= {type(row.layer).__name__ for row in LAYER_ROWS}


def test_settings_of_every_kind_come_back(tmp_path):
    class Kinds(gn.Layer):
        a: int = 1
        b: float = 0.5
        c: str = "text"
        d: bool = True
        e: object = None
        f: tuple = (1, (2.5, "x"))
        g: object = None
        h: object = None

        def formula(self, x):
            return x * self.b

    layer = Kinds(a=np.int64(3), b=np.float32(0.25), e=float("inf"), g={"k": [1, None]},
                  h=np.array([[1, 2]], np.int16))  # fmt: skip
    path = saved(gn.Network([layer], input_shape=(2,)), tmp_path)
    loaded = gn.load(path, custom={"Kinds": Kinds}).layers["kinds"]
    assert (loaded.a, loaded.b, loaded.c, loaded.d) == (3, 0.25, "text", True)
    assert (loaded.e, loaded.f, loaded.g) == (float("inf"), (1, (2.5, "x")), {"k": (1, None)})
    np.testing.assert_array_equal(loaded.h, [[1, 2]])
    assert loaded.h.dtype == np.int16


def test_regularisers_and_constraints_come_back(tmp_path):
    r = gn.regularizers
    layer = gn.Dense(2, weight_regularizer=r.L1L2(0.1, 0.2), bias_regularizer="l2",
                     weight_constraint=r.MaxNorm(0.5), bias_init=0.25)  # fmt: skip
    net = gn.Network([layer], input_shape=(2,))
    loaded = gn.load(saved(net, tmp_path))
    assert repr(loaded.layers["dense"]) == repr(net.layers["dense"])
    assert loaded.layers["dense"].weight_regularizer == r.L1L2(0.1, 0.2)


def test_frozen_layers_stay_frozen(tmp_path):
    net = BY_NAME["frozen"].build()
    assert gn.load(saved(net, tmp_path)).layers["dense"].trainable is False


def test_loaded_network_is_trained_on_to_the_same_bits(tmp_path):
    row = BY_NAME["softmax_dropout"]
    net = row.build()
    row.fit(net, epochs=3)
    loaded = gn.load(saved(net, tmp_path))
    for one in (net, loaded):
        row.fit(one, epochs=3, batch_size=5)
    assert_same_network(loaded, net)


def test_weights_of_a_loaded_network_are_its_own(tmp_path):
    path = saved(BY_NAME["aim"].build(), tmp_path)
    one, other = gn.load(path), gn.load(path)
    one.parameters["dense.weight"][:] = 7
    assert (other.parameters["dense.weight"] != 7).all()
    assert one.parameters["dense.weight"].flags.writeable


def test_file_replaces_the_one_before(tmp_path):
    path = saved(BY_NAME["aim"].build(), tmp_path)
    net = BY_NAME["residual"].build()
    net.save(path)
    assert_same_network(gn.load(str(path)), net)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_kept_beside_the_network_comes_back(tmp_path):
    path, extra = tmp_path / "m.safetensors", {"columns": ["a", "b"], "scale": 0.5, "none": None}
    files.save(BY_NAME["aim"].build(), path, extra)
    assert files.read_model(path).extra == extra


def test_weights_can_be_read_by_safetensors_alone(tmp_path):
    net = BY_NAME["aim"].build()
    arrays = safetensors.numpy.load_file(saved(net, tmp_path))
    assert set(arrays) == set(net.parameters)


def test_arrays_of_every_shape_and_kind_come_back(tmp_path):
    arrays = {
        "single": np.array(1.5), "empty": np.zeros((0, 3)), "whole": np.arange(3),
        "truth": np.array([True, False]), "turned": np.arange(6.0).reshape(2, 3).T,
        "float32": np.float32([1, np.nan, -np.inf]), "a b/c.d": np.ones(1),
    }  # fmt: skip
    files.write(tmp_path / "a", arrays, {"nan": float("nan"), "text": "ä\n"})
    found, text = files.read(tmp_path / "a")
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
    assert text["text"] == "ä\n"
    assert text["nan"] != text["nan"]


# Custom objects.
def test_own_things_are_handed_over_by_name(tmp_path):
    path = saved(BY_NAME["custom"].build(), tmp_path)
    with pytest.raises(UnknownNameError, match=r"layer class .*custom=.* 'Scale'"):
        gn.load(path, custom={"swish": swish})
    with pytest.raises(UnknownNameError, match=r"load\(path, custom=.*'swish'"):
        gn.load(path, custom={"Scale": Scale})
    with pytest.raises(FileFormatError, match=r"custom\['Scale'\] must be derived from gn.Layer"):
        gn.load(path, custom={"Scale": swish, "swish": swish})
    assert gn.load(path, custom=CUSTOM).layers["scale"].start == 1.0


def test_loading_runs_no_code_and_opens_no_other_file(tmp_path):
    """A file that names a function of Python's gets no further than the closed registry."""
    path = saved(BY_NAME["aim"].build(), tmp_path)
    for name in ("os.system", "builtins.eval", "subprocess", "Network", "Layer"):
        with pytest.raises(UnknownNameError):
            changed(path, lambda net, name=name: net["layers"][0].update({"class": name}))
        with pytest.raises(UnknownNameError):
            changed(path, lambda net, n=name: net["layers"][0].update(activation={"custom": n}))


# Damaged and strange files.
def changed(path, change):
    """Load the file again after its architecture was changed, with a checksum that is right."""
    arrays, text = files.read(path)
    change(text["network"])
    other = path.with_name("changed.safetensors")
    files.write(other, arrays, text)
    return gn.load(other)


def setting(*place, value):
    def change(net):
        for key in place[:-1]:
            net = net[key]
        net[place[-1]] = value

    return change


def nested(depth):
    value = "zeros"
    for _ in range(depth):
        value = {"list": [value]}
    return value


LAYER = ("layers", 0)
STRANGE = [
    (setting("layers", value=[]), "calls a layer 'dense', which it does not describe"),
    (setting("layers", value=5), "has no list of layers"),
    (setting("layers", value=[5]), "describes a layer by 5"),
    (setting("layers", value=[{}] * 10_001), "has 10,001 layers; at most 10,000 are read"),
    (lambda net: net["layers"].append(net["layers"][0]), "two layers are called 'dense'"),
    (lambda net: net["layers"].append({**net["layers"][0], "name": "idle"}), "no output depends"),
    (setting(*LAYER, "class", value=["a"]), "not by its class and fields"),
    (setting(*LAYER, "units", value=-1), "units must be a whole number of at least 1, got -1"),
    (setting(*LAYER, "units", value=10**400), "more than 2,147,483,648 numbers a row"),
    (setting(*LAYER, "units", value=float("nan")), "units must be a whole number .* got nan"),
    (setting(*LAYER, "units", value=4), r"dense.weight is \(3, 2\) .* layers make it \(3, 4\)"),
    (setting(*LAYER, "evil", value=1), r"layer Dense has no settings \['evil'\]"),
    (setting(*LAYER, "name", value=""), "or one has no name"),
    (setting(*LAYER, "name", value=7), "no text for a name"),
    (setting(*LAYER, "name", value="a.b"), "calls a layer 'dense'"),
    (setting(*LAYER, "trainable", value="yes"), "no truth for trainable"),
    (setting(*LAYER, "activation", value={"layer": {"class": "Dense", "units": 3}}), "'dense'"),
    (setting(*LAYER, "activation", value={}), "of no kind that a file holds"),
    (setting(*LAYER, "activation", value=["relu"]), "a bare list"),
    (setting(*LAYER, "activation", value={"list": 3}), "where a list is due"),
    (setting(*LAYER, "activation", value={"dict": 3}), "where a dict is due"),
    (setting(*LAYER, "weight_init", value={"settings": "L2", "strength": 1}), "initialiser"),
    (setting(*LAYER, "weight_init", value={"array": [1], "dtype": "U1000000000"}), "array of 'U1"),
    (setting(*LAYER, "weight_init", value={"array": [1], "dtype": "O"}), "array of 'O'"),
    (setting(*LAYER, "weight_init", value={"array": [300], "dtype": "uint8"}), "OverflowError"),
    (setting(*LAYER, "weight_regularizer", value={"settings": "L2", "strength": -1}), "0 or more"),
    (setting(*LAYER, "weight_regularizer", value={"settings": "L2", "strength": "1"}),
     "no regulariser or constraint"),
    (setting(*LAYER, "weight_regularizer", value={"settings": "L3"}), "no regulariser"),
    (setting(*LAYER, "weight_init", value=nested(20)), "initialiser"),
    (setting("calls", 0, value=["dense", [0.5]]), "0.5 where a whole number is due"),
    (setting("calls", 0, value=["dense", [True]]), "True where a whole number is due"),
    (setting("calls", 0, value=["dense", [-1]]), "-1 where a whole number is due"),
    (setting("calls", 0, value=["dense", [9]]), "9 where a whole number is due"),
    (setting("calls", 0, value=["dense", [0] * 1001]),
     "a layer is called on 1,001 values, all layers on 1,002"),
    (setting("calls", 0, value=["dense", []]), "called on at least one symbol"),
    (setting("calls", 0, value=["other", [0]]), "calls a layer 'other', which it does not"),
    (setting("calls", 0, value=["dense"]), r"calls a layer by \['dense'\]"),
    (setting("calls", value=[]), "1 where a whole number|2 where a whole number"),
    (setting("calls", value="ab"), "no list of calls"),
    (setting("outputs", value=[]), "at least one layer"),
    (setting("outputs", value=[9]), "9 where a whole number is due"),
    (setting("outputs", value=[0]), "at least one layer"),
    (setting("outputs", value=[1]), "layers on which no output depends"),
    (setting("inputs", value=[]), "where a whole number is due"),
    (setting("inputs", 0, value=3), "describes an input by 3"),
    (setting("inputs", 0, "name", value=3), "an input 3 of kind 'float32'"),
    (setting("inputs", 0, "shape", value=3), "an input 'x' of shape 3"),
    (setting("inputs", 0, "shape", value=["B"]), "'B' where a whole number is due"),
    (setting("inputs", 0, "shape", value=[10**6] * 3), "input 'x' has 3 axes or more than"),
    (setting("inputs", 0, "shape", value=[1] * 64), "64 axes"),
    (setting("inputs", 0, "dtype", value="object"), "object"),
    (setting("seed", value=-1), "A seed is a whole number"), (setting("seed", value="0"), "A seed"),
    (setting("dtype", value="float16"), "of kind 'float16', not one of"),
    (setting("dtype", value="float64"), r"dense.weight is \(3, 2\) float32"),
]  # fmt: skip


@pytest.fixture
def model(tmp_path):
    return saved(gn.Network([gn.Dense(2, "relu"), gn.Dense(1)], input_shape=(3,)), tmp_path)


@pytest.mark.parametrize(("change", "reason"), STRANGE, ids=range(len(STRANGE)))
def test_file_that_describes_no_network_says_why(change, reason, model):
    with pytest.raises(FileFormatError, match=f"does not describe a network: .*{reason}"):
        changed(model, change)


def test_format_of_the_future_is_named(model):
    arrays, text = files.read(model)
    files.write(model, arrays, {**text, "format": 2})
    with pytest.raises(FileFormatError, match="its format is 2, this Glassnet reads 1"):
        gn.load(model)


@pytest.mark.parametrize("change", ["missing", "foreign", "shape", "kind"])
def test_arrays_that_do_not_fit_the_layers_are_named(change, model):
    arrays, text = files.read(model)
    if change == "missing":
        del arrays["dense.bias"]
    elif change == "foreign":
        arrays["other"] = np.ones(3)
    else:
        arrays["dense.bias"] = np.ones(2, np.float64) if change == "kind" else np.ones(3, "f4")
    files.write(model, arrays, text)
    named = "other" if change == "foreign" else r"dense\.bias"
    with pytest.raises(FileFormatError, match=named):
        gn.load(model)


HUGE = """
import resource, sys
import glassnet as gn
from glassnet import files
limit = 400_000_000  # bytes beside what is mapped already
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit))
for path in sys.argv[1:]:
    try:
        gn.load(path)
    except (gn.errors.FileFormatError, gn.errors.UnknownNameError) as error:
        print("refused:", error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_small_file_never_takes_much_memory(model):
    """Sizes that a file claims are not believed before there are arrays that have them."""
    arrays, text = files.read(model)
    claims = [
        lambda net: net["layers"][0].update(units=10**12),
        lambda net: net["inputs"][0].update(shape=[10**9]),
        lambda net: net["inputs"][0].update(shape=[10**6, 10**6]),
        lambda net: net["layers"].__setitem__(0, {"class": "MissingIndicator", "name": "dense",
                                                  "columns": {"list": [0]}, "trainable": True}),
        lambda net: net["layers"].__setitem__(0, {"class": "OneHot", "name": "dense", "trainable":
                                                  True, "sizes": {"list": [10**12]}}),
    ]  # fmt: skip
    paths = []
    for i, claim in enumerate(claims):
        changed_text = json.loads(json.dumps(text))
        claim(changed_text["network"])
        if i == 3:
            changed_text["network"]["inputs"][0]["shape"] = [10**10]
        paths.append(model.with_name(f"claim{i}"))
        files.write(paths[-1], arrays, changed_text)
    command = [sys.executable, "-c", HUGE, *map(str, paths)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert found.stdout.count("refused:") == len(claims)


def header(text):
    data = text if isinstance(text, bytes) else json.dumps(text).encode()
    return struct.pack("<Q", len(data)) + data


NO_FILES = {
    "empty": b"", "short": b"abc", "zeros": bytes(100), "zip": b"PK\x03\x04" + bytes(100),
    "endless header": struct.pack("<Q", 2**63) + b"x", "no json": header(b"{{{"),
    "no metadata": header({}), "text for metadata": header({"__metadata__": "a"}),
    "a list": header([1, 2]), "deeply nested": header(b"[" * 100_000),
    "huge array": header({
        "__metadata__": {"glassnet": "{}", "sha256": "0"},
        "a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4]},
    }) + b"1234",
    "unknown kind": header({
        "__metadata__": {"glassnet": "{}", "sha256": "0"},
        "a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
    }) + b"1234",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_model_file_is_refused(name, tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(NO_FILES[name])
    with pytest.raises(FileFormatError, match=r"is not a whole Glassnet file: .*earlier copy"):
        gn.load(path)


def test_weights_of_another_library_are_refused(tmp_path):
    safetensors.numpy.save_file({"a": np.ones(3)}, tmp_path / "other.safetensors")
    with pytest.raises(FileFormatError, match="has no '__metadata__' of Glassnet's"):
        gn.load(tmp_path / "other.safetensors")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_file_that_was_cut_short_is_refused(share, model):
    data = model.read_bytes()
    model.write_bytes(data[: int(share * len(data))])
    with pytest.raises(FileFormatError, match="not a whole Glassnet file"):
        gn.load(model)


def test_flipped_byte_is_found_wherever_it_is(model):
    data = model.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 100)):
        torn = bytearray(data)
        torn[at] ^= 16
        model.write_bytes(torn)
        with pytest.raises(FileFormatError):
            gn.load(model)


def test_text_too_deep_to_read_is_refused(model):
    arrays, _ = files.read(model)
    data = json.dumps({"format": 1, "network": "NESTED"}).replace(
        '"NESTED"', "[" * 10**5 + "]" * 10**5
    )
    whole = {"glassnet": data, "sha256": files.bundle._digest(arrays, data)}
    model.write_bytes(safetensors.numpy.save(arrays, whole))
    with pytest.raises(FileFormatError, match="holds no text that can be read"):
        gn.load(model)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*nothing"):
        gn.load(tmp_path / "nothing")


def test_network_without_a_shape_cannot_be_saved(tmp_path):
    with pytest.raises(SettingError, match="not known yet"):
        gn.Network([gn.Dense(1)]).save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "encoder"])
def test_name_of_a_network_is_kept(name, tmp_path):
    net = gn.Network([gn.Dense(2)], input_shape=(3,), name=name)
    net.save(tmp_path / "net.safetensors")
    assert gn.load(tmp_path / "net.safetensors").name == name
