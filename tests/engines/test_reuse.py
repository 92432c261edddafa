"""Memory that is used again: as much as is alive at once, and no number is lost."""

import itertools

import numpy as np
import pytest

import glassnet as gn
from glassnet.engines.native.codegen.reuse import shared_places
from glassnet.loops.fuse import arrange
from glassnet.loops.lower import lower

pytest.importorskip("llvmlite", reason="llvmlite is not installed")


def residual(blocks=2, size=6, channels=5):
    x = h = gn.Input((size, size, channels))
    for _ in range(blocks):
        a = gn.Conv2D(channels, 3, padding="same")(h)
        a = gn.Activation("relu")(gn.BatchNormalization()(a))
        a = gn.BatchNormalization()(gn.Conv2D(channels, 3, padding="same")(a))
        h = gn.Activation("relu")(gn.Add()(h, a))
    out = gn.Dense(3, "softmax")(gn.GlobalAveragePooling2D()(h))
    return gn.Network(inputs=x, outputs=out, seed=0)


def data(n, *sizes):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, *sizes)).astype("f4"), rng.integers(0, 3, n)


def weights(net, threads=1, batch_size=24):
    x, y = data(60, *net.topology.inputs[0][1].shape[1:])
    net.fit(x, y, epochs=2, batch_size=batch_size, engine="native", threads=threads, verbose=0)
    return np.concatenate([array.reshape(-1) for array in net.parameters.values()]).tobytes()


NETWORKS = {
    "residual": residual,
    "lstm": lambda: gn.Network(
        [gn.Bidirectional(gn.LSTM(8, return_sequences=True)), gn.GRU(8), gn.Dense(3, "softmax")],
        input_shape=(5, 4), seed=0,
    ),
    "attention": lambda: gn.Network(
        [gn.TransformerBlock(2, hidden_units=16, dropout=0.2) for _ in range(2)]
        + [gn.GlobalAveragePooling1D(), gn.Dense(3, "softmax")], input_shape=(6, 8), seed=0,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("of", NETWORKS)
def test_a_place_that_is_used_again_changes_no_bit(of, monkeypatch):
    """Beside a place for each buffer; on 1, 2, 3 and 7 threads, in blocks and in a last part."""
    monkeypatch.setenv("GLASSNET_CACHE", "off")
    found = {weights(NETWORKS[of](), threads) for threads in (1, 2, 3)}
    many = weights(NETWORKS[of](), 7, 70)
    monkeypatch.setattr("glassnet.engines.native.loop.shared_places", lambda *_: {})
    assert found == {weights(NETWORKS[of]())}
    assert many == weights(NETWORKS[of](), 1, 70)


def test_a_buffer_takes_the_place_of_one_that_is_dead_and_of_its_form():
    from glassnet.engines.native.codegen.chunks import memory_of
    from glassnet.loops.fuse import touched

    lowered = lower(residual().training_program())
    nests = arrange(lowered.nests, {*lowered.leaves.values(), *lowered.outputs})
    homes = shared_places(nests, memory_of(nests) - {*lowered.leaves.values(), *lowered.outputs})
    assert len(homes) > 10
    held = {}
    for i, nest in enumerate(nests):
        for buffer in {*nest.written(), *touched(nest).read}:
            held.setdefault(buffer, []).append(i)
    for place in set(homes.values()):
        tenants = [place, *(b for b, home in homes.items() if home is place)]
        assert len({(b.count, b.dtype) for b in tenants}) == 1
        stays = sorted((held[b][0], held[b][-1]) for b in tenants)
        assert all(end < begin for (_, end), (begin, _) in itertools.pairwise(stays))


def test_memory_of_a_residual_network_is_a_quarter_less(monkeypatch):
    from glassnet.engines.native.loop import build

    program = residual(blocks=3, size=8, channels=16).training_program()
    formats = ["float32", "int64"]
    now = build(program, 64, formats).layout.size
    monkeypatch.setattr("glassnet.engines.native.loop.shared_places", lambda *_: {})
    assert now < 0.75 * build(program, 64, formats).layout.size
