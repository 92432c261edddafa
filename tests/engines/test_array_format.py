"""Arrays are read where they lie: any layout and kind of number gives the bits of a plain array."""

import os

import numpy as np
import pytest
from engines import work
from numpy.lib.stride_tricks import as_strided

import glassnet as gn
from glassnet.engines import find
from glassnet.engines.native.loading import array_format as form
from glassnet.nn.parameters import Reading

pytestmark = pytest.mark.slow

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

N_ROWS = 75  # no batch below divides it
LEVELS = {"x86-64-v2": "sse4.2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}
WHOLE = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]


def numbers(dtype="float32", shape=(N_ROWS, 21)):
    """Numbers of all sizes that the kind has, and those at its ends."""
    rng = np.random.default_rng(6)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.normal(size=shape).astype(kind)
    if kind.kind == "b":
        return rng.random(shape) > 0.5
    ends = np.iinfo(kind)
    found = rng.integers(ends.min, ends.max, shape, kind, endpoint=True)
    found >>= rng.integers(0, ends.bits, shape).astype(kind)
    found.flat[:2] = ends.min, ends.max
    return found


# Layouts: each gives an array of the same numbers, not laid out as they were.
def in_a_table_twice_as_wide(x):
    wide = np.zeros((len(x), *x.shape[1:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def backwards(x):
    turned = tuple(slice(None, None, -1) for _ in x.shape)
    return x[turned].copy()[turned]


def every_third_row(x):
    more = np.zeros((3 * len(x), *x.shape[1:]), x.dtype)
    more[::3] = x
    return more[::3]


def field(x):
    """Between other fields, so that no number lies on a whole multiple of its size."""
    table = np.zeros(len(x), [("a", "i1"), ("x", x.dtype, x.shape[1:]), ("b", "S2")])
    table["x"] = x
    return table["x"]


def from_an_odd_byte(x):
    raw = np.zeros(x.nbytes + 1, np.uint8)
    raw[1:] = x.reshape(-1).view(np.uint8)
    return raw[1:].view(x.dtype).reshape(x.shape)


def on_disk(x, path):
    np.save(path, np.asfortranarray(x))
    return np.load(path, mmap_mode="r")


LAYOUTS = {
    "column-major": np.asfortranarray, "axes turned": lambda x: x.T.copy().T,
    "every other column": in_a_table_twice_as_wide, "backwards": backwards,
    "every third row": every_third_row, "a field": field, "from an odd byte": from_an_odd_byte,
}  # fmt: skip


def network(shape=(21,), dtype="float32", seed=5):
    layers = [gn.Flatten(), gn.Dense(18, "tanh"), gn.Dropout(0.1), gn.Dense(1)]
    return gn.Network(layers, input_shape=shape, dtype=dtype, seed=seed)


def outcome(x, y, dtype="float32", **settings):
    """Weights after a fit, and predictions, as bits."""
    net = network(x.shape[1:], dtype)
    given = {"epochs": 2, "batch_size": 33, "optimizer": gn.optim.SGD(1e-3, clip_norm=1.0)}
    net.fit(x, y, engine="native", verbose=0, **{**given, **settings})
    ready = find("native").predictor(net.prediction_program())
    (p,) = ready.predict([x], net.parameters.reading())
    return work.digest(net), p.tobytes()


def target(x):
    return np.tanh(x.reshape(len(x), -1)[:, :1].astype("f4"))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(21,), (3, 5, 2), (1,)], ids=str)
def test_a_layout_does_not_change_a_bit(layout, shape):
    x = numbers(shape=(N_ROWS, *shape))
    given = LAYOUTS[layout](x)
    assert np.array_equal(given, x)
    assert outcome(given, LAYOUTS[layout](target(x))) == outcome(x, target(x))


@pytest.mark.parametrize("settings", [{"shuffle": False}, {"batch_size": None}, {"threads": 3}])
def test_nor_with_other_ways_through_the_rows(settings):
    x = numbers()
    plain = outcome(x, target(x), **settings)
    assert outcome(np.asfortranarray(x), target(x), **settings) == plain


def test_the_same_row_again_and_again():
    x = np.broadcast_to(numbers()[:1], (N_ROWS, 21))
    wide = np.broadcast_to(numbers()[:, :1], (N_ROWS, 21))
    for given in (x, wide):
        assert outcome(given, target(given)) == outcome(given.copy(), target(given))


def test_windows_that_overlap():
    signal = numbers(shape=(N_ROWS + 20,))
    x = as_strided(signal, (N_ROWS, 21), signal.strides * 2, writeable=False)
    assert outcome(x, target(x)) == outcome(x.copy(), target(x))


def test_an_array_on_disk(tmp_path):
    x = numbers()
    given = on_disk(x, tmp_path / "x.npy")
    assert outcome(given, target(x)) == outcome(x, target(x))


@pytest.mark.parametrize("own", ["float32", "float64"])
@pytest.mark.parametrize("lay", [np.ascontiguousarray, np.asfortranarray, field])
@pytest.mark.parametrize("kind", [*WHOLE, "float16", "float32", "float64", ">f4", "longdouble"])
def test_a_kind_of_number_does_not_change_a_bit(kind, lay, own):
    x = numbers(kind)
    plain = x.astype(own)
    assert outcome(lay(x), target(plain), own) == outcome(plain, target(plain), own)


# One number at a time, seen through a network that changes nothing.
def through(x, dtype, cpu=None):
    """The array as native code hands it on."""
    from glassnet.engines.native.engine import NativeEngine

    net = gn.Network([gn.Flatten()], input_shape=x.shape[1:], dtype=dtype)
    (found,) = NativeEngine(1, cpu).predictor(net.prediction_program()).predict([x], Reading([]))
    return found


def halves():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    return every[np.isfinite(every)][: 17 * 3734].reshape(-1, 17)


@pytest.mark.parametrize("own", ["float32", "float64"])
@pytest.mark.parametrize("level", [None, *LEVELS])
@pytest.mark.parametrize("kind", [*WHOLE, "float16", "float64"])
def test_numbers_are_rounded_as_by_numpy(kind, level, own):
    import llvmlite.binding as llvm

    if level and not llvm.get_host_cpu_features().get(LEVELS[level], False):
        pytest.skip(f"this CPU has no {LEVELS[level]}")
    x = halves() if kind == "float16" else numbers(kind, (4000, 17))
    for given in (x, np.asfortranarray(x)):
        assert through(given, own, level).tobytes() == x.astype(own).tobytes()


def test_a_half_may_be_infinite_or_missing():
    x = np.array([[np.inf, -np.inf, np.nan, -0.0]] * 20, np.float16)
    np.testing.assert_array_equal(through(x, "float32"), x.astype("f4"))
    assert np.signbit(through(x, "float32")[0]).tolist() == np.signbit(x[0]).tolist()


def test_a_boolean_is_set_by_any_bit():
    x = np.arange(160, dtype=np.uint8).reshape(8, 20).view(bool)
    np.testing.assert_array_equal(through(x, "float32"), x.astype("f4"))


@pytest.mark.parametrize("kind", [*WHOLE[:-1], "float16", "float32", "float64"])
def test_codes_of_any_kind(kind):
    codes = np.random.default_rng(0).integers(0, 9, (N_ROWS, 1))
    classes = codes[:, 0] % 3

    def weights(x, y):
        given = gn.Input((1,), dtype="int64")
        net = gn.Network(inputs=given, outputs=gn.Dense(3, "softmax")(Lookup()(given)))
        net.fit(x, y, epochs=2, engine="native", verbose=0)
        return work.digest(net)

    plain = weights(codes, classes)
    assert weights(codes.astype(kind), classes.astype(kind)) == plain
    assert weights(field(codes.astype(kind)), field(classes.astype(kind))) == plain


class Lookup(gn.Layer):
    """A row of a table for each code."""

    def parameters(self, *specs):
        return {"table": gn.Parameter((9, 4), "normal")}

    def formula(self, code, table):
        return gn.graph.take(table, code[:, 0])


# Which form an array has, and what is copied.
def test_forms():
    x = numbers()
    assert form.format_of(x) == form.format_of(x[::-2]) == "float32"
    assert form.format_of(np.asfortranarray(x)) == form.format_of(field(x)) == "float32 strided"
    assert form.format_of(numbers("uint8")) == "uint8"
    assert form.format_of(x[:, 0]) == "float32"


@pytest.mark.parametrize("kind", sorted(form.READ))
def test_what_can_be_read_is_not_copied(kind):
    (leaf,) = network().prediction_program().inputs
    x = numbers(kind)
    assert form.fitting(x, leaf) is x
    assert form.fitting(np.asfortranarray(x)[::-2], leaf).strides == x.T.copy().T[::-2].strides


def test_predictions_read_other_forms_too():
    net, x = network(), numbers()
    ready, parameters = find("native").predictor(net.prediction_program()), net.parameters.reading()
    plain = ready.predict([x], parameters)[0].tobytes()
    for given in (np.asfortranarray(x), x.astype("f8"), x.astype(">f4"), field(x)):
        assert ready.predict([given], parameters)[0].tobytes() == plain


# Rows that are held out are not copied either.
@pytest.mark.parametrize("settings", [{}, {"shuffle": False}, {"batch_size": None}, {"threads": 2}])
@pytest.mark.parametrize("lay", [np.ascontiguousarray, np.asfortranarray])
def test_rows_held_out_are_those_of_a_copy(lay, settings):
    from glassnet.data import split_rows

    x = numbers()
    y = np.random.default_rng(1).integers(0, 2, N_ROWS)
    kept, held = split_rows(N_ROWS, 0.25, 5, y)
    given = {"class_weight": "balanced", "metrics": ["mean_absolute_error", "r2"], **settings}
    given |= {"epochs": 3, "loss": "mean_squared_error", "engine": "native", "verbose": 0}
    weights = np.linspace(1, 2, N_ROWS)
    one, two = network(), network()
    a = one.fit(lay(x), y, validation_split=0.25, sample_weight=weights, **given)
    b = two.fit(
        x[kept], y[kept], validation_data=(x[held], y[held], weights[held]),
        sample_weight=weights[kept], **given,
    )  # fmt: skip
    assert work.digest(one) == work.digest(two)
    for name, column in a.table.items():
        np.testing.assert_allclose(column, b.table[name], rtol=1e-5)


# Memory, in a process of its own.
MEASURE = """
import tracemalloc
from pathlib import Path

def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))

def used(net, x):
    y = np.zeros(len(x), "f4")
    def go(rows):
        net.fit(x[:rows], y[:rows], batch_size=512, epochs=1, engine="native", verbose=0, {split})
        net.predict(x[:rows])

    go(20_000)  # compiles
    tracemalloc.start()
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    go(len(x))
    return x.nbytes, status("VmHWM") - before, tracemalloc.get_traced_memory()[1]

def net(shape):
    return gn.Network([gn.Flatten(), gn.Dense(1)], input_shape=shape)
"""
TABLES = {
    "column-major": "np.ones((65_536, 192), 'f4', order='F')",
    "images of bytes": "np.ones((131_072, 16, 24), 'u1')",
    "float64, every other column": "np.ones((65_536, 192))[:, ::2]",
}


@pytest.mark.parametrize("split", ["", "validation_split=0.25"])
@pytest.mark.parametrize("table", TABLES)
def test_no_copy_of_the_table_is_made(table, split):
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("only Linux puts the peak of a process back")
    text = MEASURE.replace("{split}", split)
    out, _ = work.said(f"{text}\nx = {TABLES[table]}\nprint(*used(net(x.shape[1:]), x))")
    n, peak, traced = map(int, out.split())
    assert peak < n / 2, f"{peak / n:.2f} times the table"  # batches, orders of rows, outputs
    assert traced < n / 2, f"{traced / n:.2f} times the table"
