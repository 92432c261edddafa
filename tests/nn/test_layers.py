"""Every layer, by a row: its gradient, its numbers, its shape, and that float32 stays float32."""

import re
from typing import Any, NamedTuple

import numpy as np
import pytest
from cases.layers import ROWS as MORE
from cases.ops import sized
from cases.recurrent import backwards, gru, lstm, lstm_step, rnn
from cases.sliding import convolved, pooled, transposed
from graph.differences import worst_error
from kinds import assert_float32_throughout
from nn.sequences import Attention, block, waves

import glassnet as gn
from glassnet import graph as g
from glassnet.nn import LAYERS
from glassnet.nn.symbol import apply, parameter_specs

BOUND = 1e-7


def deviation(x):
    return np.sqrt(x.var(axis=1, keepdims=True) + (0.001 * x.mean(axis=1, keepdims=True)) ** 2)


class Row(NamedTuple):
    """One way of using a layer: its inputs' shapes, and its formula in NumPy.

    The formula takes the inputs, then the parameters, in their order; `predicted` is that of a
    prediction, where it differs.
    """

    layer: Any
    shapes: tuple
    formula: Any
    dtype: Any = "float"  # of all inputs, or of each
    draw: Any = None
    predicted: Any = None  # where that is another formula than in training

    def __str__(self):
        text = f"{self.layer!r} of {', '.join(map(str, self.shapes))}"
        return re.sub(r" at 0x[0-9a-f]+", "", text)  # a function's address changes with each run

    @property
    def kinds(self):
        """Of each input."""
        return self.dtype if isinstance(self.dtype, tuple) else (self.dtype,) * len(self.shapes)

    def symbols(self):
        pairs = zip(self.shapes, self.kinds, strict=True)
        return [gn.Input(shape[1:], dtype=kind) for shape, kind in pairs]

    def traced(self, dtype="float64"):
        """(output, its leaves, their values): in training, with a mask drawn for step 3."""
        rng = np.random.default_rng(len(str(self)))
        inputs = [
            g.input(f"x{i}", shape, dtype if kind == "float" else kind)
            for i, (shape, kind) in enumerate(zip(self.shapes, self.kinds, strict=True))
        ]
        found = parameter_specs(self.layer, tuple(x.spec for x in inputs))
        parameters = {k: g.parameter(k, p.shape, dtype) for k, p in found.items()}
        output = g.at_phase([apply(self.layer, inputs, dtype, parameters)], training=True)[0]
        draw = self.draw or (lambda rng, shape: rng.normal(size=shape))
        values = {x: draw(rng, sized(x.shape)).astype(x.dtype) for x in inputs}
        values |= {p: rng.uniform(0.5, 1.5, p.shape).astype(dtype) for p in parameters.values()}
        return output, [*inputs, *parameters.values()], values | {g.SEED: 1, g.STEP: 3}


class Gate(gn.Layer):
    """A user's own layer, of two inputs."""

    power: float = 2.0

    def parameters(self, x, y):
        return {"gain": gn.Parameter(x.shape[-1:], "ones")}

    def formula(self, x, y, gain):
        return g.sigmoid(gain * x) * y**self.power


def with_holes(rng, shape):
    return np.where(rng.random(shape) < 0.3, np.nan, rng.normal(size=shape))


def codes(rng, shape):
    return rng.integers(-1, 4, shape)


def codes_of_places(rng, shape):
    """Sequences of numbers, and codes of which 0 hides a place; the first row has none else."""
    codes = rng.integers(0, 3, shape)
    codes[0] = 0
    return codes if len(shape) == 2 else rng.normal(size=shape)


def one_hot(x, *sizes):
    return np.concatenate([np.eye(n + 2)[x[:, i]][:, :n] for i, n in enumerate(sizes)], axis=-1)


def embedded(x, weight):
    return np.concatenate([weight, 0 * weight[:2]])[x]  # codes are -1 .. 3, of which 0 .. 2 count


def masked(x):
    mask = g.random_mask(g.SEED, g.STEP, rate=0.4, stream=0, shape=x.shape, dtype=x.dtype.name)
    return x * g.evaluate([mask], {g.SEED: 1, g.STEP: 3})[0]


def drawn(rate, *shape):
    """The mask of a random value whose stream is 0, at step 3."""
    mask = g.random_mask(g.SEED, g.STEP, rate=rate, stream=0, shape=shape, dtype="float64")
    return g.evaluate([mask], {g.SEED: 1, g.STEP: 3})[0]


def dropped_lstm(x, w, u, b):
    """The masks of the inputs and of the states: one each for all steps."""
    x, seen = x * drawn(0.4, len(x), 1, 3), drawn(0.3, len(x), 4)
    h = c = np.zeros((len(x), 4))
    for t in range(6):
        h, c = lstm_step(h * seen, c, x[:, t] @ w + b, u)
    return h


def with_filling(rng, shape):
    x = rng.normal(size=shape)
    x[1:3, 4:] = 2
    return x


B = "B"
# fmt: off
ROWS = [
    Row(gn.Dense(4), ((B, 3),), lambda x, w, b: x @ w + b),
    Row(gn.Dense(4, use_bias=False), ((B, 3),), lambda x, w: x @ w),
    Row(gn.Dense(4, "tanh"), ((B, 2, 3),), lambda x, w, b: np.tanh(x @ w + b)),
    Row(gn.Dense(2, "prelu"), ((B, 3),),
        lambda x, w, b, s: np.where(x @ w + b > 0, 1, s) * (x @ w + b)),
    Row(gn.Dense(2, gn.PReLU(0.1)), ((B, 3),),
        lambda x, w, b, s: np.where(x @ w + b > 0, 1, s) * (x @ w + b)),
    Row(gn.Dense(2, lambda z: z * z), ((B, 3),), lambda x, w, b: (x @ w + b) ** 2),
    Row(gn.Activation("sigmoid"), ((B, 3),), lambda x: 1 / (1 + np.exp(-x))),
    Row(gn.Activation(np.sin), ((B, 2, 3),), np.sin),
    Row(gn.PReLU(), ((B, 3),), lambda x, s: np.where(x > 0, x, s * x)),
    Row(gn.Dropout(0.4), ((B, 30),), masked, predicted=lambda x: x),
    Row(gn.Dropout(0.0), ((B, 3),), lambda x: x),
    Row(gn.Flatten(), ((B, 2, 3),), lambda x: x.reshape(len(x), 6)),
    Row(gn.Flatten(), ((B, 3),), lambda x: x),
    Row(gn.Reshape((2, -1)), ((B, 6),), lambda x: x.reshape(len(x), 2, 3)),
    Row(gn.Reshape(6), ((B, 2, 3),), lambda x: x.reshape(len(x), 6)),
    Row(gn.Add(), ((B, 3), (B, 3), (B, 3)), lambda x, y, z: x + y + z),
    Row(gn.Multiply(), ((B, 3), (B, 1)), lambda x, y: x * y),
    Row(gn.Concatenate(), ((B, 3), (B, 2)), lambda x, y: np.concatenate([x, y], -1)),
    Row(gn.Concatenate(axis=1), ((B, 1, 2), (B, 3, 2)), lambda x, y: np.concatenate([x, y], 1)),
    Row(gn.FillMissing(), ((B, 3),), lambda x, fill: np.where(np.isnan(x), fill, x),
        draw=with_holes),
    Row(gn.MissingIndicator([0, 2]), ((B, 3),), lambda x: np.isnan(x[:, [0, 2]]), draw=with_holes),
    Row(gn.Standardize(), ((B, 3),), lambda x, mean, scale: (x - mean) / scale),
    Row(gn.Rescale(), ((B, 2),), lambda x, mean, scale: x * scale + mean),
    Row(gn.Rescaling(0.5, -1), ((B, 2),), lambda x: x * 0.5 - 1),
    Row(gn.OneHot([2, 3]), ((B, 2),), lambda x: one_hot(x, 2, 3), "int64", codes),
    Row(gn.Embedding(3, 4), ((B,),), embedded, "int64", codes),
    Row(gn.Embedding(3, 2), ((B, 5),), embedded, "int64", codes),
    Row(gn.Conv1D(4, 3), ((B, 6, 2),), convolved),
    Row(gn.Conv1D(4, 3, padding="causal", dilation_rate=2), ((B, 6, 2),),
        lambda x, w, b: convolved(x, w, b, padding="causal", dilation=2)),
    Row(gn.Conv1D(4, 3, 2, "same"), ((B, 7, 2),),
        lambda x, w, b: convolved(x, w, b, 2, "same")),
    Row(gn.Conv2D(3, 2), ((B, 4, 6, 2),), convolved),
    Row(gn.Conv2D(3, (2, 3), (1, 2), "same", activation="tanh", use_bias=False), ((B, 4, 6, 2),),
        lambda x, w: np.tanh(convolved(x, w, 0, (1, 2), "same"))),
    Row(gn.Conv2D(4, 3, padding=((1, 0), (2, 1)), dilation_rate=2, groups=2), ((B, 6, 7, 2),),
        lambda x, w, b: convolved(x, w, b, 1, ((1, 0), (2, 1)), 2, 2)),
    Row(gn.Conv2D(3, 2, 3, "valid"), ((B, 6, 7, 1),), lambda x, w, b: convolved(x, w, b, 3)),
    Row(gn.Conv2D(3, 2, padding=(1, 0), activation="prelu"), ((B, 3, 4, 1),),
        lambda x, w, b, s: np.where(convolved(x, w, b, 1, (1, 0)) > 0, 1, s)
        * convolved(x, w, b, 1, (1, 0))),
    Row(gn.Conv3D(2, 2, (1, 2, 1), "same"), ((B, 3, 4, 2, 2),),
        lambda x, w, b: convolved(x, w, b, (1, 2, 1), "same")),
    Row(gn.DepthwiseConv2D(2, depth_multiplier=2), ((B, 3, 4, 3),),
        lambda x, w, b: convolved(x, w, b, groups=3)),
    Row(gn.DepthwiseConv2D(3, 2, "same", use_bias=False), ((B, 4, 6, 2),),
        lambda x, w: convolved(x, w, 0, 2, "same", groups=2)),
    Row(gn.SeparableConv2D(4, 2, padding="same", depth_multiplier=2), ((B, 3, 4, 2),),
        lambda x, d, p, b: convolved(convolved(x, d, 0, 1, "same", groups=2), p, b)),
    Row(gn.Conv1DTranspose(3, 4, 2), ((B, 6, 2),), lambda x, w, b: transposed(x, w, b, 2)),
    Row(gn.Conv2DTranspose(3, 3), ((B, 2, 4, 2),), transposed),
    Row(gn.Conv2DTranspose(4, (3, 4), 2, "same", groups=2), ((B, 2, 3, 4),),
        lambda x, w, b: transposed(x, w, b, 2, ((0, 1), (1, 1)), 2)),
    Row(gn.Conv2DTranspose(2, 3, 2, 1, 1), ((B, 2, 3, 1),),
        lambda x, w, b: transposed(x, w, b, 2, ((1, 1), (1, 1)), more=1)),
    Row(gn.MaxPooling1D(), ((B, 6, 2),), lambda x: pooled(x, "max")),
    Row(gn.MaxPooling2D((2, 3)), ((B, 4, 7, 2),), lambda x: pooled(x, "max", (2, 3))),
    Row(gn.MaxPooling2D(3, 2, "same"), ((B, 6, 7, 1),),
        lambda x: pooled(x, "max", 3, 2, "same")),
    Row(gn.MaxPooling3D(2, 1), ((B, 3, 2, 4, 1),), lambda x: pooled(x, "max", 2, 1)),
    Row(gn.AveragePooling1D(3, 2, 1), ((B, 6, 2),), lambda x: pooled(x, "mean", 3, 2, 1)),
    Row(gn.AveragePooling2D(), ((B, 4, 7, 2),), lambda x: pooled(x, "mean")),
    Row(gn.AveragePooling2D(3, 1, "same"), ((B, 4, 3, 2),),
        lambda x: pooled(x, "mean", 3, 1, "same")),
    Row(gn.AveragePooling3D((1, 2, 2)), ((B, 3, 2, 4, 1),),
        lambda x: pooled(x, "mean", (1, 2, 2))),
    Row(gn.GlobalMaxPooling1D(), ((B, 6, 2),), lambda x: x.max(axis=1)),
    Row(gn.GlobalMaxPooling2D(), ((B, 4, 3, 2),), lambda x: x.max(axis=(1, 2))),
    Row(gn.GlobalMaxPooling3D(), ((B, 3, 2, 4, 1),), lambda x: x.max(axis=(1, 2, 3))),
    Row(gn.GlobalAveragePooling1D(), ((B, 6, 2),), lambda x: x.mean(axis=1)),
    Row(gn.GlobalAveragePooling2D(), ((B, 4, 3, 2),), lambda x: x.mean(axis=(1, 2))),
    Row(gn.GlobalAveragePooling3D(), ((B, 3, 2, 4, 1),), lambda x: x.mean(axis=(1, 2, 3))),
    Row(gn.Distance(), ((B, 3), (B, 3)),
        lambda a, b: np.linalg.norm(a - b, axis=-1, keepdims=True)),
    Row(gn.Distance(), ((B, 2, 3), (B, 2, 3)),
        lambda a, b: np.linalg.norm(a - b, axis=-1, keepdims=True)),
    Row(gn.SeasonalNaive(5, 3), ((B, 4),), lambda x: x[:, [1, 2, 3, 1, 2]]),
    Row(gn.SeasonalNaive(2, 3), ((B, 3),), lambda x: x[:, :2]),
    Row(gn.SeasonalNaive(3), ((B, 2),), lambda x: x[:, [1, 1, 1]]),
    Row(gn.WindowDeviation(), ((B, 4),), deviation),
    Row(gn.ScaledWindow(), ((B, 4), (B, 1)), lambda x, s: (x - x.mean(1, keepdims=True)) / s),
    Row(gn.PositionalEncoding(), ((B, 3, 6),), lambda x: x + waves(3, 6)),
    Row(gn.PositionalEmbedding(), ((B, 3, 5),), lambda x, w: x + w),
    Row(gn.MultiHeadAttention(2, 3), ((B, 4, 5),), Attention(2)),
    Row(gn.MultiHeadAttention(1, 2, use_bias=False), ((B, 1, 3),), Attention(1, bias=False)),
    Row(gn.MultiHeadAttention(2, 3, causal=True), ((B, 4, 5),), Attention(2, causal=True)),
    Row(gn.MultiHeadAttention(2, 3), ((B, 4, 5), (B, 4)), Attention(2, masked=True),
        ("float", "int64"), codes_of_places),
    Row(gn.MultiHeadAttention(2, 3, causal=True), ((B, 4, 5), (B, 4)),
        Attention(2, causal=True, masked=True), ("float", "int64"), codes_of_places),
    Row(gn.MultiHeadAttention(2, 3, value_dim=2, output_dim=7), ((B, 4, 5), (B, 3, 6)),
        Attention(2)),
    Row(gn.MultiHeadAttention(2, 3, causal=True), ((B, 4, 5), (B, 3, 6), (B, 3, 2)),
        Attention(2, causal=True)),
    Row(gn.MultiHeadAttention(2, 3), ((B, 4, 5), (B, 3, 6), (B, 3, 2), (B, 3)),
        Attention(2, masked=True), ("float", "float", "float", "int64"), codes_of_places),
    Row(gn.MultiHeadAttention(4, 2, num_key_value_heads=2), ((B, 3, 5),), Attention(4, 2)),
    Row(gn.MultiHeadAttention(4, 2, num_key_value_heads=1, causal=True), ((B, 3, 5), (B, 3)),
        Attention(4, 1, causal=True, masked=True), ("float", "int64"), codes_of_places),
    Row(gn.MultiHeadAttention(2, 4, rotary=True), ((B, 4, 5),), Attention(2, rotary=True)),
    Row(gn.MultiHeadAttention(4, 2, num_key_value_heads=2, rotary=True), ((B, 3, 5), (B, 4, 2)),
        Attention(4, 2, rotary=True)),
    Row(gn.TransformerBlock(2), ((B, 3, 4),), block(2)),
    Row(gn.TransformerBlock(2, 3, 5, "tanh", norm_first=False, causal=True), ((B, 3, 4), (B, 3)),
        block(2, np.tanh, norm_first=False, causal=True, masked=True), ("float", "int64"),
        codes_of_places),
    Row(gn.TransformerBlock(2, use_bias=False, rotary=True), ((B, 3, 4),),
        block(2, bias=False, rotary=True)),
    Row(gn.SimpleRNN(4), ((B, 6, 3),), lambda *a: rnn(*a)[:, -1]),
    Row(gn.SimpleRNN(4, return_sequences=True), ((B, 6, 3),), rnn),
    Row(gn.SimpleRNN(4, activation=lambda z: z * z), ((B, 1, 3),),
        lambda x, w, u, b: (x[:, 0] @ w + b) ** 2),
    Row(gn.LSTM(4), ((B, 6, 3),), lambda *a: lstm(*a)[:, -1]),
    Row(gn.LSTM(4, return_sequences=True), ((B, 6, 3),), lstm),
    Row(gn.LSTM(4, go_backwards=True), ((B, 6, 3),), lambda *a: backwards(lstm)(*a)[:, 0]),
    Row(gn.LSTM(4, return_sequences=True, go_backwards=True), ((B, 6, 3),), backwards(lstm)),
    Row(gn.LSTM(4, use_bias=False), ((B, 6, 3),), lambda *a: lstm(*a, 0)[:, -1]),
    Row(gn.LSTM(4), ((B, 6, 3), (B, 8)),
        lambda x, s, *a: lstm(x, *a, s[:, :4], s[:, 4:])[:, -1]),
    Row(gn.LSTM(4, return_state=True), ((B, 1, 3),), lambda x, w, u, b: np.concatenate(
        lstm_step(0 * x[:, 0] @ w[:, :4], 0, x[:, 0] @ w + b, u), -1)),
    Row(gn.LSTM(4, dropout=0.4, recurrent_dropout=0.3), ((B, 6, 3),), dropped_lstm,
        predicted=lambda *a: lstm(*a)[:, -1]),
    Row(gn.GRU(4), ((B, 6, 3),), lambda *a: gru(*a)[:, -1]),
    Row(gn.GRU(4, return_sequences=True), ((B, 6, 3),), gru),
    Row(gn.GRU(4), ((B, 6, 3), (B, 4)), lambda x, h, *a: gru(x, *a, h)[:, -1]),
    Row(gn.GRU(4, use_bias=False), ((B, 6, 3),), lambda *a: gru(*a, 0, 0)[:, -1]),
    Row(gn.Bidirectional(gn.LSTM(4)), ((B, 6, 3),), lambda x, *a: np.concatenate(
        [lstm(x, *a[:3])[:, -1], lstm(x[:, ::-1], *a[3:])[:, -1]], -1)),
    Row(gn.Bidirectional(gn.GRU(4, return_sequences=True), "sum"), ((B, 6, 3),),
        lambda x, *a: gru(x, *a[:4]) + backwards(gru)(x, *a[4:])),
    Row(gn.TimeDistributed(gn.Dense(4, "tanh")), ((B, 6, 3),),
        lambda x, w, b: np.tanh(x @ w + b)),
    Row(gn.TimeDistributed(gn.Flatten()), ((B, 6, 3, 2),), lambda x: x.reshape(len(x), 6, 6)),
    Row(gn.TimeDistributed(gn.PReLU(0.1)), ((B, 6, 3),), lambda x, s: np.where(x > 0, x, s * x)),
    Row(gn.Masking(2.0), ((B, 6, 3),),
        lambda x: x * (x != 2).any(-1, keepdims=True), draw=with_filling),
    Row(Gate(power=3.0), ((B, 3), (B, 3)), lambda x, y, gain: y**3 / (1 + np.exp(-gain * x))),
    *[Row(*one, predicted=predicted) for *one, predicted in MORE],
]
# fmt: on
SMOOTH = [
    row
    for row in ROWS
    if ("float" in row.kinds and row.draw is not with_filling)
    or isinstance(row.layer, gn.Embedding)
]


def test_table_has_every_layer():
    assert set(LAYERS) <= {type(row.layer).__name__ for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_layer_computes_its_formula(row):
    output, leaves, values = row.traced()
    (found,) = g.evaluate([output], values, batch=5)
    expected = row.formula(*(values[leaf] for leaf in leaves))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-14)
    assert found.shape == sized(output.shape) == expected.shape


@pytest.mark.parametrize("row", SMOOTH, ids=str)
def test_gradient_equals_central_differences(row):
    output, leaves, values = row.traced()
    weights = np.cos(np.arange(np.prod(sized(output.shape)))).reshape(sized(output.shape))
    leaf = g.input("weights", output.shape, "float64")
    total = g.sum(output * leaf)
    finite = {k: np.nan_to_num(v, nan=0.3) if np.ndim(v) else v for k, v in values.items()}
    wrt = [x for x in leaves if x in g.in_order([output]) and x.dtype == "float64"]
    assert worst_error(total, wrt, {**finite, leaf: weights}) < BOUND


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_float32_stays_float32(row):
    output, _, values = row.traced("float32")
    assert_float32_throughout([output], values, batch=5)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_symbol_has_the_shape_of_the_numbers(row):
    symbols = row.symbols()
    assert row.layer(*symbols).shape == row.traced()[0].shape


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_network_of_the_layer_predicts_its_formula(row):
    symbols = row.symbols()
    net = gn.Network(inputs=symbols, outputs=row.layer(*symbols), dtype="float64")
    _, leaves, values = row.traced()
    arrays = [values[leaf] for leaf in leaves]
    for name, value in zip(net.parameters, arrays[len(symbols) :], strict=True):
        net.parameters[name] = value
    found = net.predict(arrays[: len(symbols)] if len(symbols) > 1 else arrays[0])
    whole = (row.predicted or row.formula)(*arrays)
    np.testing.assert_allclose(found, whole, rtol=1e-13, atol=1e-13)


def test_check_that_ships_finds_the_gradients_of_a_network_right():
    x, y = gn.Input((3,)), gn.Input((3,))
    h = gn.Dense(4, "prelu")(Gate()(x, y))
    out = gn.Dense(2, "softmax")(gn.Concatenate()(h, gn.Dropout(0.2)(gn.Dense(2, "gelu")(x))))
    net = gn.Network(inputs=[x, y], outputs=out, dtype="float64")
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(5, 3)), rng.uniform(1, 2, (5, 3))]
    assert gn.checks.check_gradients(net, rows, np.arange(5) % 2).worst < 1e-6


def test_check_that_ships_finds_a_wrong_gradient():
    wrong = g.Op("wrong_square", "{0}**2", lambda x: x, lambda g, y, x: (g * x * 2.002,))
    try:
        net = gn.Network([gn.Dense(2, wrong), gn.Dense(1)], input_shape=(3,))
        with pytest.raises(
            gn.errors.GlassnetError, match=r"derived gradient of dense\.weight differs"
        ):
            gn.checks.check_gradients(net, np.ones((4, 3)), np.ones(4))
    finally:
        from glassnet.graph import registry

        del registry._OPS["wrong_square"]


def test_dropout_keeps_the_mean_and_is_gone_in_prediction():
    net = gn.Network([gn.Dropout(0.3)], input_shape=(2000,), seed=5)
    x = np.ones((1, 2000), np.float32)
    np.testing.assert_array_equal(net.predict(x), x)
    assert "mask" not in net.prediction_program().source()
    output, _, values = Row(gn.Dropout(0.3), ((B, 2000),), None).traced()
    values = {k: np.ones((5, 2000)) if k.name == "x0" else v for k, v in values.items()}
    drawn = g.evaluate([output], values, batch=5)[0]
    assert set(np.unique(drawn)) == {0, 1 / 0.7}
    assert abs(drawn.mean() - 1) < 0.03


def test_difference_of_symbols_is_a_layer():
    a, b = gn.Input((2,), name="a"), gn.Input((2,), name="b")
    net = gn.Network(inputs=[a, b], outputs=a - b)
    assert list(net.layers) == ["subtract"]
    assert net.predict([[[3.0, 1]], [[1, 1]]]).tolist() == [[2, 0]]
