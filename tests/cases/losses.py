"""The table of losses: one row for each way of using one. Tests and comparisons read it.

A row says what the target is, how the output p is made of a leaf x, and gives the textbook's
formula in plain NumPy, (y, p) -> one number a row.
"""

import itertools
from typing import Any, NamedTuple

import numpy as np
from cases.ops import BATCH

from glassnet import graph as g
from glassnet import losses
from glassnet.program import target_spec

K = 3  # outputs, or classes
PATHS = [list(path) for path in itertools.product(range(K), repeat=4)]  # of CTC, over 4 steps
SPELT = [[1, 2], [1, 1], [2], [], [2, 1]]  # labels of five rows


def _labels(rng, shape):
    return np.eye(K)[rng.integers(0, K, shape[:-1])]


def _shares(rng, shape):
    drawn = rng.uniform(0.1, 1, shape)
    return drawn / drawn.sum(-1, keepdims=True)


def _spelt(length):
    filled = [[*labels, *[-1] * (length - len(labels))] for labels in SPELT]
    return lambda rng, shape: np.array(filled)[: shape[0]]


TARGETS = {
    "number": lambda rng, shape: rng.normal(size=shape),
    "count": lambda rng, shape: rng.integers(0, 4, shape).astype(float),
    "yes": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "sign": lambda rng, shape: 2.0 * rng.integers(0, 2, shape) - 1,
    "labels": _labels,
    "shares": _shares,
    "place": lambda rng, shape: rng.integers(0, shape[-1], shape[:-1]),
    "spelt": _spelt(4),
    "spelt by 2": _spelt(2),
    "class": lambda rng, shape: rng.integers(0, K, shape[:-1]),
}


class Output(NamedTuple):
    """How p is made, how its leaf is drawn, and the ends that the leaf may be pushed to."""

    make: Any = lambda x: x
    draw: Any = lambda rng, shape: rng.normal(size=shape)
    ends: tuple = (-1e4, 1e4)


OUTPUTS = {
    "linear": Output(),
    "sigmoid": Output(g.sigmoid),
    "softmax": Output(g.softmax),
    "softplus": Output(g.softplus),
    "exp": Output(g.exp, ends=(-1e4, 40)),
    "probability": Output(draw=lambda rng, shape: rng.uniform(0.05, 0.95, shape), ends=(0, 1)),
    "shares": Output(draw=_shares, ends=(0, 1)),
}


class Row(NamedTuple):
    """One way of using a loss."""

    about: str
    loss: losses.Loss
    target: str
    output: str
    textbook: Any
    shape: tuple = ("B", K)

    def __str__(self):
        return f"{self.loss.name}{': ' * bool(self.about)}{self.about}"

    def make(self, dtype="float64"):
        """(y, p, its leaf x, values): the same values at every call."""
        rng = np.random.default_rng(sum(map(ord, str(self))))
        sizes = (BATCH, *self.shape[1:])
        x = g.input("x", self.shape, dtype)
        spec = target_spec(self.loss, x.spec)
        y = g.input("y", spec.shape, spec.dtype)
        drawn = {y: TARGETS[self.target](rng, sizes), x: OUTPUTS[self.output].draw(rng, sizes)}
        values = {leaf: value.astype(leaf.dtype) for leaf, value in drawn.items()}
        return y, OUTPUTS[self.output].make(x), x, values


def mean(values):
    """The mean of each row."""
    return values.reshape(len(values), -1).mean(1)


def cross_entropy(y, p):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def hot(y):
    return np.eye(K)[y]


def huber(delta):
    def formula(y, p):
        e = np.abs(p - y)
        return mean(np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)))

    return formula


def smooth(y, share, classes=K):
    return (1 - share) * y + share / classes


def focal(gamma, alpha):
    """Lin et al., 2017, equation 5."""

    def formula(y, p):
        of_true = np.where(y == 1, p, 1 - p)
        weight = 1 if alpha is None else np.where(y == 1, alpha, 1 - alpha)
        return mean(-weight * (1 - of_true) ** gamma * np.log(of_true))

    return formula


def squares(y, p):
    return mean((y - p) ** 2)


def quantile(q):
    return lambda y, p: mean(np.where(y > p, q * (y - p), (1 - q) * (p - y)))


def binary(y, p):
    return mean(cross_entropy(y, p))


def categorical(y, p):
    return mean(-(y * np.log(p / p.sum(-1, keepdims=True))).sum(-1))


def cosine(y, p):
    lengths = np.linalg.norm(y, axis=-1) * np.linalg.norm(p, axis=-1)
    return mean(-(y * p).sum(-1) / lengths)


def contrastive(y, d):
    """Hadsell et al., 2006, equation 4, with Y = 1 - y."""
    return mean(y * d**2 / 2 + (1 - y) * np.maximum(0, 1 - d) ** 2 / 2)


def triplet(margin):
    """Schroff et al., 2015, equation 3, of every distance beside the y-th."""

    def formula(y, d):
        rows = zip(y.ravel(), d.reshape(-1, d.shape[-1]), strict=True)
        found = [np.mean(np.maximum(r[at] - np.delete(r, at) + margin, 0)) for at, r in rows]
        return mean(np.reshape(found, y.shape))

    return formula


def spelling(y, p):
    """Graves et al., 2006, equation 3: the chances of all paths that spell y, added up."""
    chances = [np.prod(p[:, range(4), path], axis=1) for path in PATHS]  # (paths, B)
    spelt = [[c for c, _ in itertools.groupby(path) if c] for path in PATHS]
    wanted = [[label for label in labels if label > 0] for labels in y.tolist()]
    return np.array([
        -np.log(sum(chance[b] for chance, labels in zip(chances, spelt, strict=True)
                    if labels == right))
        for b, right in enumerate(wanted)
    ])  # fmt: skip


def row(about, loss, target, output, textbook, *, shape=("B", K)):
    return Row(about, loss, target, output, textbook, shape)


L = losses
IMAGE, SEQUENCE, COLUMN = ("B", 2, 2, K), ("B", 4, K), ("B", 1)
# fmt: off
ROWS = [
    row("", L.SumSquaredError(), "number", "linear", lambda y, p: ((y - p) ** 2).sum(1)),
    row("", L.MeanSquaredError(), "number", "linear", squares),
    row("an image", L.MeanSquaredError(), "number", "linear", squares, shape=IMAGE),
    row("a sigmoid", L.MeanSquaredError(), "yes", "sigmoid", squares, shape=COLUMN),
    row("", L.MeanAbsoluteError(), "number", "linear", lambda y, p: mean(np.abs(y - p))),
    row("", L.Huber(), "number", "linear", huber(1)),
    row("delta", L.Huber(0.3), "number", "linear", huber(0.3)),
    row("median", L.Quantile(), "number", "linear", quantile(0.5)),
    row("upper", L.Quantile(0.9), "number", "linear", quantile(0.9)),
    row("", L.LogCosh(), "number", "linear", lambda y, p: mean(np.log(np.cosh(p - y)))),

    row("softplus", L.Poisson(), "count", "softplus", lambda y, p: mean(p - y * np.log(p))),
    row("exp", L.Poisson(), "count", "exp", lambda y, p: mean(p - y * np.log(p))),

    row("", L.BinaryCrossentropy(), "yes", "sigmoid", binary, shape=COLUMN),
    row("several", L.BinaryCrossentropy(), "yes", "sigmoid", binary),
    row("between", L.BinaryCrossentropy(), "shares", "sigmoid", binary),
    row("smooth", L.BinaryCrossentropy(0.2), "yes", "sigmoid",
        lambda y, p: binary(smooth(y, 0.2, classes=2), p)),
    row("of a probability", L.BinaryCrossentropy(), "yes", "probability", binary),

    row("", L.CategoricalCrossentropy(), "labels", "softmax", categorical),
    row("shares", L.CategoricalCrossentropy(), "shares", "softmax", categorical),
    row("sequence", L.CategoricalCrossentropy(), "labels", "softmax", categorical, shape=SEQUENCE),
    row("smooth", L.CategoricalCrossentropy(0.1), "labels", "softmax",
        lambda y, p: categorical(smooth(y, 0.1), p)),
    row("of shares", L.CategoricalCrossentropy(), "labels", "shares", categorical),

    row("", L.SparseCategoricalCrossentropy(), "class", "softmax",
        lambda y, p: categorical(hot(y), p)),
    row("sequence", L.SparseCategoricalCrossentropy(), "class", "softmax",
        lambda y, p: categorical(hot(y), p), shape=SEQUENCE),
    row("smooth", L.SparseCategoricalCrossentropy(0.1), "class", "softmax",
        lambda y, p: categorical(smooth(hot(y), 0.1), p)),
    row("of shares", L.SparseCategoricalCrossentropy(), "class", "shares",
        lambda y, p: categorical(hot(y), p)),

    row("", L.Focal(), "yes", "sigmoid", focal(2, 0.25)),
    row("gamma 0", L.Focal(gamma=0, alpha=None), "yes", "sigmoid", binary),
    row("gamma 1/2", L.Focal(gamma=0.5, alpha=0.7), "yes", "sigmoid", focal(0.5, 0.7)),
    row("of a probability", L.Focal(gamma=3), "yes", "probability", focal(3, 0.25)),

    row("", L.Hinge(), "sign", "linear", lambda y, p: mean(np.maximum(0, 1 - y * p))),
    row("", L.KlDivergence(), "shares", "softmax", lambda y, p: (y * np.log(y / p)).sum(1)),
    row("labels", L.KlDivergence(), "labels", "softmax", categorical),
    row("of shares", L.KlDivergence(), "labels", "shares", categorical),
    row("", L.CosineSimilarity(), "number", "linear", cosine),
    row("sequence", L.CosineSimilarity(), "number", "linear", cosine, shape=SEQUENCE),
    row("", L.Contrastive(), "yes", "softplus", contrastive, shape=COLUMN),
    row("several", L.Contrastive(), "yes", "softplus", contrastive),
    row("", L.CTC(), "spelt", "softmax", spelling, shape=SEQUENCE),
    row("length", L.CTC(length=2), "spelt by 2", "softmax", spelling, shape=SEQUENCE),
    row("of shares", L.CTC(length=2), "spelt by 2", "shares", spelling, shape=SEQUENCE),
    row("", L.Triplet(), "place", "softplus", triplet(1), shape=("B", 2)),
    row("margin", L.Triplet(0.2), "place", "softplus", triplet(0.2), shape=("B", 2)),
    row("of several", L.Triplet(0.5), "place", "softplus", triplet(0.5), shape=SEQUENCE),
]
# fmt: on
