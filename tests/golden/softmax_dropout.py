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


def dropout_mask(shape, dtype, rate, seed, stream, t):
    """0 with probability rate, else 1 / (1 - rate): the mean stays what it was."""
    return (uniform(shape, dtype, seed, stream, t) >= rate) / dtype(1 - rate)


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


def adam(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Adam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    x, y, class_weight, W1, b1, W2, b2, m_W1, v_W1, m_b1, v_b1, m_W2, v_W2, m_b2, v_b2,
    learning_rate, seed, t
):
    # forward
    z1 = x @ W1 + b1                                                # (B, 16)
    a1 = np.maximum(z1, 0)                                          # (B, 16)
    mask1 = dropout_mask((len(x), 16), np.float32, 0.2, seed, 1, t)  # (B, 16)
    h1 = a1 * mask1                                                 # (B, 16)
    z2 = h1 @ W2 + b2                                               # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -weighted mean(ln a2[y]) with a2 = softmax(z2)
    row_weight = class_weight[y]                                    # (B,)
    row_loss = logsumexp(z2, axis=-1) - z2[np.arange(len(x)), y]    # (B,)
    total_weight = np.maximum(row_weight.sum(), 1e-30)              # ()
    penalty = 0.01 * (W1**2).sum() + 0.001 * (W2**2).sum()          # ()
    loss = (row_weight * row_loss).sum() / total_weight + penalty   # ()
    # metrics
    a2 = softmax(z2)                                                # (B, 3)
    accuracy = (row_weight * (a2.argmax(axis=-1) == y)).sum() / total_weight  # ()
    # backward
    dz2 = (row_weight / total_weight)[..., None] * (a2 - one_hot(y, 3, np.float32))  # (B, 3)
    dW2 = h1.T @ dz2 + 0.002 * W2                                   # (16, 3)
    db2 = dz2.sum(axis=0)                                           # (3,)
    dh1 = dz2 @ W2.T                                                # (B, 16)
    dz1 = dh1 * mask1 * (z1 > 0)                                    # (B, 16)
    dW1 = x.T @ dz1 + 0.02 * W1                                     # (4, 16)
    db1 = dz1.sum(axis=0)                                           # (16,)
    # update: Adam
    adam(W1, dW1, m_W1, v_W1, learning_rate, t)
    adam(b1, db1, m_b1, v_b1, learning_rate, t)
    adam(W2, dW2, m_W2, v_W2, learning_rate, t)
    adam(b2, db2, m_b2, v_b2, learning_rate, t)
    return loss, accuracy
