import math

import numpy as np


def windows2d(x, size):
    """Every window of x, as a view: nothing is copied."""
    # view[n, i, j, c, k, l] is x[n, i + k, j + l, c]
    return np.lib.stride_tricks.sliding_window_view(x, size, (1, 2), writeable=True)


def conv2d(x, w):
    """w slides over x: each window times w, summed over its places and channels."""
    parts = windows2d(x, w.shape[:2])  # (n, i, j, c, k, l)
    return np.einsum("nijckl,klco->nijo", parts, w, optimize=True)


def philox(count, seed, stream, t, use=0):
    """Random 64-bit words for the step t, always the same for the same seed, stream and use."""
    key = np.array([seed, stream], np.uint64)
    return np.random.Philox(key=key, counter=[0, t, 0, use]).random_raw(count)


def fractions(words, dtype):
    """The highest bits of each word as a number in [0, 1): 24 bits, in float64 53."""
    bits = 24 if dtype == np.float32 else 53
    return ((words >> np.uint64(64 - bits)) * dtype(2.0**-bits)).astype(dtype)


def uniform(shape, dtype, seed, stream, t):
    """Numbers in [0, 1), drawn anew at each step t."""
    return fractions(philox(math.prod(shape), seed, stream, t), dtype).reshape(shape)


def drawn(low, high, shape, dtype, seed, stream, t):
    """Numbers from low up to high, drawn anew at each step t."""
    return low + (high - low) * uniform(shape, dtype, seed, stream, t)


def neighbours(places, count):
    """The pixels before and behind each place, and how far it lies between them."""
    places = np.clip(places, 0, count - 1)
    first = np.minimum(np.floor(places), max(count - 2, 0))
    second = np.minimum(first + 1, count - 1)
    return first.astype(int), second.astype(int), (places - first)[..., None]


def bilinear(x, rows, columns):
    """Images x (B, H, W, C) read between pixels, at rows and columns (B, H', W') from 0."""
    n = np.arange(len(x))[:, None, None]
    i, i2, v = neighbours(rows, x.shape[1])
    j, j2, u = neighbours(columns, x.shape[2])
    above = x[n, i, j] + u * (x[n, i, j2] - x[n, i, j])
    below = x[n, i2, j] + u * (x[n, i2, j2] - x[n, i2, j])
    return above + v * (below - above)


def inside(rows, columns, size):
    """How much of each place lies on the image: 1, at the border less, beside it 0."""
    v = np.clip(np.minimum(rows + 1, size[0] - rows), 0, 1)
    u = np.clip(np.minimum(columns + 1, size[1] - columns), 0, 1)
    return (v * u)[..., None]


def resample(x, rows, columns, fill):
    """The images x read at these places, and beside an image as fill says."""
    if fill == "nearest":
        return bilinear(x, rows, columns)
    return fill + inside(rows, columns, x.shape[1:3]) * (bilinear(x, rows, columns) - fill)


def from_middle(x):
    """Rows and columns of the pixels, counted from the middle of the images x (B, H, W, C)."""
    i, j = (np.arange(n, dtype=x.dtype) - (n - 1) / 2 for n in x.shape[1:3])
    return i[:, None], j


def to_middle(x, rows, columns):
    """Rows and columns that count from the middle of the images, as those that count from 0."""
    return rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2


def translation(x, down, right):
    """Where the pixels of the shifted images lie in the images x."""
    i, j = from_middle(x)
    return to_middle(x, i - down, j - right)


def translate(x, down, right, fill):
    """Each image shifted by its numbers of pixels, each (B, 1, 1)."""
    return resample(x, *translation(x, down, right), fill)


def zooming(x, tall, wide):
    """Where the pixels of the zoomed images lie in the images x."""
    i, j = from_middle(x)
    return to_middle(x, tall * i, wide * j)


def zoom(x, tall, wide, fill):
    """Each pixel shows what lies tall or wide times as far from the middle, each (B, 1, 1)."""
    return resample(x, *zooming(x, tall, wide), fill)


def erase(x, top, left, height, width, fill):
    """Each image (B, H, W, C) with a rectangle filled: the pixels whose middle lies in it."""
    i, j = np.arange(x.shape[1])[:, None] + 0.5, np.arange(x.shape[2]) + 0.5
    rows = (i >= top) & (i < top + height)
    columns = (j >= left) & (j < left + width)
    return np.where((rows & columns)[..., None], x.dtype.type(fill), x)


def bilinear_input(g, rows, columns, size):
    """The transpose of bilinear: each number goes back to the four pixels it was mixed of."""
    dx = np.zeros((len(g), *size, g.shape[-1]), g.dtype)
    n = np.arange(len(g))[:, None, None]
    i, i2, v = neighbours(rows, size[0])
    j, j2, u = neighbours(columns, size[1])
    np.add.at(dx, (n, i, j), (1 - v) * (1 - u) * g)
    np.add.at(dx, (n, i, j2), (1 - v) * u * g)
    np.add.at(dx, (n, i2, j), v * (1 - u) * g)
    np.add.at(dx, (n, i2, j2), v * u * g)
    return dx


def resample_input(g, rows, columns, fill):
    """The transpose of resample."""
    size = g.shape[1:3]
    if fill == "nearest":
        return bilinear_input(g, rows, columns, size)
    return bilinear_input(inside(rows, columns, size) * g, rows, columns, size)


def zoom_input(g, tall, wide, fill):
    """The transpose of zoom: each gradient goes back to where its pixel came from."""
    return resample_input(g, *zooming(g, tall, wide), fill)


def translate_input(g, down, right, fill):
    """The transpose of translate: each gradient goes back to where its pixel came from."""
    return resample_input(g, *translation(g, down, right), fill)


def conv2d_weight(x, dz, size):
    """The gradient of conv2d for w: all that each weight was multiplied with."""
    parts = windows2d(x, size)
    return np.einsum("nijckl,nijo->klco", parts, dz, optimize=True)


def step(x, y, W1, b1, W2, b2, learning_rate, seed, t):
    # forward
    z1 = conv2d(x, W1) + b1                                         # (B, 4, 4, 2)
    a1 = np.tanh(z1)                                                # (B, 4, 4, 2)
    down1 = drawn(-0.8, 0.8, (len(x), 1, 1), np.float32, seed, 1, t)  # (B, 1, 1)
    right1 = drawn(-0.8, 0.8, (len(x), 1, 1), np.float32, seed, 2, t)  # (B, 1, 1)
    moved1 = translate(a1, down1, right1, fill=0)                   # (B, 4, 4, 2)
    tall1 = drawn(0.9, 1.1, (len(x), 1, 1), np.float32, seed, 3, t)  # (B, 1, 1)
    zoomed1 = zoom(moved1, tall1, tall1, fill="nearest")            # (B, 4, 4, 2)
    area1 = drawn(0.02, 0.33, (len(x), 1, 1), np.float32, seed, 4, t)  # (B, 1, 1)
    stretch1 = drawn(-1.09861, 1.09861, (len(x), 1, 1), np.float32, seed, 5, t)  # (B, 1, 1)
    slim1 = np.exp(stretch1)                                        # (B, 1, 1)
    place1 = drawn(0, 1, (len(x), 1, 1), np.float32, seed, 6, t)    # (B, 1, 1)
    part1 = 4 * np.minimum(np.sqrt(area1 * slim1), 1)               # (B, 1, 1)
    top1 = (4 - part1) * place1                                     # (B, 1, 1)
    wide1 = 4 * np.minimum(np.sqrt(area1 / slim1), 1)               # (B, 1, 1)
    place1_2 = drawn(0, 1, (len(x), 1, 1), np.float32, seed, 7, t)  # (B, 1, 1)
    left1 = (4 - wide1) * place1_2                                  # (B, 1, 1)
    u1 = uniform((len(x), 1, 1), np.float32, seed, 8, t)            # (B, 1, 1)
    loses1 = u1 < 0.5                                               # (B, 1, 1)
    tall1_2 = part1 * loses1                                        # (B, 1, 1)
    erased1 = erase(zoomed1, top1, left1, tall1_2, wide1, fill=0)   # (B, 4, 4, 2)
    mean1 = np.mean(erased1, axis=(1, 2), keepdims=True)            # (B, 1, 1, 2)
    gain1 = drawn(0.8, 1.2, (len(x), 1, 1, 1), np.float32, seed, 9, t)  # (B, 1, 1, 1)
    part2 = mean1 + gain1 * (erased1 - mean1)                       # (B, 4, 4, 2)
    part3 = np.maximum(part2, -1)                                   # (B, 4, 4, 2)
    contrasted1 = np.minimum(part3, 1)                              # (B, 4, 4, 2)
    h1 = contrasted1.reshape(-1, 32)                                # (B, 32)
    z2 = h1 @ W2 + b2                                               # (B, 1)
    # loss: mean squared error
    error = z2 - y                                                  # (B, 1)
    loss = np.mean(error**2)                                        # ()
    # backward
    dz2 = 2 * error / len(x)                                        # (B, 1)
    dW2 = h1.T @ dz2                                                # (32, 1)
    db2 = dz2.sum(axis=0)                                           # (1,)
    part4 = part2 > -1                                              # (B, 4, 4, 2)
    part5 = part3 < 1                                               # (B, 4, 4, 2)
    dh1 = dz2 @ W2.T                                                # (B, 32)
    dcontrasted1 = dh1.reshape(-1, 4, 4, 2)                         # (B, 4, 4, 2)
    part6 = np.where(part4, np.where(part5, dcontrasted1 * gain1, 0), 0)  # (B, 4, 4, 2)
    part7 = np.where(part4, np.where(part5, dcontrasted1, 0), 0)    # (B, 4, 4, 2)
    part8 = part7.sum(axis=(1, 2), keepdims=True)                   # (B, 1, 1, 2)
    part9 = (part8 - part6.sum(axis=(1, 2), keepdims=True)) / 16    # (B, 1, 1, 2)
    h2 = erase(part6 + part9, top1, left1, tall1_2, wide1, fill=0)  # (B, 4, 4, 2)
    dx1 = zoom_input(h2, tall1, tall1, fill="nearest")              # (B, 4, 4, 2)
    dz1 = translate_input(dx1, down1, right1, fill=0) * (1 - a1**2)  # (B, 4, 4, 2)
    dW1 = conv2d_weight(x, dz1, (3, 3))                             # (3, 3, 1, 2)
    db1 = dz1.sum(axis=(0, 1, 2))                                   # (2,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
