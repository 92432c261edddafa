"""Values that are computed again where they are read, and not kept."""

import numpy as np
import pytest
from loops.test_sliding import conv, nests

import glassnet as gn


def normalized():
    return [conv("linear", padding="same"), gn.BatchNormalization(), gn.Activation("relu")]


def test_batch_normalization_keeps_what_the_convolution_gave_and_its_own_output():
    text, stored = nests(*normalized(), conv(padding="same"))
    images = {name for name, buffer in stored.items() if buffer.count >= 8 * 8 * 4}
    assert {"z1", "dz1"} <= images
    assert not [name for name in images if name.startswith(("centred", "normalized", "dnorm"))]
    assert not [name for name in images if name.startswith("dcentred")]
    assert " / deviation2[k]" not in text  # one division a channel


def test_sums_of_batch_normalization_go_through_memory_once_each():
    text, _ = nests(*normalized(), conv(padding="same"))
    sums = [line.partition(" of ")[2] for line in text.splitlines()
            if "total = sum over r < 8, s < 8 of" in line]  # fmt: skip
    centred = "(z1[n, 32*r + 4*s + i] - batch_mean2[i])"
    assert f"(dh2[n, 32*r + 4*s + i] * {centred})" in sums
    assert "dh2[n, 32*r + 4*s + i]" in sums
    assert len(sums) == len(set(sums))
    assert not [one for one in sums if "scale2" in one]


def test_what_windows_or_products_read_is_kept():
    x = gn.Input((8, 8, 2))
    scaled = gn.Rescaling(0.5)(conv()(x))
    net = [gn.Network(inputs=x, outputs=scaled), conv()]
    _, stored = nests(*net)
    assert len([b for b in stored.values() if b.sizes[:1] == (6,)]) > 2


@pytest.mark.parametrize("shape", [(9, 3), (4, 4, 3), (2, 3, 2, 3)], ids=str)
def test_engines_agree(shape):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, *shape)), rng.normal(size=(40, 1))
    weights = []
    for engine in ("numpy", "native"):
        layers = [gn.Dense(4), gn.BatchNormalization(), gn.Activation("tanh"), gn.Flatten()]
        net = gn.Network([*layers, gn.Dense(1)], input_shape=shape, dtype="float64", seed=2)
        net.fit(x, y, epochs=3, batch_size=16, optimizer="sgd", engine=engine, verbose=0)
        weights.append([*net.parameters.values(), net.predict(x)])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_bits_are_the_same_for_any_number_of_threads():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 12, 12, 3)).astype("float32"), rng.normal(size=(100, 1))
    found = []
    for threads in (1, 2, 3, 7):
        layers = [conv(padding="same"), conv("linear", padding="same", strides=2)]
        layers += [gn.BatchNormalization(), gn.Activation("relu"), gn.Flatten(), gn.Dense(1)]
        net = gn.Network(layers, input_shape=(12, 12, 3), seed=2)
        net.fit(x, y, epochs=2, batch_size=96, engine="native", threads=threads, verbose=0)
        found.append(b"".join(w.tobytes() for w in net.parameters.values()))
    assert len(set(found)) == 1
