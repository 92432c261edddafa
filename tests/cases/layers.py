"""Layers that normalise, add noise, enlarge, pad and merge: each with its formula in NumPy.

(layer, shapes of its inputs, formula in training, formula in prediction or None for the same).
"""

import math

import numpy as np
from cases.augmentation import ROWS as AUGMENTATION

import glassnet as gn
from glassnet import graph as g

EPSILON = 1e-5
B = "B"


def drawn(op, shape, dtype="float64", **settings):
    """What a layer draws at seed 1 and step 3."""
    node = op(g.SEED, g.STEP, stream=0, shape=shape, dtype=dtype, **settings)
    return g.evaluate([node], {g.SEED: 1, g.STEP: 3})[0]


def standard(x, axis, epsilon=EPSILON):
    mean, variance = (f(axis=axis, keepdims=True) for f in (x.mean, x.var))
    return (x - mean) / np.sqrt(variance + epsilon)


def by_batch(x, scale, shift, mean, variance):
    return standard(x, tuple(range(x.ndim - 1))) * scale + shift


def by_running(x, scale, shift, mean, variance):
    return (x - mean) / np.sqrt(variance + EPSILON) * scale + shift


def by_layer(x, scale, shift):
    return standard(x, -1) * scale + shift


def by_group(groups):
    def formula(x, scale, shift):
        split = x.reshape(len(x), -1, groups, x.shape[-1] // groups)
        return standard(split, (1, 3)).reshape(x.shape) * scale + shift

    return formula


def by_root(epsilon):
    return lambda x, scale: x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * scale


def masked_channels(x):
    shape = (len(x), *[1] * (x.ndim - 2), x.shape[-1])
    return x * drawn(g.random_mask, shape, rate=0.4)


def masked_steps(x):
    return x * drawn(g.random_mask, (*x.shape[:2], 1), rate=0.4)


def noisy(x):
    return x + 0.3 * drawn(g.random_normal, x.shape)


def scaled_by_noise(x):
    return x * (1 + math.sqrt(0.4 / 0.6) * drawn(g.random_normal, x.shape))


def same(x):
    return x


def repeated(*sizes):
    def formula(x):
        for axis, size in enumerate(sizes, 1):
            x = np.repeat(x, size, axis)
        return x

    return formula


def bilinear(*sizes):
    """By a matrix for each axis, from where the middles of the new pixels lie."""

    def formula(x):
        for axis, size in enumerate(sizes, 1):
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ _weights(x.shape[axis], size), -1, axis)
        return x

    return formula


def _weights(count, size):
    found = np.zeros((count, count * size))
    for k in range(count * size):
        place = np.clip((k + 0.5) / size - 0.5, 0, count - 1)
        low = min(int(place), count - 1)
        found[low, k] += 1 - (place - low)
        found[min(low + 1, count - 1), k] += place - low
    return found


def padded(*widths):
    return lambda x: np.pad(x, ((0, 0), *widths, (0, 0)))


def cosine(x, y, axis=-1):
    lengths = [np.linalg.norm(v, axis=axis, keepdims=True) for v in (x, y)]
    return (x * y).sum(axis, keepdims=True) / (lengths[0] * lengths[1])


IMAGE = ((B, 3, 2, 4),)
# fmt: off
ROWS = [
    (gn.BatchNormalization(), ((B, 3),), by_batch, by_running),
    (gn.BatchNormalization(), ((B, 2, 3),), by_batch, by_running),
    (gn.BatchNormalization(0.5, EPSILON), IMAGE, by_batch, by_running),
    (gn.BatchNormalization(trainable=False), IMAGE, by_running, None),
    (gn.LayerNormalization(), ((B, 3),), by_layer, None),
    (gn.LayerNormalization(), ((B, 2, 3),), by_layer, None),
    (gn.GroupNormalization(2), ((B, 6),), by_group(2), None),
    (gn.GroupNormalization(2), IMAGE, by_group(2), None),
    (gn.GroupNormalization(4), IMAGE, by_group(4), None),
    (gn.GroupNormalization(1), ((B, 2, 3),), by_group(1), None),
    (gn.RMSNormalization(), ((B, 3),), by_root(2.0**-52), None),
    (gn.RMSNormalization(0.1), ((B, 2, 3),), by_root(0.1), None),
    (gn.SpatialDropout1D(0.4), ((B, 3, 4),), masked_channels, same),
    (gn.WordDropout(0.4), ((B, 3, 4),), masked_steps, same),
    (gn.SpatialDropout2D(0.4), IMAGE, masked_channels, same),
    (gn.SpatialDropout3D(0.4), ((B, 2, 2, 2, 3),), masked_channels, same),
    (gn.GaussianNoise(0.3), ((B, 3),), noisy, same),
    (gn.GaussianDropout(0.4), ((B, 2, 3),), scaled_by_noise, same),
    (gn.UpSampling1D(3), ((B, 2, 3),), repeated(3), None),
    (gn.UpSampling1D(1), ((B, 2, 3),), same, None),
    (gn.UpSampling2D(), IMAGE, repeated(2, 2), None),
    (gn.UpSampling2D((1, 3)), IMAGE, repeated(1, 3), None),
    (gn.UpSampling2D(2, "bilinear"), IMAGE, bilinear(2, 2), None),
    (gn.UpSampling2D((3, 4), "bilinear"), IMAGE, bilinear(3, 4), None),
    (gn.UpSampling2D(2, "bilinear"), ((B, 1, 3, 2),), bilinear(2, 2), None),
    (gn.UpSampling3D((1, 2, 3)), ((B, 2, 1, 2, 3),), repeated(1, 2, 3), None),
    (gn.ZeroPadding1D(), ((B, 2, 3),), padded((1, 1)), None),
    (gn.ZeroPadding1D((2, 0)), ((B, 2, 3),), padded((2, 0)), None),
    (gn.ZeroPadding2D((1, 2)), IMAGE, padded((1, 1), (2, 2)), None),
    (gn.ZeroPadding2D(((0, 1), (2, 0))), IMAGE, padded((0, 1), (2, 0)), None),
    (gn.ZeroPadding3D(), ((B, 1, 2, 1, 3),), padded((1, 1), (1, 1), (1, 1)), None),
    (gn.Cropping1D((1, 0)), ((B, 3, 2),), lambda x: x[:, 1:], None),
    (gn.Cropping2D(((1, 1), (0, 1))), IMAGE, lambda x: x[:, 1:-1, :-1], None),
    (gn.Cropping3D(((1, 0), (0, 0), (0, 1))), ((B, 2, 2, 2, 3),),
     lambda x: x[:, 1:, :, :-1], None),
    (gn.Subtract(), ((B, 3), (B, 3)), lambda x, y: x - y, None),
    (gn.Average(), ((B, 3), (B, 3), (B, 3)), lambda x, y, z: (x + y + z) / 3, None),
    (gn.Maximum(), ((B, 3), (B, 3), (B, 1)),
     lambda x, y, z: np.maximum(np.maximum(x, y), z), None),
    (gn.Minimum(), ((B, 2, 3), (B, 2, 3)), np.minimum, None),
    (gn.Dot(1), ((B, 3), (B, 3)), lambda x, y: (x * y).sum(-1, keepdims=True), None),
    (gn.Dot((2, 2)), ((B, 2, 3), (B, 4, 3)), lambda x, y: x @ y.swapaxes(1, 2), None),
    (gn.Dot((-1, 1)), ((B, 2, 3), (B, 3)), lambda x, y: (x @ y[:, :, None])[:, :, 0], None),
    (gn.Dot(-1, normalize=True), ((B, 3), (B, 3)), cosine, None),
    (gn.CosineSimilarity(), ((B, 3), (B, 3)), cosine, None),
    (gn.CosineSimilarity(axis=1), ((B, 3, 2), (B, 3, 2)), lambda x, y: cosine(x, y, 1), None),
    *AUGMENTATION,
]
# fmt: on
