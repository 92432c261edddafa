"""Random graphs of layers: inputs of every kind, and layers of every kind upon them."""

import math
import random

import numpy as np
from cases.random_layers import put_more

import glassnet as gn
from glassnet.nn.activations import ACTIVATIONS


class Scale(gn.Layer):
    """A user's own layer: one factor for each column."""

    def parameters(self, x):
        return {"gain": gn.Parameter(x.shape[-1:], 0.8)}

    def formula(self, x, gain):
        return x * gain


def bump(z):
    """A user's own activation."""
    return z / (1 + z * z)


class Drawing:
    """A graph while it is drawn.

    values  the symbols so far; unread  those of them that no layer reads yet
    shared  (layer, width of its input) of the layers that may be called once more
    """

    def __init__(self, seed, n_rows):
        self.pick = random.Random(seed)  # noqa: S311 - no secret
        self.rng = np.random.default_rng(seed)
        self.n_rows = n_rows
        self.values, self.unread, self.shared = [], [], []

    def chance(self, share):
        return self.pick.random() < share

    def keep(self, value):
        self.values.append(value)
        self.unread.append(value)
        return value

    def put(self, layer, *inputs):
        """The layer called on these values."""
        value = self.keep(layer(*inputs))
        self.unread = [u for u in self.unread if u not in inputs]
        if isinstance(layer, gn.Dense | gn.PReLU):
            self.shared.append((layer, inputs[0].shape[-1]))
        return value

    def embedding(self, size):
        penalty = self.pick.choice([None, None, "l2"])
        return gn.Embedding(size, self.pick.choice([1, 2, 4]), weight_regularizer=penalty)

    def activation(self):
        return bump if self.chance(0.05) else self.pick.choice([*ACTIVATIONS, "prelu"])

    def dense(self, units=None):
        """A dense layer with options of its own."""
        return gn.Dense(
            units or self.pick.choice([1, 2, 3, 5, 8, 17]), self.activation(),
            use_bias=self.chance(0.85), trainable=self.chance(0.9),
            weight_init=self.pick.choice(["glorot_uniform", "he_normal", "orthogonal"]),
            bias_init=self.pick.choice(["zeros", 0.1, "normal"]),
            weight_regularizer=self.pick.choice([None] * 4 + [
                "l1", "l2", gn.regularizers.L1L2(0.002, 0.01)]),
            bias_regularizer=gn.regularizers.L2(0.05) if self.chance(0.1) else None,
            weight_constraint=self.pick.choice([None] * 6 + ["max_norm", MAX_NORM]),
        )  # fmt: skip


MAX_NORM = gn.regularizers.MaxNorm(0.7)


def numbers(d, name):
    """A table of numbers, in one of the forms in which arrays come."""
    x = d.keep(gn.Input((d.pick.choice([1, 2, 3, 5, 9]),), name=name))
    return x, in_some_form(d, d.rng.normal(size=(d.n_rows, x.shape[1])))


def holes(d, name):
    """Numbers of which some are missing."""
    width = d.pick.choice([1, 3, 4])
    x = gn.Input((width,), name=name)
    filled = d.put(gn.FillMissing(), x)
    if d.chance(0.5):
        filled = d.put(gn.Standardize(), filled)
    if d.chance(0.6):
        columns = sorted(d.pick.sample(range(width), d.pick.randint(1, width)))
        d.put(gn.Concatenate(), filled, d.put(gn.MissingIndicator(columns), x))
    array = d.rng.normal(size=(d.n_rows, width))
    array[d.rng.random(array.shape) < 0.3] = np.nan
    return x, array


def table(d, name):
    """Rows that are tables themselves."""
    x = d.keep(gn.Input((d.pick.choice([1, 2, 3]), d.pick.choice([1, 2, 4])), name=name))
    return x, in_some_form(d, d.rng.normal(size=(d.n_rows, *x.shape[1:])))


def codes(d, name):
    """Columns of codes, some of them unseen."""
    sizes = [d.pick.choice([1, 2, 3, 6]) for _ in range(d.pick.choice([1, 2, 3]))]
    x = gn.Input((len(sizes),), name=name, dtype="int64")
    if d.chance(0.5):
        d.put(gn.OneHot(sizes), x)
    else:
        d.put(d.embedding(max(sizes)), x)
    return x, d.rng.integers(-1, max(sizes) + 1, (d.n_rows, len(sizes)))


def code(d, name):
    """One code a row, looked up."""
    size = d.pick.choice([1, 2, 5])
    x = gn.Input((), name=name, dtype="int64")
    d.put(d.embedding(size), x)
    return x, d.rng.integers(-1, size + 1, d.n_rows)


def in_some_form(d, x):
    """The numbers as another kind, or lying otherwise: both engines read them where they lie."""
    form = d.pick.choice(["plain", "plain", "float32", "float16", "int", "columns", "strided"])
    if form == "int":
        return np.rint(x).astype(d.pick.choice(["int8", "int64", "bool"]))
    if form == "columns":
        return np.asfortranarray(x)
    if form == "strided":
        return np.repeat(x, 2, axis=0)[::2]
    return x if form == "plain" else x.astype(form)


INPUTS = (numbers, numbers, holes, table, codes, code)


def grow(d):
    """One more layer on values that are there."""
    x = d.pick.choice(d.unread if d.unread and d.chance(0.6) else d.values)
    fits = [layer for layer, width in d.shared if width == x.shape[-1]]
    kinds = ["dense"] * 4 + ["shared"] * 2 * bool(fits)
    sequence = ["positions", "attention", "attention", "block"] * (len(x.shape) == 3)
    more = [*PLAIN, *["more"] * 10, *sequence]
    kind = d.pick.choice([*kinds, "merge", "merge", "reshape", *more])
    if kind == "dense":
        d.put(d.dense(), x)
    elif kind == "shared":
        d.put(d.pick.choice(fits), x)
    elif kind == "merge":
        merge(d, x)
    elif kind == "reshape":
        reshape(d, x)
    elif kind in SEQUENCE:
        d.put(SEQUENCE[kind](d, x), x)
    elif kind == "more":
        put_more(d, x)
    else:
        d.put(PLAIN[kind](d), x)


PLAIN = {
    "activation": lambda d: gn.Activation(d.pick.choice([*ACTIVATIONS, bump])),
    "prelu": lambda d: gn.PReLU(),
    "dropout": lambda d: gn.Dropout(d.pick.choice([0.1, 0.5])),
    "standardize": lambda d: gn.Standardize(),
    "rescale": lambda d: gn.Rescale(),
    "own": lambda d: Scale(),
}


def positions(d, x):
    return gn.PositionalEmbedding() if x.shape[-1] % 2 else gn.PositionalEncoding()


def attention(d, x):
    heads, causal, rotary = d.pick.choice([1, 2]), d.chance(0.5), d.chance(0.3)
    return gn.MultiHeadAttention(heads, 2, causal=causal, rotary=rotary, use_bias=d.chance(0.7))


def block(d, x):
    return gn.TransformerBlock(
        d.pick.choice([1, 2]), 2, d.pick.choice([1, 3]), d.pick.choice(["relu", "gelu"]),
        norm_first=d.chance(0.7), epsilon=0.1,
    )  # fmt: skip


SEQUENCE = {"positions": positions, "attention": attention, "block": block}


def merge(d, x):
    """Two values in one: side by side, or of one shape for sums and products."""
    if d.chance(0.15):
        others = [v for v in d.values if v.shape == x.shape]
        d.put(gn.Distance(), x, d.pick.choice(others))
        return
    if d.chance(0.4):
        side = [v for v in d.values if v.shape[:-1] == x.shape[:-1]]
        d.put(gn.Concatenate(), x, d.pick.choice(side))
        return
    others = [v for v in d.values if v.shape == x.shape]
    other = d.pick.choice(others) if d.chance(0.5) else d.put(d.dense(x.shape[-1]), x)
    d.put(d.pick.choice([gn.Add, gn.Multiply])(), x, other)


def reshape(d, x):
    """The numbers of a row in another shape."""
    sizes = x.shape[1:]
    if len(sizes) > 1 and d.chance(0.7):
        d.put(gn.Flatten(), x)
        return
    count = math.prod(sizes)
    first = d.pick.choice([k for k in range(1, count + 1) if count % k == 0])
    d.put(gn.Reshape((first, d.pick.choice([-1, count // first]))), x)


def draw_graph(d):
    """(inputs, arrays, values to end in): every input leads to the first of the values."""
    names = [f"x{i + 1}" for i in range(d.pick.choice([1, 1, 1, 2, 3]))]
    pairs = [d.pick.choice(INPUTS)(d, name) for name in names]
    for _ in range(d.pick.randint(1, 7)):
        grow(d)
    loose = [v if len(v.shape) == 2 else d.put(gn.Flatten(), v) for v in list(d.unread)]
    whole = loose[0] if len(loose) == 1 else d.put(gn.Concatenate(), *loose)
    return [x for x, _ in pairs], [array for _, array in pairs], whole
