"""One seed gives one result: threads, CPU levels, interruptions do not change a bit."""

import hashlib

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet.train.fit import start_slots

pytestmark = pytest.mark.slow

native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is not installed")

N_ROWS, COLUMNS, CLASSES = 301, 20, 4
LEVELS = ["x86-64-v2", "x86-64-v3", "x86-64-v4"]
FEATURES = {"x86-64-v2": "sse4.2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}


def network():
    layers = [
        gn.Dense(96, "relu", weight_regularizer="l2"),
        gn.Dropout(0.3),
        gn.Dense(80, "tanh"),
        gn.Dense(CLASSES, "softmax"),
    ]
    return gn.Network(layers, input_shape=(COLUMNS,), seed=11)


def bits(threads=1, cpu=None, cuts=(), steps=40, kind="f4", order="C"):
    """The hash of all weights after some steps, cut into stretches."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_ROWS, COLUMNS)).astype(kind, order=order)
    y = rng.integers(0, CLASSES, N_ROWS)
    net = network()
    program = net.training_program(optimizer=gn.optim.AdamW(clip_norm=1.0))
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    for start, stop in zip((0, *cuts), (*cuts, steps), strict=True):
        prepared = native.NativeEngine(threads, cpu).trainer(program)
        given = work.stretch(program, [x, y], arrays, N_ROWS, 64, (start, stop))
        prepared.run(given, lambda: False)
    found = hashlib.sha256()
    for array in arrays:
        found.update(array.tobytes())
    return found.hexdigest()


def wide_bits(threads=1, cpu=None):
    """The weights of a network whose first table is gone through once for all blocks of samples."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 500)).astype("f4"), rng.integers(0, CLASSES, 100)
    layers = [gn.Dense(300, "relu"), gn.Dense(512, "tanh"), gn.Dense(CLASSES, "softmax")]
    net = gn.Network(layers, input_shape=(500,), seed=11)
    program = net.training_program()
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    prepared = native.NativeEngine(threads, cpu).trainer(program)
    prepared.run(work.stretch(program, [x, y], arrays, 100, 70, (0, 4)), lambda: False)
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


def attention_bits(threads=1, cpu=None, cuts=(), steps=6):
    """The weights of a block of attention, whose products are of numbers of one sample."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 12, 8)).astype("f4")
    y = rng.integers(0, CLASSES, 150)
    block = gn.TransformerBlock(2, 5, 24, causal=True, rotary=False, dropout=0.1)
    layers = [gn.PositionalEncoding(), block, gn.Flatten(), gn.Dense(CLASSES, "softmax")]
    net = gn.Network(layers, input_shape=(12, 8), seed=11)
    program = net.training_program()
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    for start, stop in zip((0, *cuts), (*cuts, steps), strict=True):
        prepared = native.NativeEngine(threads, cpu).trainer(program)
        given = work.stretch(program, [x, y], arrays, 150, 70, (start, stop))
        prepared.run(given, lambda: False)
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


def recurrent_network():
    layers = [
        gn.Bidirectional(gn.GRU(20, return_sequences=True, recurrent_dropout=0.1)),
        gn.LSTM(18), gn.Dense(CLASSES, "softmax"),
    ]  # fmt: skip
    return gn.Network(layers, input_shape=(6, 9), seed=11)


def recurrent_bits(threads=1, cpu=None, cuts=(), steps=6, batch_size=32):
    """The weights of loops over steps, in batches that are one whole block of 32 samples."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(75, 6, 9)).astype("f4")
    y = rng.integers(0, CLASSES, 75)
    net = recurrent_network()
    program = net.training_program()
    slots = start_slots(net, program).values()
    arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
    for start, stop in zip((0, *cuts), (*cuts, steps), strict=True):
        prepared = native.NativeEngine(threads, cpu).trainer(program)
        given = work.stretch(program, [x, y], arrays, 75, batch_size, (start, stop))
        prepared.run(given, lambda: False)
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


@pytest.fixture(scope="module")
def recurrent_reference():
    return recurrent_bits()


@pytest.fixture(scope="module")
def attention_reference():
    return attention_bits()


@pytest.fixture(scope="module")
def reference():
    return bits()


@pytest.fixture(scope="module")
def wide_reference():
    return wide_bits()


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit(threads, reference):
    assert bits(threads) == reference


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit_of_a_wide_network(threads, wide_reference):
    assert wide_bits(threads) == wide_reference


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit_of_attention(threads, attention_reference):
    assert attention_bits(threads) == attention_reference


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit_of_loops_over_steps(threads, recurrent_reference):
    assert recurrent_bits(threads) == recurrent_reference
    assert recurrent_bits(threads, batch_size=45) == recurrent_bits(batch_size=45)


def test_interruptions_do_not_change_a_bit_of_loops_over_steps(recurrent_reference):
    assert recurrent_bits(cuts=(1, 4)) == recurrent_reference
    assert recurrent_bits(steps=5) != recurrent_reference


@pytest.mark.parametrize(("batch_size", "shape"), [(31, (16, 2)), (32, (16, 2)), (45, (16, 3)),
                                                   (63, (16, 4)), (64, (32, 2))])  # fmt: skip
def test_threads_share_a_batch_of_32_where_it_is_worth_it(batch_size, shape):
    from glassnet.engines.native.loop import build

    layout = build(recurrent_network().training_program(), batch_size, ["float32", "int64"]).layout
    assert (layout.lanes, layout.blocks) == shape


def test_a_small_step_keeps_one_block_of_32():
    from glassnet.engines.native.loop import build

    layers = [gn.Dense(10, "relu"), gn.Dense(10, "relu"), gn.Dense(1)]
    program = gn.Network(layers, input_shape=(10,), seed=0).training_program()
    layout = build(program, 32, ["float32", "float32"]).layout
    assert (layout.lanes, layout.blocks) == (32, 1)


def test_interruptions_do_not_change_a_bit_of_attention(attention_reference):
    assert attention_bits(cuts=(1, 4)) == attention_reference
    assert attention_bits(steps=5) != attention_reference


@pytest.mark.parametrize("cuts", [(1,), (7, 8, 23)])
def test_interruptions_do_not_change_a_bit(cuts, reference):
    assert bits(cuts=cuts) == reference


@pytest.mark.parametrize("level", LEVELS)
def test_cpu_levels_do_not_change_a_bit(
    level, reference, wide_reference, attention_reference, recurrent_reference
):
    import llvmlite.binding as llvm

    if not llvm.get_host_cpu_features().get(FEATURES[level], False):
        pytest.skip(f"this CPU has no {FEATURES[level]}")
    assert bits(cpu=level) == reference
    assert wide_bits(cpu=level) == wide_reference
    assert attention_bits(cpu=level) == attention_reference
    assert recurrent_bits(cpu=level) == recurrent_reference


def test_a_table_that_is_gone_through_once_changes_no_bit(wide_reference, monkeypatch):
    """Block by block, as smaller tables are."""
    monkeypatch.setenv("GLASSNET_CACHE", "off")
    monkeypatch.setattr("glassnet.engines.native.codegen.blocking.STREAMED_NUMBERS", 1 << 40)
    assert wide_bits() == wide_reference
    monkeypatch.setattr("glassnet.engines.native.codegen.blocking.STREAMED_NUMBERS", 1)
    assert wide_bits() == wide_reference


@pytest.mark.parametrize("registers", [(16, 256), (16, 128), (32, 128)], ids=str)
def test_tiles_of_other_registers_do_not_change_a_bit(registers, reference, monkeypatch):
    """Widths of 96 and 80 leave other rests beside each size of a tile."""
    from glassnet.engines.native.codegen import registers as module

    monkeypatch.setenv("GLASSNET_CACHE", "off")
    monkeypatch.setattr(module, "registers_of", lambda *_: module.Registers(*registers))
    assert bits() == reference


def test_the_hash_feels_a_change():
    assert bits(steps=40) != bits(steps=39)
