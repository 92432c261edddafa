"""The native engine agrees with the NumPy engine: two roads to the same weights."""

import copy

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet.engines import find
from glassnet.program.program import Program
from glassnet.train.fit import start_slots

pytestmark = pytest.mark.slow

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

N_ROWS, COLUMNS = 37, 5
ACTIVATIONS = ["sigmoid", "hard_sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "selu",
               "gelu", "silu", "mish", "softplus", "softsign", "softmax"]  # fmt: skip
OPTIMIZERS = [
    gn.optim.SGD(0.1), gn.optim.SGD(0.1, momentum=0.9), gn.optim.SGD(0.1, 0.9, nesterov=True),
    gn.optim.Adam(), gn.optim.AdamW(), gn.optim.RMSprop(0.01, momentum=0.5), gn.optim.Adagrad(),
    gn.optim.Adadelta(), gn.optim.Nadam(), gn.optim.Lion(), gn.optim.Adam(clip_norm=0.1),
    gn.optim.Adam(clip_value=0.01), gn.optim.SGD(0.1, ema=0.9),
    *[gn.optim.SGD(schedule) for schedule in (
        gn.optim.schedules.Step(0.1, 10), gn.optim.schedules.Exponential(0.1, 10),
        gn.optim.schedules.Polynomial(0.1, 50, power=2.0), gn.optim.schedules.Cosine(0.1, 30),
        gn.optim.schedules.Cosine(0.1, 30, restarts=True), gn.optim.schedules.Warmup(0.1, 10),
        gn.optim.schedules.OneCycle(0.1, 60),
    )],
]  # fmt: skip
LOSSES = {
    "sum_squared_error": "linear", "mean_squared_error": "linear", "mean_absolute_error": "linear",
    "huber": "linear", "quantile": "linear", "log_cosh": "linear", "poisson": "softplus",
    "binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax",
    "sparse_categorical_crossentropy": "softmax", "focal": "sigmoid", "hinge": "tanh",
    "kl_divergence": "softmax", "cosine_similarity": "linear",
}  # fmt: skip


def data(kind, dtype):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(N_ROWS, COLUMNS)).astype(dtype)
    if kind == "class":
        return x, rng.integers(0, 3, N_ROWS)
    if kind == "share":
        y = rng.random((N_ROWS, 3))
        return x, (y / y.sum(axis=1, keepdims=True)).astype(dtype)
    if kind == "yes":
        return x, (rng.random((N_ROWS, 3)) > 0.5).astype(dtype)
    return x, rng.normal(size=(N_ROWS, 3)).astype(dtype)


def trained(net, program: Program, engine, x, y, rate, steps, batch_size=16):
    arrays = [a.copy() for a in dict(net.parameters).values()]
    arrays += [a.copy() for a in start_slots(net, program).values()]
    given = work.stretch(program, [x, y], arrays, N_ROWS, batch_size, (0, steps), rate=rate, seed=5)
    results = find(engine).trainer(program).run(given, lambda: False)
    return results, arrays


def agree(
    layers,
    loss="mean_squared_error",
    kind="number",
    optimizer=None,
    dtype="float64",
    metrics=(),
):
    optimizer = optimizer or gn.optim.SGD(0.05)
    net = gn.Network(layers, input_shape=(COLUMNS,), dtype=dtype, seed=2)
    x, y = data(kind, dtype)
    program = net.training_program(loss=loss, optimizer=optimizer, metrics=metrics)
    for steps in (1, 10, 100):
        (a, wa), (b, wb) = (
            trained(net, program, engine, x, y, optimizer.start_rate, steps)
            for engine in ("numpy", "native")
        )
        bound = (1e-9 if dtype == "float64" else 2e-4) * (1 if steps < 100 else 20)
        np.testing.assert_allclose(b, a, rtol=bound, atol=bound)
        for one, other in zip(wb, wa, strict=True):
            np.testing.assert_allclose(one, other, rtol=bound, atol=bound)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_agree(activation, dtype):
    agree([gn.Dense(6, activation), gn.Dense(3)], dtype=dtype)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_optimizers_agree(optimizer):
    agree([gn.Dense(6, "tanh"), gn.Dense(3)], optimizer=optimizer)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_agree(loss, dtype):
    kinds = {"sparse_categorical_crossentropy": "class", "categorical_crossentropy": "share",
             "kl_divergence": "share", "binary_crossentropy": "yes", "focal": "yes"}  # fmt: skip
    kind = kinds.get(loss, "number")
    if loss == "poisson":
        kind = "yes"
    rate = 0.001 if loss == "sum_squared_error" else 0.05  # a sum has longer gradients
    layers = [gn.Dense(6, "tanh"), gn.Dense(3, LOSSES[loss])]
    agree(layers, loss, kind, gn.optim.SGD(rate), dtype)


@pytest.mark.parametrize(
    "layers",
    [
        [gn.Dense(6, "relu", weight_regularizer="l1l2", weight_constraint="max_norm"), gn.Dense(3)],
        [gn.Dense(6, "tanh"), gn.Dropout(0.4), gn.Dense(3)],
        [gn.Standardize(), gn.Dense(40, "relu"), gn.Dense(3)],
        [gn.Reshape((5, 1)), gn.Dense(4, "tanh"), gn.Flatten(), gn.Dense(3)],
    ],
    ids=["penalties", "dropout", "standardize", "reshape"],
)
def test_layers_agree(layers):
    agree(layers)


def in_sequence(*layers):
    """The layers upon 5 places of 4 features."""
    return [gn.Reshape((5, 1)), gn.Dense(4), *layers, gn.Flatten(), gn.Dense(3)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "layers",
    [
        [gn.MultiHeadAttention(2, 3)],
        [gn.PositionalEncoding(), gn.MultiHeadAttention(1, 4, causal=True, use_bias=False)],
        [gn.MultiHeadAttention(4, 2, num_key_value_heads=2, rotary=True)],
        [gn.PositionalEmbedding(), gn.TransformerBlock(2), gn.TransformerBlock(2, causal=True)],
        [gn.TransformerBlock(2, activation="relu", norm_first=False, dropout=0.2)],
    ],
    ids=["attention", "causal", "grouped, rotary", "blocks", "norms behind, dropout"],
)
def test_layers_of_sequences_agree(layers, dtype):
    agree(in_sequence(*layers), dtype=dtype)


def sequences(*layers, **settings):
    codes = gn.Input((5,), dtype="int64")
    h = gn.TransformerBlock(2, causal=True)(gn.Embedding(4, 4)(codes), codes)
    h = gn.MultiHeadAttention(2, 2)(h, gn.Embedding(4, 3)(codes), codes)
    return gn.Network(inputs=codes, outputs=gn.Dense(3)(gn.Flatten()(h)), **settings)


def test_masked_sequences_agree():
    """Rows of which some hide every place: 0 is the padding."""
    net = sequences(dtype="float64")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (N_ROWS, 5)), rng.normal(size=(N_ROWS, 3))
    x[::6] = 0
    program = net.training_program(loss="mean_squared_error", optimizer="sgd")
    (a, wa), (b, wb) = (trained(net, program, e, x, y, 0.05, 30) for e in ("numpy", "native"))
    np.testing.assert_allclose(b, a, rtol=1e-9)
    for one, other in zip(wb, wa, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", ["contrastive", gn.losses.Triplet(0.5)], ids=str)
def test_losses_of_distances_agree(loss):
    a, b = gn.Input((COLUMNS,)), gn.Input((COLUMNS,))
    encode, anchor = gn.Dense(4, "tanh"), gn.Dense(4, "tanh")
    d = gn.Distance()(encode(a), encode(b))
    several = loss != "contrastive"
    d = gn.Concatenate()(d, gn.Distance()(encode(a), anchor(b))) if several else d
    net = gn.Network(inputs=[a, b], outputs=d, dtype="float64")
    rng = np.random.default_rng(1)
    x = [rng.normal(size=(N_ROWS, COLUMNS)) for _ in range(2)]
    y = rng.integers(0, 2, N_ROWS)
    nets = [copy.deepcopy(net) for _ in range(2)]
    for one, engine in zip(nets, ("numpy", "native"), strict=True):
        one.fit(x, y, loss=loss, optimizer="sgd", epochs=10, engine=engine, verbose=0)
    for one, other in zip(*(n.parameters.values() for n in nets), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_row_metrics_agree():
    loss = "sparse_categorical_crossentropy"
    agree([gn.Dense(3, "softmax")], loss, "class", metrics=["accuracy"])


class Lookup(gn.Layer):
    """A row of a table for each code."""

    def parameters(self, *specs):
        return {"table": gn.Parameter((9, 4), "normal")}

    def formula(self, code, table):
        return gn.graph.take(table, code[:, 0])


class Corners(gn.Layer):
    """Slices, padding and concatenation."""

    def formula(self, x):
        padded = gn.graph.pad(x, widths=((0, 0), (1, 2)))
        return gn.graph.concatenate(padded[:, 2:6], x[:, :3] * padded[:, 3:6], axis=-1)


def test_look_ups_agree():
    codes = gn.Input((1,), dtype="int64")
    outputs = gn.Dense(3)(Lookup()(codes))
    net = gn.Network(inputs=codes, outputs=outputs, dtype="float64")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, (N_ROWS, 1)), rng.normal(size=(N_ROWS, 3))
    program = net.training_program(loss="mean_squared_error", optimizer="adam")
    (a, wa), (b, wb) = (trained(net, program, e, x, y, 0.01, 30) for e in ("numpy", "native"))
    np.testing.assert_allclose(b, a, rtol=1e-9)
    for one, other in zip(wb, wa, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_slices_and_pads_agree():
    agree([gn.Dense(5, "tanh"), Corners(), gn.Dense(3)])
