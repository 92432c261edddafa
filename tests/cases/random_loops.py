"""Loops drawn at random: a layer whose step is some formula of what it carries and what arrives."""

import numpy as np

import glassnet as gn
from glassnet import graph as g

T, I = 4, 3  # noqa: E741 - the shape letters of the project


class RandomLoop(gn.Layer):
    """The same formula for the same seed."""

    seed_: int = 0

    def parameters(self, x):
        return {"w": gn.Parameter((I, I), "glorot_uniform"), "v": gn.Parameter((I,), "normal")}

    def formula(self, x, w, v):
        rng = np.random.default_rng(self.seed_)
        n = int(rng.integers(1, 4))
        starts = [g.stretch(0.1 * k, (x.shape[0], I), x.dtype) for k in range(n)]
        if rng.random() < 0.3:
            starts[0] = x[:, 0] * v
        sequences = [x, g.tanh(x @ w)][: int(rng.integers(1, 3))]

        def step(*values):
            known = [*values, v]
            for _ in range(int(rng.integers(1, 7))):
                known.append(drawn(rng, known, w))
            rows = [one for one in known if one.is_batched]
            following = [rows[int(rng.integers(len(rows)))] for _ in range(n)]
            outputs = [rows[-1], rows[int(rng.integers(len(rows)))]]
            return following, outputs

        names = [f"s{k}" for k in range(n)] + ["x", "y"][: len(sequences)]
        lasts, every = g.scan(step, starts, sequences, names=names,
                              backwards=bool(rng.random() < 0.4))  # fmt: skip
        kept = [g.sum(one, axis=1) for one in every[: int(rng.integers(1, 3))]]
        return g.concatenate(*lasts[: int(rng.integers(1, n + 1))], *kept)


def drawn(rng, known, w):
    """One more value of a step, some of them under names."""
    a, b = (known[int(i)] for i in rng.integers(len(known), size=2))
    kind = int(rng.integers(7))
    if not a.is_batched and not b.is_batched:
        a = known[0]
    if kind == 0:
        value = g.tanh(a + b)
    elif kind == 1:
        value = 0.5 * a * b
    elif kind == 2:
        value = g.sigmoid(a) - b
    elif kind == 3:
        rows = a if a.is_batched else known[0]
        value = g.tanh(rows @ w)
    elif kind == 4:
        value = g.where(a > b, a, 0.5 * b)
    elif kind == 5:
        rows = a if a.is_batched else known[0]
        value = g.concatenate(rows[:, 1:], g.tanh(rows[:, :1]))
    else:
        value = 1 - a * 0.3 + 0 * known[0]
    return value.named(str(rng.choice(["s0", "s1", "z", "h"]))) if rng.random() < 0.4 else value


def network(seed):
    """A network around a loop, with rows and targets for it."""
    rng = np.random.default_rng(seed)
    layers = [RandomLoop(seed), gn.Dense(2)]
    net = gn.Network(layers, input_shape=(T, I), dtype="float64", seed=seed)
    return net, rng.normal(size=(6, T, I)), rng.normal(size=(6, 2))


def interpreted(net, x):
    """What the network predicts, by the graph alone: no names, no order of lines."""
    leaf = g.input("x", ("B", T, I), "float64")
    own = {name: g.parameter(name, (I, I) if name == "w" else (I,), "float64") for name in "wv"}
    found = net.layers["random_loop"].formula(leaf, **own)
    values = {leaf: x, **{node: net.parameters[f"random_loop.{k}"] for k, node in own.items()}}
    h = g.evaluate([found], values, len(x))[0]
    return h @ net.parameters["dense.weight"] + net.parameters["dense.bias"]
