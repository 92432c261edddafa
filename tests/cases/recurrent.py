"""Recurrent layers in plain NumPy, step by step and word by word as their docstrings have them."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn(x, w, u, b, h=None, mask=None):
    def step(h, x):
        return (np.tanh(x @ w + h @ u + b),)

    return every(step, x, (_zeros(x, u) if h is None else h,), mask)


def lstm(x, w, u, b, h=None, c=None, mask=None):
    def step(h, c, x):
        return lstm_step(h, c, x @ w + b, u)

    zeros = _zeros(x, u)
    return every(step, x, (zeros if h is None else h, zeros if c is None else c), mask)


def lstm_step(h, c, xw, u):
    """(h, c) of the next step."""
    i, f, g, o = np.split(xw + h @ u, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x, w, u, b, bu, h=None, mask=None):
    def step(h, x):
        xr, xz, xn = np.split(x @ w + b, 3, axis=-1)
        hr, hz, hn = np.split(h @ u + bu, 3, axis=-1)
        z = sigmoid(xz + hz)
        return ((1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * h,)

    return every(step, x, (_zeros(x, u) if h is None else h,), mask)


def every(step, x, states, mask):
    """The first state of every step, (B, T, O)."""
    found = []
    for t in range(x.shape[1]):
        new = step(*states, x[:, t])
        if mask is not None:
            new = [np.where(mask[:, t, None], a, b) for a, b in zip(new, states, strict=True)]
        states = new
        found.append(states[0])
    return np.stack(found, axis=1)


def backwards(layer):
    """The same through the sequence from its end; the states stand where their inputs do."""
    return lambda x, *arrays: layer(x[:, ::-1], *arrays)[:, ::-1]


def _zeros(x, u):
    return np.zeros((len(x), len(u)), x.dtype)
