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


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def step(x, y, W1, b1, W2, b2, W3, b3, W4, b4, W5, b5, learning_rate, seed, t):
    # forward
    z1 = x @ W1 + b1                                        # (B, 5)
    a1 = np.tanh(z1)                                        # (B, 5)
    z2 = a1 @ W2 + b2                                       # (B, 2)
    z3 = a1 @ W3 + b3                                       # (B, 2)
    deviation3 = np.exp(z3 / 2)                             # (B, 2)
    noise3 = normal((len(x), 2), np.float32, seed, 1, t)    # (B, 2)
    sample3 = z2 + deviation3 * noise3                      # (B, 2)
    z4 = sample3 @ W4 + b4                                  # (B, 5)
    a4 = np.tanh(z4)                                        # (B, 5)
    z5 = a4 @ W5 + b5                                       # (B, 6)
    e1 = np.exp(z3)                                         # (B, 2)
    kl3 = ((z2**2 + e1 - 1 - z3) / 2).sum(axis=-1)          # (B,)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a5 + (1 - y) ln(1 - a5)) with a5 = sigmoid(z5)
    penalty = np.mean(kl3)                                  # ()
    loss = 6 * np.mean(softplus(z5) - y * z5) + penalty     # ()
    # backward
    dz5 = (sigmoid(z5) - y) / len(x)                        # (B, 6)
    dW5 = a4.T @ dz5                                        # (5, 6)
    db5 = dz5.sum(axis=0)                                   # (6,)
    da4 = dz5 @ W5.T                                        # (B, 5)
    dz4 = da4 * (1 - a4**2)                                 # (B, 5)
    dW4 = sample3.T @ dz4                                   # (2, 5)
    db4 = dz4.sum(axis=0)                                   # (5,)
    dsample3 = dz4 @ W4.T                                   # (B, 2)
    dz3 = (e1 - 1) / (2 * len(x)) + dsample3 * noise3 * deviation3 / 2  # (B, 2)
    dW3 = a1.T @ dz3                                        # (5, 2)
    db3 = dz3.sum(axis=0)                                   # (2,)
    dz2 = z2 / len(x) + dsample3                            # (B, 2)
    dW2 = a1.T @ dz2                                        # (5, 2)
    db2 = dz2.sum(axis=0)                                   # (2,)
    da1 = dz3 @ W3.T + dz2 @ W2.T                           # (B, 5)
    dz1 = da1 * (1 - a1**2)                                 # (B, 5)
    dW1 = x.T @ dz1                                         # (6, 5)
    db1 = dz1.sum(axis=0)                                   # (5,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    W4 -= learning_rate * dW4
    b4 -= learning_rate * db4
    W5 -= learning_rate * dW5
    b5 -= learning_rate * db5
    return loss, penalty
