"""The stages of a network in JAX: (weights by name, what arrives, *numbers) -> what leaves.

Images have the channels last, which XLA's convolutions on CPUs take as they are. Running figures
of batch normalisation are not kept: it spares JAX a few numbers a step.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

UNROLL = 5  # steps of a sequence written out in the loop
QKV = "query", "key", "value"


def packed(weights):
    """Attention's three projections of the same input as one."""
    if "query_weight" not in weights:
        return weights
    rest = {k: v for k, v in weights.items() if k.split("_")[0] not in QKV}
    for part in ("weight", "bias"):
        together = [weights[f"{name}_{part}"] for name in QKV]
        rest[f"qkv_{part}"] = np.concatenate(together, axis=-1)
    return rest


def convolved(a, weight, padding, stride=1):
    return jax.lax.conv_general_dilated(
        a, weight, (stride, stride), [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip


def conv(w, a, filters, kernel, padding):
    return jax.nn.relu(convolved(a, w["weight"], padding) + w["bias"])


def normal(w, name, a, padding, stride=1):
    """A convolution and batch normalisation; both moments in one pass, as Flax finds them."""
    z = convolved(a, w[f"{name}weight"], padding, stride)
    mean, square = z.mean(axis=(0, 1, 2)), (z * z).mean(axis=(0, 1, 2))
    factor = w[f"{name}scale"] * jax.lax.rsqrt(square - mean * mean + 1e-5)
    return (z - mean) * factor + w[f"{name}shift"]


def conv_norm(w, a, filters, kernel, padding):
    return jax.nn.relu(normal(w, "", a, padding))


def residual(w, a, filters, stride):
    inner = jax.nn.relu(normal(w, "first_", a, 1, stride))
    inner = normal(w, "second_", inner, 1)
    shortcut = normal(w, "shortcut_", a, 0, stride) if "shortcut_weight" in w else a
    return jax.nn.relu(inner + shortcut)


def maxima(w, a):
    return jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def mean(w, a):
    return a.mean(axis=tuple(range(1, a.ndim - 1)))


def lstm(w, x, units):
    def cell(state, z):
        h, c = state
        i, f, g, o = jnp.split(z + h @ w["recurrent_weight"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), units))
    z = x @ w["weight"] + w["bias"]
    return jax.lax.scan(cell, (zeros, zeros), z.swapaxes(0, 1), unroll=UNROLL)[0][0]


def gru(w, x, units):
    def cell(h, z):
        r, u, n = jnp.split(h @ w["recurrent_weight"] + w["recurrent_bias"], 3, axis=-1)
        zr, zu, zn = jnp.split(z, 3, axis=-1)
        u = jax.nn.sigmoid(zu + u)
        n = jnp.tanh(zn + jax.nn.sigmoid(zr + r) * n)
        return (1 - u) * n + u * h, None

    z = x @ w["weight"] + w["bias"]
    zeros = jnp.zeros((len(x), units))
    return jax.lax.scan(cell, zeros, z.swapaxes(0, 1), unroll=UNROLL)[0]


def transformer(w, x, heads, hidden):
    size = x.shape[-1] // heads

    def dense(x, name):
        return x @ w[f"{name}_weight"] + w[f"{name}_bias"]

    def layer_norm(x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        return centred / deviation * w[f"{name}_scale"] + w[f"{name}_shift"]

    def split(x):
        return x.reshape(len(x), -1, heads, size).swapaxes(1, 2)

    q, k, v = map(split, jnp.split(dense(layer_norm(x, "attention"), "qkv"), 3, axis=-1))
    p = jax.nn.softmax(q @ k.swapaxes(-1, -2) / size**0.5)
    x = x + dense((p @ v).swapaxes(1, 2).reshape(x.shape), "output")
    up = jax.nn.relu(dense(layer_norm(x, "feed_forward"), "up"))
    return x + dense(up, "down")


STAGES = {
    "conv": conv,
    "conv_norm": conv_norm,
    "residual": residual,
    "max": maxima,
    "mean": mean,
    "lstm": lstm,
    "gru": gru,
    "transformer": transformer,
}
