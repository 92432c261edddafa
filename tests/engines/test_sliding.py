"""Convolutions and pooling in native code: the weights of the NumPy engine, and bits that stay."""

import hashlib

import numpy as np
import pytest
from cases.ops import ROWS as OP_ROWS
from engines import work
from nn.test_layers import ROWS as LAYER_ROWS

import glassnet as gn
from glassnet import graph as g
from glassnet.engines import find
from glassnet.train.fit import start_slots

native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is not installed")

pytestmark = pytest.mark.ci

SLIDING = [row for row in LAYER_ROWS if "Conv" in str(row) or "Pool" in str(row)]
OPS = [row for row in OP_ROWS if row.op.startswith(("conv", "max_pool", "avg_pool"))
       or row.op.endswith("windows")]  # fmt: skip
N_ROWS = 37


def trained(net, engine, x, y, steps=4, batch_size=16):
    """(losses, parameters) after some steps of gradient descent."""
    program = net.training_program(loss="mean_squared_error", optimizer="sgd")
    arrays = [a.copy() for a in dict(net.parameters).values()]
    given = work.stretch(program, [x, y], arrays, N_ROWS, batch_size, (0, steps), rate=0.02)
    return find(engine).trainer(program).run(given, lambda: False), arrays


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", SLIDING, ids=str)
def test_layer_between_others_trains_as_in_numpy(row, dtype):
    """A layer of weights before it, so that it passes a gradient on, and one behind it."""
    shape = row.shapes[0][1:]
    layers = [gn.Dense(shape[-1], "tanh"), row.layer, gn.Flatten(), gn.Dense(2)]
    net = gn.Network(layers, input_shape=shape, dtype=dtype, seed=1)
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(N_ROWS, *shape)).astype(dtype), rng.normal(size=(N_ROWS, 2))
    (a, wa), (b, wb) = (trained(net, e, x, y.astype(dtype)) for e in ("numpy", "native"))
    bound = 1e-11 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(b, a, rtol=bound, atol=bound)
    for one, other in zip(wb, wa, strict=True):
        np.testing.assert_allclose(one, other, rtol=bound, atol=bound)


def of_op(row):
    """A network whose loss follows from an op: of its leaves those without rows are weights."""

    class OfOp(gn.Layer):
        def parameters(self, *specs):
            own = enumerate(row.leaves)
            return {f"w{i}": gn.Parameter(x.shape, "normal") for i, x in own if x.shape[0] != "B"}

        def formula(self, *inputs, **weights):
            given = iter(inputs)
            names = [f"w{i}" for i in range(len(row.leaves))]
            node = row.build(*(weights[n] if n in weights else next(given) for n in names))
            rows = g.mean(inputs[0], axis=tuple(range(1, inputs[0].ndim)))  # (B,)
            return g.expand_dims(rows, -1) * g.mean(node * node)

    shapes = [leaf.shape[1:] for leaf in row.leaves if leaf.shape[0] == "B"] or [(2,)]
    symbols = [gn.Input(shape) for shape in shapes]
    values = [gn.Dense(shape[-1], "tanh")(x) for shape, x in zip(shapes, symbols, strict=True)]
    return gn.Network(inputs=symbols, outputs=OfOp()(*values), dtype="float64", seed=1)


@pytest.mark.parametrize("row", OPS, ids=str)
def test_op_and_its_gradient_are_numpys(row):
    rng, weights = np.random.default_rng(3), []
    shapes = [spec.shape[1:] for _, spec in of_op(row).topology.inputs]
    x = [rng.normal(size=(21, *shape)) for shape in shapes]
    for engine in ("numpy", "native"):
        net = of_op(row)
        net.fit(x if len(x) > 1 else x[0], rng.random((21, 1)) * 0, epochs=2, batch_size=8,
                optimizer="sgd", engine=engine, verbose=0)  # fmt: skip
        weights.append(list(net.parameters.values()))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-10, atol=1e-12)
    start = of_op(row).parameters.values()
    assert any((a != b).any() for a, b in zip(start, weights[0], strict=True))


@pytest.mark.parametrize("row", SLIDING, ids=str)
@pytest.mark.parametrize("n", [1, 3, 40])
def test_native_prediction_of_a_layer_is_numpys(row, n):
    shape = row.shapes[0][1:]
    net = gn.Network([row.layer], input_shape=shape, dtype="float64", seed=1)
    x = np.random.default_rng(n).normal(size=(n, *shape))
    program = net.prediction_program()
    find("native").predictor(program)  # it can be lowered
    expected = row.formula(x, *net.parameters.values())
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-11, atol=1e-12)


def network(dtype="float32"):
    layers = [
        gn.Conv2D(6, 3, padding=1, activation="relu"), gn.MaxPooling2D(),
        gn.Conv2D(20, 3, 2, groups=2, activation="tanh"), gn.AveragePooling2D(2, 1),
        gn.Flatten(), gn.Dense(3, "softmax"),
    ]  # fmt: skip
    return gn.Network(layers, input_shape=(13, 12, 2), seed=11, dtype=dtype)


def bits(threads=1, cpu=None, cuts=(), steps=6):
    """The hash of all weights after some steps, cut into stretches."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(77, 13, 12, 2)).astype("f4")
    y = rng.integers(0, 3, len(x))
    net = network()
    program = net.training_program(optimizer="adam")
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    for start, stop in zip((0, *cuts), (*cuts, steps), strict=True):
        prepared = native.NativeEngine(threads, cpu).trainer(program)
        given = work.stretch(program, [x, y], arrays, len(x), 64, (start, stop), rate=0.001)
        prepared.run(given, lambda: False)
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


@pytest.fixture(scope="module")
def reference():
    return bits()


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit(threads, reference):
    assert bits(threads) == reference


@pytest.mark.slow
def test_interruptions_do_not_change_a_bit(reference):
    assert bits(cuts=(1, 4)) == reference
    assert bits(steps=5) != reference


@pytest.mark.slow
@pytest.mark.parametrize("level", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
def test_cpu_levels_do_not_change_a_bit(level, reference):
    import llvmlite.binding as llvm
    from engines.test_same_bits import FEATURES

    if not llvm.get_host_cpu_features().get(FEATURES[level], False):
        pytest.skip(f"this CPU has no {FEATURES[level]}")
    assert bits(cpu=level) == reference


@pytest.mark.slow
def test_images_of_bytes_are_read_where_they_lie():
    """What is 0 to 255 is the same number in 8 bits and in 32."""
    x = np.random.default_rng(0).integers(0, 256, (80, 13, 12, 2)).astype("u1")
    found = []
    for rows in (x, x.astype("f4")):
        net = network()
        net.fit(rows, np.arange(80) % 3, epochs=2, batch_size=16, engine="native", verbose=0)
        found.append(work.digest(net))
    assert found[0] == found[1]


@pytest.mark.slow
def test_large_batches_are_cut_into_chunks_and_change_no_bit(monkeypatch):
    monkeypatch.setenv("GLASSNET_CACHE", "off")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(600, 13, 12, 2)).astype("f4"), rng.integers(0, 3, 600)
    found = []
    module = "glassnet.engines.native.codegen.chunks"
    for memory, samples in ((1 << 60, 64), (1 << 60, 1 << 20), (1, 1 << 20)):
        monkeypatch.setattr(f"{module}.FEWEST_SAMPLES", samples)
        monkeypatch.setattr(f"{module}.CHUNK_MEMORY", memory)
        net = network()
        net.fit(x, y, epochs=2, batch_size=300, engine="native", threads=1, verbose=0)
        found.append(work.digest(net))
    assert found[0] == found[1] == found[2]


def tie(engine):
    """The gradient of a maximum that is found twice."""
    net = gn.Network([gn.Conv2D(1, 1, use_bias=False, weight_init="ones"), gn.MaxPooling2D(),
                      gn.Flatten()], input_shape=(2, 2, 1), dtype="float64")  # fmt: skip
    x = np.array([[[1.0], [3.0]], [[3.0], [2.0]]])[None]
    net.fit(x, [[0.0]], loss="sum_squared_error", optimizer=gn.optim.SGD(0.01), epochs=1,
            batch_size=None, engine=engine, verbose=0)  # fmt: skip
    return net.parameters["conv2d.weight"].item()


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_first_of_equal_maxima_takes_the_whole_gradient(engine):
    assert tie(engine) == pytest.approx(1 - 0.01 * 2 * 3 * 3)


def quadrants(n=192):
    """Images of bytes with a bright square in one of four corners, and which."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 60, (n, 28, 28, 1)).astype("u1"), rng.integers(0, 4, n)
    for image, corner in zip(x, y, strict=True):
        row, column = 3 + 13 * (corner // 2), 3 + 13 * (corner % 2)
        image[row : row + 9, column : column + 9] += 150
    return x, y


def test_lenet_learns_the_same_in_both_engines_from_bytes():
    x, y = quadrants()
    found = {}
    for engine in ("numpy", "native"):
        layers = [
            gn.Conv2D(6, 5, padding=2, activation="relu"), gn.MaxPooling2D(),
            gn.Conv2D(16, 5, activation="relu"), gn.MaxPooling2D(), gn.Flatten(),
            gn.Dense(120, "relu"), gn.Dense(84, "relu"), gn.Dense(10, "softmax"),
        ]  # fmt: skip
        net = gn.Network(layers, input_shape=(28, 28, 1), seed=3)
        found[engine] = net.fit(x, y, optimizer=gn.optim.Adam(1e-4), epochs=4, batch_size=32,
                                engine=engine, verbose=0, metrics=["accuracy"])  # fmt: skip
    np.testing.assert_allclose(
        found["native"].steps[:6], found["numpy"].steps[:6], rtol=1e-3, atol=1e-4
    )
    assert found["native"]["accuracy"][-1] > 0.95
    assert found["numpy"]["accuracy"][-1] > 0.95
