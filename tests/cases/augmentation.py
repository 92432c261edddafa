"""Layers that augment images: each with its formula as plain loops over pixels.

(layer, shapes of its inputs, formula in training, formula in prediction), as in `layers`.
"""

import math

import numpy as np

import glassnet as gn
from glassnet import graph as g

B = "B"


def drawn(low, high, n, dims=3, dtype="float64"):
    """What a layer draws for n images at seed 1 and step 3."""
    node = g.random_between(g.SEED, g.STEP, low=low, high=high, stream=0,
                            shape=(n, *[1] * (dims - 1)), dtype=dtype)  # fmt: skip
    return g.evaluate([node], {g.SEED: 1, g.STEP: 3})[0].reshape(n)


def pixel(image, i, j, fill):
    """The pixel at a whole place, perhaps beside the image."""
    height, width = image.shape[:2]
    if fill == "reflect":
        i, j = mirrored(i, height), mirrored(j, width)
    elif fill == "nearest":
        i, j = min(max(i, 0), height - 1), min(max(j, 0), width - 1)
    elif not (0 <= i < height and 0 <= j < width):
        return np.full(image.shape[-1], float(fill))
    return image[i, j]


def mirrored(i, n):
    i %= 2 * n
    return i if i < n else 2 * n - 1 - i


def between(image, row, column, fill):
    """The number between four pixels."""
    i, j = math.floor(row), math.floor(column)
    v, u = row - i, column - j
    return sum(
        shares * pixel(image, i + down, j + right, fill)
        for down, right, shares in ((0, 0, (1 - v) * (1 - u)), (0, 1, (1 - v) * u),
                                    (1, 0, v * (1 - u)), (1, 1, v * u))
    )  # fmt: skip


def read(x, places, fill):
    """places(n, i, j) of image n: from where its pixel i, j comes, counted from the middle."""
    h = np.zeros_like(x)
    middle = (np.array(x.shape[1:3]) - 1) / 2
    for n, i, j in np.ndindex(x.shape[:3]):
        row, column = np.array(places(n, i - middle[0], j - middle[1])) + middle
        h[n, i, j] = between(x[n], row, column, fill)
    return h


def moved(down, right, fill):
    def formula(x):
        height, width = x.shape[1:3]
        rows = drawn(-down * height, down * height, len(x))
        columns = drawn(-right * width, right * width, len(x))
        return read(x, lambda n, i, j: (i - rows[n], j - columns[n]), fill)

    return formula


def turned(turns, fill):
    """Counter-clockwise: what stands to the right of the middle comes to stand above it."""

    def formula(x):
        angle = drawn(-float(f"{2 * math.pi * turns:.6g}"),
                      float(f"{2 * math.pi * turns:.6g}"), len(x))  # fmt: skip
        c, s = np.cos(angle), np.sin(angle)
        return read(x, lambda n, i, j: (c[n] * i + s[n] * j, c[n] * j - s[n] * i), fill)

    return formula


def zoomed(tall, wide, fill):
    def formula(x):
        a, b = drawn(1 - tall, 1 + tall, len(x)), drawn(1 - wide, 1 + wide, len(x))
        return read(x, lambda n, i, j: (a[n] * i, b[n] * j), fill)

    return formula


def flipped(*axes):
    def formula(x):
        x = x.copy()
        for n in np.flatnonzero(drawn(0, 1, len(x)) < 0.5):
            x[n] = np.flip(x[n], axes)
        return x

    return formula


def cropped(height, width):
    def formula(x):
        top, left = (
            np.floor(drawn(0, whole - part + 1, len(x))).astype(int)
            for whole, part in zip(x.shape[1:3], (height, width), strict=True)
        )
        return np.stack([x[n, i : i + height, j : j + width]
                         for n, (i, j) in enumerate(zip(top, left, strict=True))])  # fmt: skip

    return formula


def middle(x, height, width):
    i, j = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    return x[:, i : i + height, j : j + width]


def brighter(factor, low, high):
    def formula(x):
        change = drawn(-factor * (high - low), factor * (high - low), len(x))
        return np.clip(x + change[:, None, None, None], low, high)

    return formula


def contrasted(factor, low, high):
    def formula(x):
        gain = drawn(1 - factor, 1 + factor, len(x))[:, None, None, None]
        mean = x.mean(axis=(1, 2), keepdims=True)
        return np.clip(mean + gain * (x - mean), low, high)

    return formula


def erased(factor, scale, fill):
    def formula(x):
        h = x.copy()
        H, W = x.shape[1:3]
        area, place = drawn(*scale, len(x)), drawn(0, 1, len(x))
        slim = np.exp(drawn(-1.09861, 1.09861, len(x)))
        for n in np.flatnonzero(place < factor):
            tall = H * min(math.sqrt(area[n] * slim[n]), 1)
            wide = W * min(math.sqrt(area[n] / slim[n]), 1)
            top, left = (H - tall) * place[n], (W - wide) * place[n]
            for i, j in np.ndindex(H, W):
                if top <= i + 0.5 < top + tall and left <= j + 0.5 < left + wide:
                    h[n, i, j] = fill
        return h

    return formula


def mixed(alpha):
    def formula(x):
        share = drawn(0, 1, len(x)) ** (1 / alpha) / 2
        return np.stack([(1 - s) * x[n] + s * x[n - 1] for n, s in enumerate(share)])

    return formula


def same(x):
    return x


IMAGE = ((B, 4, 5, 2),)
# fmt: off
ROWS = [
    (gn.RandomFlip("horizontal"), IMAGE, flipped(1), same),
    (gn.RandomFlip("vertical"), IMAGE, flipped(0), same),
    (gn.RandomFlip(), IMAGE, flipped(0, 1), same),
    (gn.RandomTranslation(0.3, 0.7), IMAGE, moved(0.3, 0.7, "reflect"), same),
    (gn.RandomTranslation(0.5, 0.1, "nearest"), IMAGE, moved(0.5, 0.1, "nearest"), same),
    (gn.RandomTranslation(0.5, 0.5, "constant", 2), IMAGE, moved(0.5, 0.5, 2), same),
    (gn.RandomRotation(0.3), IMAGE, turned(0.3, "reflect"), same),
    (gn.RandomRotation(0.4, "nearest"), IMAGE, turned(0.4, "nearest"), same),
    (gn.RandomRotation(0.1, "constant"), IMAGE, turned(0.1, 0), same),
    (gn.RandomRotation(0.2), ((B, 1, 4, 1),), turned(0.2, "reflect"), same),
    (gn.RandomZoom(0.5), IMAGE, zoomed(0.5, 0.5, "reflect"), same),
    (gn.RandomZoom(0.2, 0.6, "nearest"), IMAGE, zoomed(0.2, 0.6, "nearest"), same),
    (gn.RandomZoom(0.7, fill_mode="constant", fill_value=-1), IMAGE, zoomed(0.7, 0.7, -1), same),
    (gn.RandomCrop(2, 4), IMAGE, cropped(2, 4), lambda x: middle(x, 2, 4)),
    (gn.RandomCrop(4, 2), IMAGE, cropped(4, 2), lambda x: middle(x, 4, 2)),
    (gn.RandomCrop(4, 5), IMAGE, same, same),
    (gn.RandomBrightness(0.3), IMAGE, brighter(0.3, 0, 1), same),
    (gn.RandomBrightness(0.2, (-3, 3)), IMAGE, brighter(0.2, -3, 3), same),
    (gn.RandomContrast(0.5, (-1, 2)), IMAGE, contrasted(0.5, -1, 2), same),
    (gn.RandomErasing(1.0, (0.1, 0.6), 0.5), IMAGE, erased(1, (0.1, 0.6), 0.5), same),
    (gn.RandomErasing(0.5), IMAGE, erased(0.5, (0.02, 0.33), 0), same),
    (gn.MixUp(0.5), IMAGE, mixed(0.5), same),
    (gn.MixUp(), ((B, 3),), mixed(0.2), same),
]
# fmt: on
