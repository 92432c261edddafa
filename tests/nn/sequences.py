"""Attention and the transformer block in plain NumPy, row by row and head by head."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


def waves(T, F):
    """Vaswani et al., 2017, section 3.5."""
    found = np.zeros((T, F))
    for t in range(T):
        for i in range(F // 2):
            angle = t / 10000 ** (2 * i / F)
            found[t, 2 * i], found[t, 2 * i + 1] = np.sin(angle), np.cos(angle)
    return found


def turned(x):
    """Su et al., 2021, as products of complex numbers: x (T, D), its pairs are (i, i + D / 2)."""
    T, D = x.shape
    pairs = x[:, : D // 2] + 1j * x[:, D // 2 :]
    angles = np.arange(T)[:, None] * 10000.0 ** (-np.arange(D // 2) * 2 / D)
    pairs = pairs * np.exp(1j * angles)
    return np.concatenate([pairs.real, pairs.imag], axis=1)


def one_head(q, k, v, visible):
    """q (T, D), k (S, D), v (S, V), visible (T, S); a query that sees nothing takes nothing."""
    found = np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        seen = np.flatnonzero(visible[t])
        if len(seen):
            e = np.exp(k[seen] @ q[t] / np.sqrt(q.shape[1]))
            found[t] = e / e.sum() @ v[seen]
    return found


@dataclass
class Attention:
    """What gn.MultiHeadAttention computes from its inputs and then its parameters."""

    heads: int
    groups: int = 0
    causal: bool = False
    masked: bool = False
    rotary: bool = False
    bias: bool = True

    def __call__(self, *arrays):
        n = 8 if self.bias else 4
        inputs, parameters = arrays[:-n], arrays[-n:]
        mask = inputs[-1] if self.masked else None
        sequences = inputs[: len(inputs) - self.masked]
        query, value, key = (*sequences, *sequences[-1:] * 2)[:3]
        return self.of(query, value, key, mask, parameters)

    def of(self, query, value, key, mask, parameters):
        if self.bias:
            weights, biases = parameters[::2], parameters[1::2]
        else:
            weights, biases = parameters, [0] * 4
        q, k, v = (
            x @ w + b for x, w, b in zip((query, key, value), weights[:3], biases[:3], strict=True)
        )
        found = [
            self._row(q[b], k[b], v[b], None if mask is None else mask[b]) for b in range(len(q))
        ]
        return np.stack(found) @ weights[3] + biases[3]

    def _row(self, q, k, v, mask):
        visible = np.ones((len(q), len(k)), bool)
        if self.causal:
            visible = np.tril(visible)
        if mask is not None:
            visible &= mask != 0
        groups = self.groups or self.heads
        qs, ks, vs = (
            np.split(x, n, axis=1) for x, n in ((q, self.heads), (k, groups), (v, groups))
        )
        turn = turned if self.rotary else np.asarray
        found = []
        for i in range(self.heads):
            of = i // (self.heads // groups)
            found.append(one_head(turn(qs[i]), turn(ks[of]), vs[of], visible))
        return np.concatenate(found, axis=1)


def gelu(x):
    return x * ndtr(x)


def normalized(x, scale, shift):
    variance = x.var(axis=-1, keepdims=True)
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + 1e-5) * scale + shift


def block(heads, activation=gelu, *, norm_first=True, masked=False, **settings):
    """What gn.TransformerBlock computes."""
    attention = Attention(heads, **settings)

    def formula(x, *arrays):
        mask, arrays = (arrays[0], arrays[1:]) if masked else (None, arrays)
        n = 8 if attention.bias else 4
        first, mine, second, dense = (
            arrays[:2],
            arrays[2 : 2 + n],
            arrays[2 + n : 4 + n],
            arrays[4 + n :],
        )
        up, b, down, c = dense if attention.bias else (dense[0], 0, dense[1], 0)

        def attend(h):
            return attention.of(h, h, h, mask, mine)

        def feed(h):
            return activation(h @ up + b) @ down + c

        for branch, norm in ((attend, first), (feed, second)):
            x = x + branch(normalized(x, *norm)) if norm_first else normalized(x + branch(x), *norm)
        return x

    return formula
