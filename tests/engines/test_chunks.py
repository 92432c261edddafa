"""Large batches are worked on in chunks, and no bit is changed by it."""

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet import graph as g

pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is not installed")

pytestmark = pytest.mark.slow

N_ROWS = 700
MODULE = "glassnet.engines.native.codegen.chunks"


def dense():
    layers = [gn.Dense(37, "tanh", weight_regularizer="l2"), gn.Dropout(0.3), gn.Dense(1)]
    return gn.Network(layers, input_shape=(9,), seed=3), "float", {"optimizer": "adam"}


def classes():
    layers = [gn.Dense(24, "relu"), gn.Dense(5, "softmax")]
    settings = {"optimizer": gn.optim.AdamW(clip_norm=0.5, ema=0.9), "metrics": ["accuracy"],
                "class_weight": "balanced"}  # fmt: skip
    return gn.Network(layers, input_shape=(9,), seed=3), "class", settings


def codes():
    layers = [gn.Embedding(7, 3), gn.Flatten(), gn.Dense(1, "sigmoid")]
    net = gn.Network(inputs=(x := gn.Input((2,), dtype="int64")), outputs=chained(layers, x))
    return net, "codes", {"optimizer": gn.optim.SGD(0.1, momentum=0.9)}


def chained(layers, x):
    for layer in layers:
        x = layer(x)
    return x


class Centred(gn.Layer):
    """Each sample beside the mean of its batch: no chunk can know it."""

    def formula(self, x):
        return x - g.mean(x, axis=0)


def centred():
    layers = [gn.Dense(6, "tanh"), Centred(), gn.Dense(1)]
    return gn.Network(layers, input_shape=(9,), seed=3), "float", {"optimizer": "sgd"}


def normalized():
    layers = [gn.Dense(6), gn.BatchNormalization(), gn.Activation("tanh"), gn.Dense(1)]
    return gn.Network(layers, input_shape=(9,), seed=3), "float", {"optimizer": "sgd"}


def frozen():
    net, kind, settings = normalized()
    net.layers["batch_normalization"].trainable = False
    return net, kind, settings


def noisy():
    layers = [gn.GaussianNoise(0.1), gn.Dense(6, "tanh"), gn.GaussianDropout(0.2), gn.Dense(1)]
    return gn.Network(layers, input_shape=(9,), seed=3), "float", {"optimizer": "sgd"}


def data(kind):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N_ROWS, 9)).astype("f4")
    if kind == "codes":
        return rng.integers(0, 7, (N_ROWS, 2)), rng.integers(0, 2, (N_ROWS, 1))
    return x, rng.integers(0, 5, N_ROWS) if kind == "class" else np.sin(x[:, :1])


def bits(build, threads=1, batch_size=500):
    net, kind, settings = build()
    history = net.fit(
        *data(kind), epochs=3, batch_size=batch_size, engine="native", threads=threads, verbose=0,
        **settings,
    )  # fmt: skip
    return work.digest(net), history.steps


@pytest.fixture
def chunks_of(monkeypatch):
    def cut(samples):
        monkeypatch.setenv("GLASSNET_CACHE", "off")
        monkeypatch.setattr(f"{MODULE}.CHUNK_BYTES", 1)
        monkeypatch.setattr(f"{MODULE}.FEWEST_SAMPLES", samples)
        monkeypatch.setattr(f"{MODULE}.CHUNK_MEMORY", 1 << 60)

    return cut


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("samples", [32, 64, 256])
@pytest.mark.parametrize("build", [dense, classes, codes, centred, normalized, frozen, noisy])
def test_chunks_change_no_bit(build, samples, threads, chunks_of):
    chunks_of(1 << 20)
    whole = bits(build)
    chunks_of(samples)
    assert bits(build, threads) == whole


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_chunks(threads, chunks_of, monkeypatch):
    monkeypatch.setattr("glassnet.engines.native.codegen.partition.SHARED_PRODUCTS", 1)
    monkeypatch.setattr("glassnet.engines.native.codegen.partition.SHARED_NUMBERS", 1)
    chunks_of(1 << 20)
    whole = bits(dense)
    chunks_of(64)
    assert bits(dense, threads) == whole


def test_a_chunk_takes_less_memory(chunks_of):
    def needed():
        net, kind, _ = dense()
        program = net.training_program()
        trainer = gn.engines.find("native").trainer(program)
        arrays = net.parameters.arrays()
        slots = [np.zeros(a.shape, "f4") for _ in range(2) for a in arrays]
        return trainer.bytes_needed(
            work.stretch(program, data(kind), [*arrays, *slots], N_ROWS, 700, (0, 1))
        )

    chunks_of(1 << 20)
    whole = needed()
    chunks_of(32)
    assert needed() < whole / 2


def test_what_needs_the_whole_batch_is_not_cut(chunks_of):
    from glassnet.engines.native.loop import build

    def layout(make):
        net, _, _ = make()
        program = net.training_program()
        return build(program, 640, [leaf.dtype for leaf in program.inputs]).layout

    chunks_of(64)
    assert layout(centred).blocks == layout(normalized).blocks == 640 // 32
    assert layout(frozen).blocks == 64 // 32
    assert layout(dense).blocks == 64 // 32
