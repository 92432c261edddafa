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


def mix(x, share):
    """Each row of x with this share (B,) of the row before it, the first with the last."""
    share = share.reshape(-1, *[1] * (x.ndim - 1))
    return (1 - share) * x + share * np.roll(x, 1, axis=0)


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


def step(x, y, w, class_weight, W1, b1, W2, b2, learning_rate, seed, t):
    # forward
    u1 = uniform((len(x),), np.float32, seed, 1, t)                # (B,)
    share = u1**2 / 2                                              # (B,)
    mixed = mix(x, share)                                          # (B, 4)
    z1 = mixed @ W1 + b1                                           # (B, 6)
    a1 = np.maximum(z1, 0)                                         # (B, 6)
    z2 = a1 @ W2 + b2                                              # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -weighted mean(ln a2[y]) with a2 = softmax(z2)
    part1 = logsumexp(z2, axis=-1)                                 # (B,)
    row_loss = part1 - z2[np.arange(len(x)), y]                    # (B,)
    row_weight = w * class_weight[y]                               # (B,)
    part2 = (1 - share) * row_weight                               # (B,)
    y_neighbour = np.roll(y, 1, axis=0)                            # (B,)
    neighbour_loss = part1 - z2[np.arange(len(x)), y_neighbour]    # (B,)
    part3 = share * np.roll(row_weight, 1, axis=0)                 # (B,)
    total_weight = np.maximum((part2 + part3).sum(), 1e-30)        # ()
    loss = (row_loss * part2 + neighbour_loss * part3).sum() / total_weight  # ()
    # metrics
    a2 = softmax(z2)                                               # (B, 3)
    total_weight_2 = np.maximum(row_weight.sum(), 1e-30)           # ()
    accuracy = (row_weight * (a2.argmax(axis=-1) == y)).sum() / total_weight_2  # ()
    # backward
    dneighbour_loss = part3 / total_weight                         # (B,)
    drow_loss = part2 / total_weight                               # (B,)
    part4 = drow_loss[..., None] * one_hot(y, 3, np.float32)       # (B, 3)
    part5 = (dneighbour_loss + drow_loss)[..., None] * a2          # (B, 3)
    part6 = one_hot(y_neighbour, 3, np.float32)                    # (B, 3)
    dz2 = part5 - (dneighbour_loss[..., None] * part6 + part4)     # (B, 3)
    dW2 = a1.T @ dz2                                               # (6, 3)
    db2 = dz2.sum(axis=0)                                          # (3,)
    da1 = dz2 @ W2.T                                               # (B, 6)
    dz1 = da1 * (z1 > 0)                                           # (B, 6)
    dW1 = mixed.T @ dz1                                            # (4, 6)
    db1 = dz1.sum(axis=0)                                          # (6,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss, accuracy
