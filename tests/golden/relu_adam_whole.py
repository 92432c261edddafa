"""Trains a network: python network.py data.npz weights.npz reads the arrays x and y from the one
file and writes the weights to the other."""

import math
import sys

import numpy as np


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def philox(count, seed, stream, t, use=0):
    """Random 64-bit words for the step t, always the same for the same seed, stream and use."""
    key = np.array([seed, stream], np.uint64)
    return np.random.Philox(key=key, counter=[0, t, 0, use]).random_raw(count)


def fractions(words, dtype):
    """The highest bits of each word as a number in [0, 1): 24 bits, in float64 53."""
    bits = 24 if dtype == np.float32 else 53
    return ((words >> np.uint64(64 - bits)) * dtype(2.0**-bits)).astype(dtype)


def between(low, high, shape, seed, stream):
    """Initial weights, evenly between low and high; each array draws from its own stream."""
    words = philox(math.prod(shape), seed, stream, 0, use=1)
    return low + (high - low) * fractions(words, np.float64).reshape(shape)


def glorot_uniform(shape, seed, stream):
    """Initial weights, evenly between -limit and limit, which depends on the shape."""
    fan_in, fan_out = shape
    limit = math.sqrt(3 * (2 / (fan_in + fan_out)))
    return between(-limit, limit, shape, seed, stream)


def shuffled(count, seed, epoch):
    """The numbers 0 .. count - 1 in an order drawn for this epoch."""
    return np.argsort(philox(count, seed, 0, epoch, use=2), kind="stable")


def adam(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Adam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    x, y, W1, b1, W2, b2, W3, b3, W4, b4, m_W1, v_W1, m_b1, v_b1, m_W2, v_W2, m_b2, v_b2, m_W3,
    v_W3, m_b3, v_b3, m_W4, v_W4, m_b4, v_b4, learning_rate, t
):
    # forward
    z1 = x @ W1 + b1                               # (B, 10)
    a1 = np.maximum(z1, 0)                         # (B, 10)
    z2 = a1 @ W2 + b2                              # (B, 10)
    a2 = np.maximum(z2, 0)                         # (B, 10)
    z3 = a2 @ W3 + b3                              # (B, 10)
    a3 = np.maximum(z3, 0)                         # (B, 10)
    z4 = a3 @ W4 + b4                              # (B, 1)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a4 + (1 - y) ln(1 - a4)) with a4 = sigmoid(z4)
    loss = np.mean(softplus(z4) - y * z4)          # ()
    # metrics
    a4 = sigmoid(z4)                               # (B, 1)
    accuracy = np.mean((a4 > 0.5) == (y > 0.5))    # ()
    # backward
    dz4 = (a4 - y) / len(x)                        # (B, 1)
    dW4 = a3.T @ dz4                               # (10, 1)
    db4 = dz4.sum(axis=0)                          # (1,)
    da3 = dz4 @ W4.T                               # (B, 10)
    dz3 = da3 * (z3 > 0)                           # (B, 10)
    dW3 = a2.T @ dz3                               # (10, 10)
    db3 = dz3.sum(axis=0)                          # (10,)
    da2 = dz3 @ W3.T                               # (B, 10)
    dz2 = da2 * (z2 > 0)                           # (B, 10)
    dW2 = a1.T @ dz2                               # (10, 10)
    db2 = dz2.sum(axis=0)                          # (10,)
    da1 = dz2 @ W2.T                               # (B, 10)
    dz1 = da1 * (z1 > 0)                           # (B, 10)
    dW1 = x.T @ dz1                                # (10, 10)
    db1 = dz1.sum(axis=0)                          # (10,)
    # update: Adam
    adam(W1, dW1, m_W1, v_W1, learning_rate, t)
    adam(b1, db1, m_b1, v_b1, learning_rate, t)
    adam(W2, dW2, m_W2, v_W2, learning_rate, t)
    adam(b2, db2, m_b2, v_b2, learning_rate, t)
    adam(W3, dW3, m_W3, v_W3, learning_rate, t)
    adam(b3, db3, m_b3, v_b3, learning_rate, t)
    adam(W4, dW4, m_W4, v_W4, learning_rate, t)
    adam(b4, db4, m_b4, v_b4, learning_rate, t)
    return loss, accuracy


def train(x, y, epochs=10, batch_size=32, learning_rate=0.001, seed=3):
    """Train from the initial values on these rows; the weights by name."""
    x = np.asarray(x, np.float32)                                # (n, 10)
    y = np.asarray(y, np.float32).reshape(-1, 1)                 # (n, 1)
    # initial values
    W1 = glorot_uniform((10, 10), seed, 0).astype(np.float32)    # (10, 10)
    b1 = np.zeros((10,), np.float32)                             # (10,)
    W2 = glorot_uniform((10, 10), seed, 2).astype(np.float32)    # (10, 10)
    b2 = np.zeros((10,), np.float32)                             # (10,)
    W3 = glorot_uniform((10, 10), seed, 4).astype(np.float32)    # (10, 10)
    b3 = np.zeros((10,), np.float32)                             # (10,)
    W4 = glorot_uniform((10, 1), seed, 6).astype(np.float32)     # (10, 1)
    b4 = np.zeros((1,), np.float32)                              # (1,)
    m_W1, v_W1 = np.zeros_like(W1), np.zeros_like(W1)
    m_b1, v_b1 = np.zeros_like(b1), np.zeros_like(b1)
    m_W2, v_W2 = np.zeros_like(W2), np.zeros_like(W2)
    m_b2, v_b2 = np.zeros_like(b2), np.zeros_like(b2)
    m_W3, v_W3 = np.zeros_like(W3), np.zeros_like(W3)
    m_b3, v_b3 = np.zeros_like(b3), np.zeros_like(b3)
    m_W4, v_W4 = np.zeros_like(W4), np.zeros_like(W4)
    m_b4, v_b4 = np.zeros_like(b4), np.zeros_like(b4)
    # epochs of steps
    n, t = len(x), 0
    batch_size = min(batch_size or n, n)
    for epoch in range(epochs):
        order = shuffled(n, seed, epoch) if batch_size < n else np.arange(n)
        total = np.zeros(2)
        for first in range(0, n, batch_size):
            rows = order[first : first + batch_size]
            t += 1
            total += len(rows) * np.array(step(
                x[rows], y[rows], W1, b1, W2, b2, W3, b3, W4, b4, m_W1, v_W1, m_b1, v_b1, m_W2,
                v_W2, m_b2, v_b2, m_W3, v_W3, m_b3, v_b3, m_W4, v_W4, m_b4, v_b4, learning_rate, t
            ))
        means = total / n
        print(f"epoch {epoch + 1}/{epochs}  loss {means[0]:.4f}  accuracy {means[1]:.4f}")
    return {
        "dense.weight": W1,
        "dense.bias": b1,
        "dense_1.weight": W2,
        "dense_1.bias": b2,
        "dense_2.weight": W3,
        "dense_2.bias": b3,
        "dense_3.weight": W4,
        "dense_3.bias": b4,
    }


if __name__ == "__main__":
    with np.load(sys.argv[1]) as data:
        weights = train(**data)
    np.savez(sys.argv[2], **weights)
