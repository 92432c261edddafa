"""The table of networks: one row for each kind that is trained, printed and compared.

A row builds its network, says how it is trained, and draws a few rows of data for it. Golden files,
the engine, the reference interpreter and PyTorch are all asked about the same rows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from cases.penalties import Sparse, sparse_twice, variational

import glassnet as gn
from glassnet import graph as g

N_ROWS = 12


class Scale(gn.Layer):
    """A user's own layer: one factor for each column."""

    start: float = 1.0

    def parameters(self, x):
        return {"gain": gn.Parameter(x.shape[-1:], self.start)}

    def formula(self, x, gain):
        return (x * gain).named("s")


def swish(z):
    return z * g.sigmoid(z)


def root_square(y, p):
    return np.sqrt(1 + (p - y) ** 2) - 1


class Data(NamedTuple):
    x: Any
    y: Any
    sample_weight: Any = None


class Row(NamedTuple):
    """One network, and how it is trained."""

    name: str
    build: Callable[..., gn.Network]  # dtype -> network
    draw: Callable[..., Data]  # rng -> data
    loss: Any = "auto"
    optimizer: Any = "sgd"
    metrics: Any = ()
    class_weight: Any = None

    def __str__(self):
        return self.name

    def data(self):
        """The same rows at every call."""
        return self.draw(np.random.default_rng(len(self.name)))

    def program(self, net):
        """The program that fit will run on the data."""
        data = self.data()
        return net.training_program(
            loss=self.loss, optimizer=self.optimizer, metrics=self.metrics, y=data.y,
            sample_weight=data.sample_weight is not None,
            class_weight=len(self.class_weight) if self.class_weight else 0,
        )  # fmt: skip

    def fit(self, net, **settings):
        data = self.data()
        given = {"batch_size": None, "engine": "numpy", "verbose": 0, **settings}
        return net.fit(
            data.x, data.y, loss=self.loss, optimizer=self.optimizer, metrics=self.metrics,
            sample_weight=data.sample_weight, class_weight=self.class_weight, **given,
        )  # fmt: skip


def in_line(input_shape, *layers, **settings):
    """A builder of layers one after another."""

    def build(dtype="float32"):
        return gn.Network(layers, input_shape=input_shape, seed=3, dtype=dtype, **settings)

    return build


def numbers(*shape):
    return lambda rng: Data(
        rng.normal(size=(N_ROWS, shape[0])), rng.normal(size=(N_ROWS, shape[1]))
    )


def pictures(*shape):
    return lambda rng: Data(rng.normal(size=(N_ROWS, *shape)), rng.normal(size=(N_ROWS, 1)))


def yes_or_no(columns):
    return lambda rng: Data(rng.normal(size=(N_ROWS, columns)), rng.integers(0, 2, N_ROWS))


def classes(columns, n):
    return lambda rng: Data(rng.normal(size=(N_ROWS, columns)), np.arange(N_ROWS) % n)


def xor(rng):
    return Data(np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.0]]), np.array([0, 1, 1, 0]))


def weighted(draw):
    return lambda rng: draw(rng)._replace(sample_weight=rng.uniform(0.5, 2, N_ROWS))


def residual(dtype="float32"):
    x = gn.Input((5,))
    h = gn.Dense(8, "relu")(x)
    branch = gn.Dense(8)(gn.Dense(8, "relu")(h))
    out = gn.Dense(1)(gn.Activation("relu")(h + branch))
    return gn.Network(inputs=x, outputs=out, seed=3, dtype=dtype)


def two_outputs(dtype="float32"):
    x = gn.Input((6,))
    h = gn.Dense(8, "tanh")(x)
    kind, size = gn.Dense(3, "softmax", name="kind")(h), gn.Dense(1, name="size")(h)
    return gn.Network(inputs=x, outputs=[kind, size], seed=3, dtype=dtype)


def two_inputs_shared(dtype="float32"):
    left, right = gn.Input((4,), name="left"), gn.Input((4,), name="right")
    encode = gn.Dense(5, "tanh", name="encode")
    h = gn.Concatenate()(encode(left), encode(right))
    out = gn.Dense(1, "sigmoid")(h)
    return gn.Network(inputs=[left, right], outputs=out, seed=3, dtype=dtype)


def in_text(*layers, vocabulary=20, length=9, **settings):
    """A builder of layers behind an embedding of words, 0 where there is none."""

    def build(dtype="float32"):
        codes = gn.Input((length,), name="words", dtype="int64")
        h = gn.Embedding(vocabulary, 6, **settings)(codes)
        for layer in layers:
            h = layer(h)
        return gn.Network(inputs=codes, outputs=h, seed=3, dtype=dtype)

    return build


def words(rng, vocabulary=20, length=9):
    """Sentences of one to all words, filled up with 0, in three classes."""
    codes = rng.integers(1, vocabulary, (N_ROWS, length))
    codes[np.arange(length) > rng.integers(0, length, (N_ROWS, 1))] = 0
    return Data(codes, np.arange(N_ROWS) % 3)


def tagged(rng):
    """As `words`, and a class for each of them; rows with weights."""
    return Data(words(rng).x, rng.integers(0, 3, (N_ROWS, 9)), rng.uniform(0.5, 2, N_ROWS))


def series(*shape, n_outputs=1):
    return lambda rng: Data(rng.normal(size=(N_ROWS, *shape)), rng.normal(size=(N_ROWS, n_outputs)))


def frozen(dtype="float32"):
    net = in_line((3,), gn.Dense(4, "sigmoid"), gn.Dense(1, "sigmoid"))(dtype)
    net.layers["dense"].trainable = False
    return net


def prepared(dtype="float32"):
    """As for a table: holes filled and marked, columns scaled, codes as columns of 0 and 1."""
    x, codes = gn.Input((3,), name="x"), gn.Input((2,), name="codes", dtype="int64")
    filled = gn.Standardize()(gn.FillMissing()(x))
    h = gn.Concatenate()(filled, gn.MissingIndicator([0, 2])(x), gn.OneHot([2, 3])(codes))
    net = gn.Network(inputs=[x, codes], outputs=gn.Dense(1)(h), seed=3, dtype=dtype)
    net.parameters["fill_missing.fill"] = [0.5, -1, 2]
    net.parameters["standardize.mean"] = [1, 2, 3]
    net.parameters["standardize.scale"] = [2, 0.5, 1]
    return net


def with_holes(rng):
    x = rng.normal(size=(N_ROWS, 3))
    x[rng.random(x.shape) < 0.3] = np.nan
    return Data({"x": x, "codes": rng.integers(0, 3, (N_ROWS, 2))}, rng.normal(size=N_ROWS))


def normalized(trainable=True):
    """A small network with a normalisation, in training or frozen."""

    def build(dtype="float32"):
        layers = [gn.Dense(6, use_bias=False), gn.BatchNormalization(trainable=trainable),
                  gn.Activation("relu"), gn.Dense(1)]  # fmt: skip
        return gn.Network(layers, input_shape=(4,), seed=3, dtype=dtype)

    return build


def pairs(rng):
    x = {name: rng.normal(size=(N_ROWS, 4)) for name in ("left", "right")}
    return Data(x, rng.integers(0, 2, N_ROWS))


def kinds_and_sizes(rng):
    x = rng.normal(size=(N_ROWS, 6))
    return Data(x, {"kind": np.arange(N_ROWS) % 3, "size": rng.normal(size=N_ROWS)})


def lenet(dtype="float32"):
    """The network of LeCun et al. (1998), with relu and maxima as it is taught today."""
    layers = [
        gn.Conv2D(6, 5, padding=2, activation="relu"), gn.MaxPooling2D(),
        gn.Conv2D(16, 5, activation="relu"), gn.MaxPooling2D(), gn.Flatten(),
        gn.Dense(120, "relu"), gn.Dense(84, "relu"), gn.Dense(10, "softmax"),
    ]  # fmt: skip
    return gn.Network(layers, input_shape=(28, 28, 1), seed=3, dtype=dtype)


def slides(dtype="float32"):
    """What slides, in other settings: strides, groups, means, the way back."""
    layers = [
        gn.SeparableConv2D(4, 3, 2, "same", activation="tanh"), gn.AveragePooling2D(3, 1, 1),
        gn.Conv2DTranspose(2, 3, 2, "same", activation="tanh"),
        gn.MaxPooling2D(3, 2), gn.GlobalAveragePooling2D(), gn.Dense(1),
    ]  # fmt: skip
    return gn.Network(layers, input_shape=(8, 9, 2), seed=3, dtype=dtype)


def images(*shape, n=None):
    def draw(rng):
        y = rng.normal(size=N_ROWS) if n is None else np.arange(N_ROWS) % n
        return Data(rng.normal(size=(N_ROWS, *shape)), y)

    return draw


def attention(dtype="float32"):
    """Words of 6 places in a vocabulary of 10, of which 0 is the padding."""
    codes = gn.Input((6,), name="codes", dtype="int64")
    h = gn.PositionalEncoding()(gn.Embedding(10, 8)(codes))
    h = gn.TransformerBlock(2, hidden_units=16, activation="relu")(h, codes)
    out = gn.Dense(3, "softmax")(gn.Flatten()(h))
    return gn.Network(inputs=codes, outputs=out, seed=3, dtype=dtype)


def decoder(dtype="float32"):
    """The next code of each place, from those before it."""
    codes = gn.Input((4,), name="codes", dtype="int64")
    h = gn.Embedding(5, 8)(codes)
    h = h + gn.MultiHeadAttention(4, 2, num_key_value_heads=2, causal=True, rotary=True)(h)
    out = gn.Dense(5, "softmax")(h)
    return gn.Network(inputs=codes, outputs=out, seed=3, dtype=dtype)


def twins(dtype="float32"):
    layers = [gn.Dense(5, "tanh"), gn.Dense(3)]
    encoder = gn.Network(layers, input_shape=(4,), seed=4, dtype=dtype, name="encoder")
    left, right = gn.Input((4,), name="left"), gn.Input((4,), name="right")
    out = gn.Distance()(encoder(left), encoder(right))
    return gn.Network(inputs=[left, right], outputs=out, seed=3, dtype=dtype)


def triplets(dtype="float32"):
    layers = [gn.Dense(5, "tanh"), gn.Dense(3)]
    encoder = gn.Network(layers, input_shape=(4,), seed=4, dtype=dtype, name="encoder")
    anchor, left, right = (gn.Input((4,), name=name) for name in ("anchor", "left", "right"))
    a = encoder(anchor)
    out = gn.Concatenate()(*(gn.Distance()(a, encoder(x)) for x in (left, right)))
    return gn.Network(inputs=[anchor, left, right], outputs=out, seed=3, dtype=dtype)


def itself(rng):
    x = rng.uniform(size=(N_ROWS, 6))
    return Data(x, x)


def forecast(dtype="float32"):
    """The next 3 values of a series, from 6 and from what is known ahead."""
    past, ahead = gn.Input((6,), name="past"), gn.Input((3, 2), name="ahead")
    s = gn.WindowDeviation()(past)
    scaled = gn.ScaledWindow()(past, s)
    h = gn.Dense(4, "relu")(gn.Concatenate()(scaled, gn.Flatten()(ahead)))
    z = gn.Add()(gn.Dense(3)(h), gn.Dense(3, use_bias=False)(scaled))
    out = gn.Add()(gn.SeasonalNaive(3, 4)(past), gn.Multiply()(s, z))
    return gn.Network(inputs=[past, ahead], outputs=out, seed=3, dtype=dtype)


def windows(rng):
    x = {"past": rng.normal(size=(N_ROWS, 6)), "ahead": rng.normal(size=(N_ROWS, 3, 2))}
    return Data(x, rng.normal(size=(N_ROWS, 3)))


def spoken(rng):
    labels = np.array([[1, 2], [1, 1], [2, -1], [-1, -1]])
    return Data(rng.normal(size=(N_ROWS, 5, 2)), labels[np.arange(N_ROWS) % len(labels)])


def codes_in(places, vocabulary, of_each_place=False):
    def draw(rng):
        codes = rng.integers(0, vocabulary, (N_ROWS, places))
        return Data(codes, np.roll(codes, -1, 1) if of_each_place else np.arange(N_ROWS) % 3)

    return draw


def threes(rng):
    x = {name: rng.normal(size=(N_ROWS, 4)) for name in ("anchor", "left", "right")}
    return Data(x, rng.integers(0, 2, N_ROWS))


L2 = gn.regularizers.L2
ROWS = [
    Row("one_neuron", in_line((3,), gn.Dense(1, "sigmoid")), xor,
        "sum_squared_error", gn.optim.SGD(0.5)),
    Row("two_layers_sum_of_squares",
        in_line((3,), gn.Dense(4, "sigmoid", use_bias=False, weight_init="rand"),
        gn.Dense(1, "sigmoid", use_bias=False, weight_init="rand")), xor,
        "sum_squared_error", gn.optim.SGD(1.0)),
    Row("aim", in_line((3,), gn.Dense(4, "sigmoid"), gn.Dense(1, "sigmoid")), yes_or_no(3)),
    Row("relu_adam", in_line((10,), gn.Dense(10, "relu"), gn.Dense(10, "relu"),
        gn.Dense(10, "relu"), gn.Dense(1, "sigmoid")), yes_or_no(10), optimizer="adam",
        metrics=["accuracy"]),
    Row("softmax_dropout", in_line((4,), gn.Dense(16, "relu", weight_regularizer=L2(0.01)),
        gn.Dropout(0.2), gn.Dense(3, "softmax", weight_regularizer=L2(0.001))), classes(4, 3),
        optimizer="adam", metrics=["accuracy"], class_weight={0: 1, 1: 2, 2: 0.5}),
    Row("residual", residual, numbers(5, 1), optimizer=gn.optim.SGD(0.01, momentum=0.9)),
    Row("frozen", frozen, yes_or_no(3)),
    Row("two_outputs", two_outputs, kinds_and_sizes, metrics={"kind": "accuracy",
        "size": "mean_absolute_error"}, loss={"kind": "sparse_categorical_crossentropy",
        "size": gn.losses.Huber(weight=0.5)}),
    Row("clip_ema_schedule", in_line((4,), gn.Dense(8, "tanh", weight_constraint="max_norm"),
        gn.Dense(1)), numbers(4, 1), optimizer=gn.optim.AdamW(gn.optim.schedules.OneCycle(0.01,
        steps=20), clip_norm=1.0, ema=0.9)),
    Row("custom", in_line((4,), gn.Dense(8, swish), Scale(), gn.Dense(1)), numbers(4, 1),
        root_square),
    Row("sample_weights", in_line((4,), gn.Dense(3, "relu"), gn.Dense(2)), weighted(numbers(4, 2)),
        "mean_absolute_error", gn.optim.RMSprop(clip_value=0.5)),
    Row("two_inputs_shared", two_inputs_shared, pairs, optimizer="nadam"),
    Row("attention", attention, codes_in(6, 10)),
    Row("decoder", decoder, codes_in(4, 5, of_each_place=True)),
    Row("twins", twins, pairs, "contrastive"),
    Row("triplets", triplets, threes, "triplet"),
    Row("forecast", forecast, windows, "mean_absolute_error", gn.optim.SGD(0.1)),
    Row("spoken", in_line((5, 2), gn.Dense(4, "tanh"), gn.Dense(3, "softmax")), spoken,
        gn.losses.CTC(length=2)),
    Row("prepared", prepared, with_holes, optimizer="adagrad"),
    Row("lenet", lenet, images(28, 28, 1, n=10), optimizer="adam"),
    Row("slides", slides, images(8, 9, 2)),
    Row("batch_normalization", normalized(), numbers(4, 1)),
    Row("batch_normalization_frozen", normalized(trainable=False), numbers(4, 1)),
    Row("batch_normalization_weighted", normalized(), weighted(numbers(4, 1))),
    Row("layer_normalization", in_line((4,), gn.Dense(6, use_bias=False), gn.LayerNormalization(),
        gn.Activation("relu"), gn.Dense(1)), numbers(4, 1)),
    Row("picture", in_line((2, 2, 3), gn.Dense(4), gn.BatchNormalization(),
        gn.Activation("relu"), gn.UpSampling2D(2, "bilinear"), gn.ZeroPadding2D(1),
        gn.Cropping2D(((1, 0), (0, 1))), gn.SpatialDropout2D(0.2), gn.GroupNormalization(2),
        gn.Flatten(), gn.Dense(1)), pictures(2, 2, 3)),
    Row("augmented", in_line((8, 8, 1), gn.Rescaling(1 / 255), gn.RandomFlip("horizontal"),
        gn.RandomRotation(0.05), gn.RandomCrop(6, 6), gn.Conv2D(2, 3, activation="relu"),
        gn.Flatten(), gn.Dense(3, "softmax")), images(8, 8, 1, n=3)),
    Row("augmented_inside", in_line((6, 6, 1), gn.Conv2D(2, 3, activation="tanh"),
        gn.RandomTranslation(0.2, 0.2, "constant"), gn.RandomZoom(0.1, fill_mode="nearest"),
        gn.RandomErasing(0.5), gn.RandomContrast(0.2, (-1, 1)), gn.Flatten(), gn.Dense(1)),
        pictures(6, 6, 1)),
    Row("mixed", in_line((4,), gn.MixUp(0.5), gn.Dense(6, "relu"), gn.Dense(3, "softmax")),
        weighted(classes(4, 3)), metrics=["accuracy"], class_weight={0: 1, 1: 2, 2: 0.5}),
    Row("noise_removed", in_line((8,), gn.GaussianNoise(0.3), gn.Dense(3, "tanh"), gn.Dense(8)),
        numbers(8, 8), "mean_squared_error"),
    Row("variational", variational, itself, gn.losses.BinaryCrossentropy(weight=6)),
    Row("sparse", in_line((4,), gn.Dense(5, "tanh"), Sparse(), gn.Dense(2)),
        weighted(numbers(4, 2)), "sum_squared_error", metrics=["mae"]),
    Row("sparse_twice", sparse_twice, kinds_and_sizes, metrics={"kind": "accuracy"},
        loss={"kind": "sparse_categorical_crossentropy", "size": gn.losses.Huber(weight=0.5)}),
    Row("lstm_text", in_text(gn.LSTM(8), gn.Dense(3, "softmax")), words, optimizer="adam"),
    Row("lstm_masked", in_text(gn.LSTM(8, return_sequences=True), gn.LSTM(4),
        gn.Dense(3, "softmax"), mask_zero=True), words),
    Row("tags", in_text(gn.SimpleRNN(4, return_sequences=True), gn.Dense(3, "softmax"),
        mask_zero=True), tagged, metrics=["accuracy", "f1"]),
    Row("gru_dropout", in_line((7, 3), gn.GRU(5, dropout=0.2, recurrent_dropout=0.1), gn.Dense(1)),
        series(7, 3), optimizer="adam"),
    Row("rnn_bidirectional", in_line((7, 3), gn.Bidirectional(gn.SimpleRNN(4,
        return_sequences=True)), gn.TimeDistributed(gn.Flatten()), gn.Flatten(), gn.Dense(1)),
        series(7, 3)),
]  # fmt: skip
BY_NAME = {row.name: row for row in ROWS}
