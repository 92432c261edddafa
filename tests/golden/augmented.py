import math

import numpy as np


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


def mirrored(places, count):
    """Places beside an image, as those at which its mirror image shows the same."""
    places = places + 0.5
    places = places - 2 * count * np.floor(places / (2 * count))
    return np.minimum(places, 2 * count - places) - 0.5


def resample(x, rows, columns, fill):
    """The images x read at these places, and beside an image as fill says."""
    return bilinear(x, mirrored(rows, x.shape[1]), mirrored(columns, x.shape[2]))


def from_middle(x):
    """Rows and columns of the pixels, counted from the middle of the images x (B, H, W, C)."""
    i, j = (np.arange(n, dtype=x.dtype) - (n - 1) / 2 for n in x.shape[1:3])
    return i[:, None], j


def to_middle(x, rows, columns):
    """Rows and columns that count from the middle of the images, as those that count from 0."""
    return rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2


def rotation(x, angle):
    """Where the pixels of the turned images lie in the images x."""
    i, j = from_middle(x)
    c, s = np.cos(angle), np.sin(angle)
    return to_middle(x, c * i + s * j, c * j - s * i)


def rotate(x, angle, fill):
    """Each image turned counter-clockwise by its angle (B, 1, 1) in radians."""
    return resample(x, *rotation(x, angle), fill)


def places_of(top, left, size):
    """The indices of the parts of this size that begin at top and left (B, 1, 1)."""
    i, j = np.arange(size[0])[:, None], np.arange(size[1])
    rows, columns = top.astype(int) + i, left.astype(int) + j
    return np.arange(len(top))[:, None, None], rows, columns


def crop(x, top, left, size):
    """Of each image (B, H, W, C) the part of this size that begins at its top and left."""
    return x[places_of(top, left, size)]


def windows2d(x, size):
    """Every window of x, as a view: nothing is copied."""
    # view[n, i, j, c, k, l] is x[n, i + k, j + l, c]
    return np.lib.stride_tricks.sliding_window_view(x, size, (1, 2), writeable=True)


def conv2d(x, w):
    """w slides over x: each window times w, summed over its places and channels."""
    parts = windows2d(x, w.shape[:2])  # (n, i, j, c, k, l)
    return np.einsum("nijckl,klco->nijo", parts, w, optimize=True)


def logsumexp(x, axis=None, keepdims=False):
    """ln(sum(e^x)) without overflow: the largest x is taken out first."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: ln(0) below is the right answer
    with np.errstate(divide="ignore", over="ignore"):
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis=axis)


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def conv2d_weight(x, dz, size):
    """The gradient of conv2d for w: all that each weight was multiplied with."""
    parts = windows2d(x, size)
    return np.einsum("nijckl,nijo->klco", parts, dz, optimize=True)


def step(x, y, W1, b1, W2, b2, learning_rate, seed, t):
    # forward
    u1 = uniform((len(x), 1, 1, 1), np.float32, seed, 1, t)        # (B, 1, 1, 1)
    mirror = u1 < 0.5                                              # (B, 1, 1, 1)
    scaled = 0.00392156862745098 * x                               # (B, 8, 8, 1)
    flipped = np.where(mirror, scaled[:, :, ::-1], scaled)         # (B, 8, 8, 1)
    angle = drawn(-0.314159, 0.314159, (len(x), 1, 1), np.float32, seed, 2, t)  # (B, 1, 1)
    turned = rotate(flipped, angle, fill="reflect")                # (B, 8, 8, 1)
    place = drawn(0, 3, (len(x), 1, 1), np.float32, seed, 3, t)    # (B, 1, 1)
    top = np.floor(place)                                          # (B, 1, 1)
    place_2 = drawn(0, 3, (len(x), 1, 1), np.float32, seed, 4, t)  # (B, 1, 1)
    left = np.floor(place_2)                                       # (B, 1, 1)
    cropped = crop(turned, top, left, (6, 6))                      # (B, 6, 6, 1)
    z1 = conv2d(cropped, W1) + b1                                  # (B, 4, 4, 2)
    a1 = np.maximum(z1, 0)                                         # (B, 4, 4, 2)
    h1 = a1.reshape(-1, 32)                                        # (B, 32)
    z2 = h1 @ W2 + b2                                              # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a2[y]) with a2 = softmax(z2)
    loss = np.mean(logsumexp(z2, axis=-1) - z2[np.arange(len(x)), y])  # ()
    # backward
    dz2 = (softmax(z2) - one_hot(y, 3, np.float32)) / len(x)       # (B, 3)
    dW2 = h1.T @ dz2                                               # (32, 3)
    db2 = dz2.sum(axis=0)                                          # (3,)
    dh1 = dz2 @ W2.T                                               # (B, 32)
    dz1 = dh1.reshape(-1, 4, 4, 2) * (z1 > 0)                      # (B, 4, 4, 2)
    dW1 = conv2d_weight(cropped, dz1, (3, 3))                      # (3, 3, 1, 2)
    db1 = dz1.sum(axis=(0, 1, 2))                                  # (2,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
