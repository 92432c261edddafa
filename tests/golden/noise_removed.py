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


def normal(shape, dtype, seed, stream, t):
    """Standard normal numbers, drawn anew at each step t, each of two even ones (Box, Muller)."""
    u = uniform((*shape, 2), dtype, seed, stream, t)
    return np.sqrt(-2 * np.log(1 - u[..., 0])) * np.cos(2 * math.pi * u[..., 1])


def step(x, y, W1, b1, W2, b2, learning_rate, seed, t):
    # forward
    noise = normal((len(x), 8), np.float32, seed, 1, t)    # (B, 8)
    h = x + 0.3 * noise                                    # (B, 8)
    z1 = h @ W1 + b1                                       # (B, 3)
    a1 = np.tanh(z1)                                       # (B, 3)
    z2 = a1 @ W2 + b2                                      # (B, 8)
    # loss: mean squared error
    error = z2 - y                                         # (B, 8)
    loss = np.mean(error**2)                               # ()
    # backward
    dz2 = error / (4 * len(x))                             # (B, 8)
    dW2 = a1.T @ dz2                                       # (3, 8)
    db2 = dz2.sum(axis=0)                                  # (8,)
    da1 = dz2 @ W2.T                                       # (B, 3)
    dz1 = da1 * (1 - a1**2)                                # (B, 3)
    dW1 = h.T @ dz1                                        # (8, 3)
    db1 = dz1.sum(axis=0)                                  # (3,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
