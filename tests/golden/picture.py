import math

import numpy as np


def interpolation(count, size, dtype):
    """How much each of count numbers counts for each of count * size between them (new, old)."""
    places = (np.arange(count * size) + 0.5) / size - 0.5
    places = np.clip(places, 0, count - 1)[:, None]
    return np.maximum(1 - np.abs(places - np.arange(count)), 0).astype(dtype)


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


def dropout_mask(shape, dtype, rate, seed, stream, t):
    """0 with probability rate, else 1 / (1 - rate): the mean stays what it was."""
    return (uniform(shape, dtype, seed, stream, t) >= rate) / dtype(1 - rate)


def step(
    x, y, W1, b1, scale2, shift2, mean2, variance2, scale3, shift3, W4, b4, learning_rate, seed, t
):
    # forward
    z1 = x @ W1 + b1                                           # (B, 2, 2, 4)
    batch_mean2 = np.mean(z1, axis=(0, 1, 2))                  # (4,)
    centred2 = z1 - batch_mean2                                # (B, 2, 2, 4)
    batch_variance2 = np.mean(centred2**2, axis=(0, 1, 2))     # (4,)
    deviation2 = np.sqrt(batch_variance2 + 1e-5)               # (4,)
    normalized2 = centred2 / deviation2                        # (B, 2, 2, 4)
    h2 = normalized2 * scale2 + shift2                         # (B, 2, 2, 4)
    a2 = np.maximum(h2, 0)                                     # (B, 2, 2, 4)
    shares2 = interpolation(2, 2, np.float32)                  # (4, 2)
    h2_2 = np.einsum("bhwc,nh->bnwc", a2, shares2, optimize=True)  # (B, 4, 2, 4)
    h2_3 = np.einsum("bhwc,nw->bhnc", h2_2, shares2, optimize=True)  # (B, 4, 4, 4)
    h2_4 = np.pad(h2_3, ((0, 0), (1, 1), (1, 1), (0, 0)))      # (B, 6, 6, 4)
    h2_5 = h2_4[:, 1:6, 0:5]                                   # (B, 5, 5, 4)
    mask2 = dropout_mask((len(x), 1, 1, 4), np.float32, 0.2, seed, 1, t)  # (B, 1, 1, 4)
    h2_6 = h2_5 * mask2                                        # (B, 5, 5, 4)
    grouped3 = h2_6.reshape(-1, 25, 2, 2)                      # (B, 25, 2, 2)
    centred3 = grouped3 - np.mean(grouped3, axis=(1, 3), keepdims=True)  # (B, 25, 2, 2)
    deviation3 = np.sqrt(np.mean(centred3**2, axis=(1, 3), keepdims=True) + 1e-5)  # (B, 1, 2, 1)
    normalized3 = centred3 / deviation3                        # (B, 25, 2, 2)
    joined3 = normalized3.reshape(-1, 5, 5, 4)                 # (B, 5, 5, 4)
    h3 = joined3 * scale3 + shift3                             # (B, 5, 5, 4)
    h3_2 = h3.reshape(-1, 100)                                 # (B, 100)
    z4 = h3_2 @ W4 + b4                                        # (B, 1)
    # loss: mean squared error
    error = z4 - y                                             # (B, 1)
    loss = np.mean(error**2)                                   # ()
    # backward
    dz4 = 2 * error / len(x)                                   # (B, 1)
    dW4 = h3_2.T @ dz4                                         # (100, 1)
    db4 = dz4.sum(axis=0)                                      # (1,)
    dh3_2 = dz4 @ W4.T                                         # (B, 100)
    dh3 = dh3_2.reshape(-1, 5, 5, 4)                           # (B, 5, 5, 4)
    dscale3 = (dh3 * joined3).sum(axis=(0, 1, 2))              # (4,)
    dshift3 = dh3.sum(axis=(0, 1, 2))                          # (4,)
    dnormalized3 = (dh3 * scale3).reshape(-1, 25, 2, 2)        # (B, 25, 2, 2)
    part1 = dnormalized3 * normalized3 / deviation3            # (B, 25, 2, 2)
    ddeviation3 = -part1.sum(axis=(1, 3), keepdims=True)       # (B, 1, 2, 1)
    part2 = ddeviation3 / (2 * deviation3) * centred3 / 25     # (B, 25, 2, 2)
    dcentred3 = dnormalized3 / deviation3 + part2              # (B, 25, 2, 2)
    part3 = dcentred3 - np.mean(dcentred3, axis=(1, 3), keepdims=True)  # (B, 25, 2, 2)
    part4 = part3.reshape(-1, 5, 5, 4) * mask2                 # (B, 5, 5, 4)
    dh2_3 = np.pad(part4, ((0, 0), (1, 0), (0, 1), (0, 0)))[:, 1:5, 1:5]  # (B, 4, 4, 4)
    dh2_2 = np.einsum("bhnc,nw->bhwc", dh2_3, shares2, optimize=True)  # (B, 4, 2, 4)
    da2 = np.einsum("bnwc,nh->bhwc", dh2_2, shares2, optimize=True)  # (B, 2, 2, 4)
    dh2 = da2 * (h2 > 0)                                       # (B, 2, 2, 4)
    dscale2 = (dh2 * normalized2).sum(axis=(0, 1, 2))          # (4,)
    dshift2 = dh2.sum(axis=(0, 1, 2))                          # (4,)
    dnormalized2 = dh2 * scale2                                # (B, 2, 2, 4)
    ddeviation2 = -(dnormalized2 * normalized2 / deviation2).sum(axis=(0, 1, 2))  # (4,)
    dbatch_variance2 = ddeviation2 / (2 * deviation2)          # (4,)
    count2 = 4 * len(x)                                        # ()
    part5 = 2 * dbatch_variance2 * centred2 / count2           # (B, 2, 2, 4)
    dcentred2 = dnormalized2 / deviation2 + part5              # (B, 2, 2, 4)
    dbatch_mean2 = -dcentred2.sum(axis=(0, 1, 2))              # (4,)
    dz1 = dcentred2 + dbatch_mean2 / count2                    # (B, 2, 2, 4)
    dW1 = np.einsum("btci,btco->io", x, dz1, optimize=True)    # (3, 4)
    db1 = dz1.sum(axis=(0, 1, 2))                              # (4,)
    # update: gradient descent
    unbiased2 = count2 * batch_variance2 / (count2 - 1)        # (4,)
    # running figures of batch_normalization
    mean2 += 0.1 * (batch_mean2 - mean2)
    variance2 += 0.1 * (unbiased2 - variance2)
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    scale2 -= learning_rate * dscale2
    shift2 -= learning_rate * dshift2
    scale3 -= learning_rate * dscale3
    shift3 -= learning_rate * dshift3
    W4 -= learning_rate * dW4
    b4 -= learning_rate * db4
    return loss
