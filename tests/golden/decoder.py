import math

import numpy as np


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def logsumexp(x, axis=None, keepdims=False):
    """ln(sum(e^x)) without overflow: the largest x is taken out first."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: ln(0) below is the right answer
    with np.errstate(divide="ignore", over="ignore"):
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis=axis)


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def add_at(shape, index, x):
    """Zeros of this shape, to which each row of x is added at its index."""
    whole = np.zeros(shape, x.dtype)
    np.add.at(whole, index, x)
    return whole


def step(codes, y, W1, Wq2, bq2, Wk2, bk2, Wv2, bv2, Wo2, bo2, W3, b3, learning_rate):
    # forward
    known1 = np.logical_and(codes >= 0, codes < 5)                  # (B, 4)
    safe1 = np.where(known1, codes, 0)                              # (B, 4)
    mask1 = known1.astype(np.float32)[..., None]                    # (B, 4, 1)
    embedded1 = W1[safe1] * mask1                                   # (B, 4, 8)
    place1 = np.arange(4)                                           # (4,)
    causal2 = place1[..., None] >= place1                           # (4, 4)
    query2 = embedded1 @ Wq2 + bq2                                  # (B, 4, 8)
    q_unturned2 = query2.reshape(-1, 4, 2, 2, 2).transpose(0, 2, 3, 1, 4)  # (B, 2, 2, 4, 2)
    q_left2 = q_unturned2[..., :1]                                  # (B, 2, 2, 4, 1)
    place2 = np.arange(4, dtype=np.float32)[..., None]              # (4, 1)
    angle2 = place2 / 10000**np.arange(1, dtype=np.float32)         # (4, 1)
    cos2 = np.cos(angle2)                                           # (4, 1)
    q_right2 = q_unturned2[..., 1:]                                 # (B, 2, 2, 4, 1)
    sin2 = np.sin(angle2)                                           # (4, 1)
    part1 = q_right2 * cos2 + q_left2 * sin2                        # (B, 2, 2, 4, 1)
    q2 = np.concatenate([q_left2 * cos2 - q_right2 * sin2, part1], axis=-1)  # (B, 2, 2, 4, 2)
    key2 = embedded1 @ Wk2 + bk2                                    # (B, 4, 4)
    k_unturned2 = key2.reshape(-1, 4, 2, 1, 2).transpose(0, 2, 3, 1, 4)  # (B, 2, 1, 4, 2)
    k_left2 = k_unturned2[..., :1]                                  # (B, 2, 1, 4, 1)
    k_right2 = k_unturned2[..., 1:]                                 # (B, 2, 1, 4, 1)
    part2 = k_right2 * cos2 + k_left2 * sin2                        # (B, 2, 1, 4, 1)
    k2 = np.concatenate([k_left2 * cos2 - k_right2 * sin2, part2], axis=-1)  # (B, 2, 1, 4, 2)
    s2 = q2 @ k2.swapaxes(-2, -1) / math.sqrt(2)                    # (B, 2, 2, 4, 4)
    p2 = softmax(np.where(causal2, s2, -1e30))                      # (B, 2, 2, 4, 4)
    value2 = embedded1 @ Wv2 + bv2                                  # (B, 4, 4)
    v2 = value2.reshape(-1, 4, 2, 1, 2).transpose(0, 2, 3, 1, 4)    # (B, 2, 1, 4, 2)
    h2 = p2 @ v2                                                    # (B, 2, 2, 4, 2)
    heads2 = h2.transpose(0, 3, 1, 2, 4).reshape(-1, 4, 8)          # (B, 4, 8)
    z2 = heads2 @ Wo2 + bo2                                         # (B, 4, 8)
    h2_2 = embedded1 + z2                                           # (B, 4, 8)
    z3 = h2_2 @ W3 + b3                                             # (B, 4, 5)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a3[y]) with a3 = softmax(z3)
    part3 = logsumexp(z3, axis=-1)                                  # (B, 4)
    loss = np.mean(part3 - np.take_along_axis(z3, np.expand_dims(y, -1), axis=-1)[..., 0])  # ()
    # backward
    dz3 = (softmax(z3) - one_hot(y, 5, np.float32)) / (4 * len(codes))  # (B, 4, 5)
    dW3 = np.einsum("bti,bto->io", h2_2, dz3, optimize=True)        # (8, 5)
    db3 = dz3.sum(axis=(0, 1))                                      # (5,)
    dz2 = dz3 @ W3.T                                                # (B, 4, 8)
    dheads2 = dz2 @ Wo2.T                                           # (B, 4, 8)
    dh2 = dheads2.reshape(-1, 4, 2, 2, 2).transpose(0, 2, 3, 1, 4)  # (B, 2, 2, 4, 2)
    dp2 = dh2 @ v2.swapaxes(-2, -1)                                 # (B, 2, 2, 4, 4)
    part4 = p2 * (dp2 - (dp2 * p2).sum(axis=-1, keepdims=True))     # (B, 2, 2, 4, 4)
    ds2 = np.where(causal2, part4, 0)                               # (B, 2, 2, 4, 4)
    dq2 = ds2 @ k2 / math.sqrt(2)                                   # (B, 2, 2, 4, 2)
    part5 = dq2[..., 1:2]                                           # (B, 2, 2, 4, 1)
    part6 = dq2[..., 0:1]                                           # (B, 2, 2, 4, 1)
    dq_left2 = part5 * sin2 + part6 * cos2                          # (B, 2, 2, 4, 1)
    dq_right2 = part5 * cos2 - part6 * sin2                         # (B, 2, 2, 4, 1)
    part7 = np.concatenate([dq_left2, dq_right2], axis=-1)          # (B, 2, 2, 4, 2)
    dquery2 = part7.transpose(0, 3, 1, 2, 4).reshape(-1, 4, 8)      # (B, 4, 8)
    dWq2 = np.einsum("bti,bto->io", embedded1, dquery2, optimize=True)  # (8, 8)
    dbq2 = dquery2.sum(axis=(0, 1))                                 # (8,)
    part8 = q2.swapaxes(-2, -1) @ ds2 / math.sqrt(2)                # (B, 2, 2, 2, 4)
    dk2 = part8.sum(axis=2, keepdims=True).swapaxes(-2, -1)         # (B, 2, 1, 4, 2)
    part9 = dk2[..., 1:2]                                           # (B, 2, 1, 4, 1)
    part10 = dk2[..., 0:1]                                          # (B, 2, 1, 4, 1)
    dk_left2 = part9 * sin2 + part10 * cos2                         # (B, 2, 1, 4, 1)
    dk_right2 = part9 * cos2 - part10 * sin2                        # (B, 2, 1, 4, 1)
    part11 = np.concatenate([dk_left2, dk_right2], axis=-1)         # (B, 2, 1, 4, 2)
    dkey2 = part11.transpose(0, 3, 1, 2, 4).reshape(-1, 4, 4)       # (B, 4, 4)
    dWk2 = np.einsum("bti,bto->io", embedded1, dkey2, optimize=True)  # (8, 4)
    dbk2 = dkey2.sum(axis=(0, 1))                                   # (4,)
    m1 = p2.swapaxes(-2, -1) @ dh2                                  # (B, 2, 2, 4, 2)
    dv2 = m1.sum(axis=2, keepdims=True)                             # (B, 2, 1, 4, 2)
    dvalue2 = dv2.transpose(0, 3, 1, 2, 4).reshape(-1, 4, 4)        # (B, 4, 4)
    dWv2 = np.einsum("bti,bto->io", embedded1, dvalue2, optimize=True)  # (8, 4)
    dbv2 = dvalue2.sum(axis=(0, 1))                                 # (4,)
    dWo2 = np.einsum("bti,bto->io", heads2, dz2, optimize=True)     # (8, 8)
    dbo2 = dz2.sum(axis=(0, 1))                                     # (8,)
    dembedded1 = dz2 + dvalue2 @ Wv2.T + dkey2 @ Wk2.T + dquery2 @ Wq2.T  # (B, 4, 8)
    dW1 = add_at((5, 8), safe1, dembedded1 * mask1)                 # (5, 8)
    # update: gradient descent
    W1 -= learning_rate * dW1
    Wq2 -= learning_rate * dWq2
    bq2 -= learning_rate * dbq2
    Wk2 -= learning_rate * dWk2
    bk2 -= learning_rate * dbk2
    Wv2 -= learning_rate * dWv2
    bv2 -= learning_rate * dbv2
    Wo2 -= learning_rate * dWo2
    bo2 -= learning_rate * dbo2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
