import numpy as np


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


def add_at(shape, index, x):
    """Zeros of this shape, to which each row of x is added at its index."""
    whole = np.zeros(shape, x.dtype)
    np.add.at(whole, index, x)
    return whole


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def step(words, y, W1, W2, U2, b2, W3, U3, b3, W4, b4, learning_rate):
    # forward
    known1 = np.logical_and(words >= 0, words < 20)                 # (B, 9)
    safe1 = np.where(known1, words, 0)                              # (B, 9)
    mask1 = known1.astype(np.float32)[..., None]                    # (B, 9, 1)
    embedded1 = W1[safe1] * mask1                                   # (B, 9, 6)
    xW2 = embedded1 @ W2 + b2                                       # (B, 9, 32)
    counts1 = words != 0                                            # (B, 9)
    counts2 = counts1[..., None]                                    # (B, 9, 1)
    h2_before, c2_before, f2, i2, g2, o2 = np.empty((6, len(words), 9, 8), np.float32)  # (B, 9, 8)
    tanh_c2, h2 = np.empty((2, len(words), 9, 8), np.float32)       # (B, 9, 8)
    h2_t = c2_t = np.zeros((len(words), 8), np.float32)             # (B, 8)
    for t in range(9):
        h2_before[:, t] = h2_t
        c2_before[:, t] = c2_t
        z2_t = xW2[:, t] + h2_t @ U2                                # (B, 32)
        f2[:, t] = f2_t = sigmoid(z2_t[:, 8:16])                    # (B, 8)
        i2[:, t] = i2_t = sigmoid(z2_t[:, :8])                      # (B, 8)
        g2[:, t] = g2_t = np.tanh(z2_t[:, 16:24])                   # (B, 8)
        c2_t_2 = f2_t * c2_t + i2_t * g2_t                          # (B, 8)
        o2[:, t] = o2_t = sigmoid(z2_t[:, 24:])                     # (B, 8)
        tanh_c2[:, t] = tanh_c2_t = np.tanh(c2_t_2)                 # (B, 8)
        h2_t_2 = o2_t * tanh_c2_t                                   # (B, 8)
        h2[:, t] = h2_t = np.where(counts2[:, t], h2_t_2, h2_t)     # (B, 8)
        c2_t = np.where(counts2[:, t], c2_t_2, c2_t)                # (B, 8)
    xW3 = h2 @ W3 + b3                                              # (B, 9, 16)
    h3_before, c3_before, f3, i3, g3, o3 = np.empty((6, len(words), 9, 4), np.float32)  # (B, 9, 4)
    tanh_c3 = np.empty((len(words), 9, 4), np.float32)              # (B, 9, 4)
    h3_t = c3_t = np.zeros((len(words), 4), np.float32)             # (B, 4)
    for t in range(9):
        h3_before[:, t] = h3_t
        c3_before[:, t] = c3_t
        z3_t = xW3[:, t] + h3_t @ U3                                # (B, 16)
        f3[:, t] = f3_t = sigmoid(z3_t[:, 4:8])                     # (B, 4)
        i3[:, t] = i3_t = sigmoid(z3_t[:, :4])                      # (B, 4)
        g3[:, t] = g3_t = np.tanh(z3_t[:, 8:12])                    # (B, 4)
        c3_t_2 = f3_t * c3_t + i3_t * g3_t                          # (B, 4)
        o3[:, t] = o3_t = sigmoid(z3_t[:, 12:])                     # (B, 4)
        tanh_c3[:, t] = tanh_c3_t = np.tanh(c3_t_2)                 # (B, 4)
        h3_t_2 = o3_t * tanh_c3_t                                   # (B, 4)
        h3_t = np.where(counts2[:, t], h3_t_2, h3_t)                # (B, 4)
        c3_t = np.where(counts2[:, t], c3_t_2, c3_t)                # (B, 4)
    h3 = h3_t                                                       # (B, 4)
    z4 = h3 @ W4 + b4                                               # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a4[y]) with a4 = softmax(z4)
    loss = np.mean(logsumexp(z4, axis=-1) - z4[np.arange(len(words)), y])  # ()
    # backward
    dz4 = (softmax(z4) - one_hot(y, 3, np.float32)) / len(words)    # (B, 3)
    dW4 = h3.T @ dz4                                                # (4, 3)
    db4 = dz4.sum(axis=0)                                           # (3,)
    dh3 = dz4 @ W4.T                                                # (B, 4)
    dxW3 = np.empty((len(words), 9, 16), np.float32)                # (B, 9, 16)
    dh3_t = dh3                                                     # (B, 4)
    dc3_t = np.zeros((len(words), 4), np.float32)                   # (B, 4)
    for t in reversed(range(9)):
        dh3_t_2 = np.where(counts2[:, t], dh3_t, 0)                 # (B, 4)
        part_t = dh3_t_2 * o3[:, t] * (1 - tanh_c3[:, t]**2)        # (B, 4)
        dc3_t_2 = np.where(counts2[:, t], dc3_t, 0) + part_t        # (B, 4)
        dzi3_t = dc3_t_2 * g3[:, t] * i3[:, t] * (1 - i3[:, t])     # (B, 4)
        dzf3_t = dc3_t_2 * c3_before[:, t] * f3[:, t] * (1 - f3[:, t])  # (B, 4)
        dzg3_t = dc3_t_2 * i3[:, t] * (1 - g3[:, t]**2)             # (B, 4)
        dzo3_t = dh3_t_2 * tanh_c3[:, t] * o3[:, t] * (1 - o3[:, t])  # (B, 4)
        dxW3[:, t] = dz3_t = np.concatenate([dzi3_t, dzf3_t, dzg3_t, dzo3_t], axis=-1)  # (B, 16)
        dh3_t = np.where(counts2[:, t], 0, dh3_t) + dz3_t @ U3.T    # (B, 4)
        dc3_t = np.where(counts2[:, t], 0, dc3_t) + dc3_t_2 * f3[:, t]  # (B, 4)
    dW3 = np.einsum("bti,bto->io", h2, dxW3, optimize=True)         # (8, 16)
    dU3 = np.einsum("bti,bto->io", h3_before, dxW3, optimize=True)  # (4, 16)
    db3 = dxW3.sum(axis=(0, 1))                                     # (16,)
    dh2 = dxW3 @ W3.T                                               # (B, 9, 8)
    dxW2 = np.empty((len(words), 9, 32), np.float32)                # (B, 9, 32)
    dh2_t = dc2_t = np.zeros((len(words), 8), np.float32)           # (B, 8)
    for t in reversed(range(9)):
        dh2_t = dh2_t + dh2[:, t]                                   # (B, 8)
        dh2_t_2 = np.where(counts2[:, t], dh2_t, 0)                 # (B, 8)
        part_t_2 = dh2_t_2 * o2[:, t] * (1 - tanh_c2[:, t]**2)      # (B, 8)
        dc2_t_2 = np.where(counts2[:, t], dc2_t, 0) + part_t_2      # (B, 8)
        dzi2_t = dc2_t_2 * g2[:, t] * i2[:, t] * (1 - i2[:, t])     # (B, 8)
        dzf2_t = dc2_t_2 * c2_before[:, t] * f2[:, t] * (1 - f2[:, t])  # (B, 8)
        dzg2_t = dc2_t_2 * i2[:, t] * (1 - g2[:, t]**2)             # (B, 8)
        dzo2_t = dh2_t_2 * tanh_c2[:, t] * o2[:, t] * (1 - o2[:, t])  # (B, 8)
        dxW2[:, t] = dz2_t = np.concatenate([dzi2_t, dzf2_t, dzg2_t, dzo2_t], axis=-1)  # (B, 32)
        dh2_t = np.where(counts2[:, t], 0, dh2_t) + dz2_t @ U2.T    # (B, 8)
        dc2_t = np.where(counts2[:, t], 0, dc2_t) + dc2_t_2 * f2[:, t]  # (B, 8)
    dW2 = np.einsum("bti,bto->io", embedded1, dxW2, optimize=True)  # (6, 32)
    dU2 = np.einsum("bti,bto->io", h2_before, dxW2, optimize=True)  # (8, 32)
    db2 = dxW2.sum(axis=(0, 1))                                     # (32,)
    dembedded1 = dxW2 @ W2.T                                        # (B, 9, 6)
    dW1 = add_at((20, 6), safe1, dembedded1 * mask1)                # (20, 6)
    # update: gradient descent
    W1 -= learning_rate * dW1
    W2 -= learning_rate * dW2
    U2 -= learning_rate * dU2
    b2 -= learning_rate * db2
    W3 -= learning_rate * dW3
    U3 -= learning_rate * dU3
    b3 -= learning_rate * db3
    W4 -= learning_rate * dW4
    b4 -= learning_rate * db4
    return loss
