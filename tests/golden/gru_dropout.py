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


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def adam(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Adam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    x, y, W1, U1, b1, bU1, W2, b2, m_W1, v_W1, m_U1, v_U1, m_b1, v_b1, m_bU1, v_bU1, m_W2, v_W2,
    m_b2, v_b2, learning_rate, seed, n_updates
):
    # forward
    mask1 = dropout_mask((len(x), 1, 3), np.float32, 0.2, seed, 1, n_updates)  # (B, 1, 3)
    x1 = x * mask1                                                  # (B, 7, 3)
    xW1 = x1 @ W1 + b1                                              # (B, 7, 15)
    mask_h1 = dropout_mask((len(x), 5), np.float32, 0.1, seed, 2, n_updates)  # (B, 5)
    h1_before, h_seen1, z1, r1, hn1, n1 = np.empty((6, len(x), 7, 5), np.float32)  # (B, 7, 5)
    h1_t = np.zeros((len(x), 5), np.float32)                        # (B, 5)
    for t in range(7):
        h1_before[:, t] = h1_t
        h_seen1[:, t] = h_seen1_t = h1_t * mask_h1                  # (B, 5)
        hU1_t = h_seen1_t @ U1 + bU1                                # (B, 15)
        z1[:, t] = z1_t = sigmoid(xW1[:, t, 5:10] + hU1_t[:, 5:10])  # (B, 5)
        r1[:, t] = r1_t = sigmoid(xW1[:, t, :5] + hU1_t[:, :5])     # (B, 5)
        hn1[:, t] = hn1_t = hU1_t[:, 10:]                           # (B, 5)
        n1[:, t] = n1_t = np.tanh(xW1[:, t, 10:] + r1_t * hn1_t)    # (B, 5)
        h1_t = (1 - z1_t) * n1_t + z1_t * h1_t                      # (B, 5)
    h1 = h1_t                                                       # (B, 5)
    z2 = h1 @ W2 + b2                                               # (B, 1)
    # loss: mean squared error
    error = z2 - y                                                  # (B, 1)
    loss = np.mean(error**2)                                        # ()
    # backward
    dz2 = 2 * error / len(x)                                        # (B, 1)
    dW2 = h1.T @ dz2                                                # (5, 1)
    db2 = dz2.sum(axis=0)                                           # (1,)
    dh1 = dz2 @ W2.T                                                # (B, 5)
    dhU1, dxW1 = np.empty((2, len(x), 7, 15), np.float32)           # (B, 7, 15)
    dh1_t = dh1                                                     # (B, 5)
    for t in reversed(range(7)):
        part_t = 1 - z1[:, t]                                       # (B, 5)
        dxn1_t = dh1_t * part_t * (1 - n1[:, t]**2)                 # (B, 5)
        dhr1_t = dxn1_t * hn1[:, t] * r1[:, t] * (1 - r1[:, t])     # (B, 5)
        dhz1_t = dh1_t * (h1_before[:, t] - n1[:, t]) * z1[:, t] * part_t  # (B, 5)
        dhn1_t = dxn1_t * r1[:, t]                                  # (B, 5)
        dhU1[:, t] = dhU1_t = np.concatenate([dhr1_t, dhz1_t, dhn1_t], axis=-1)  # (B, 15)
        dh_seen1_t = dhU1_t @ U1.T                                  # (B, 5)
        dxW1[:, t] = np.concatenate([dhr1_t, dhz1_t, dxn1_t], axis=-1)  # (B, 15)
        dh1_t = dh1_t * z1[:, t] + dh_seen1_t * mask_h1             # (B, 5)
    dW1 = np.einsum("bti,bto->io", x1, dxW1, optimize=True)         # (3, 15)
    dU1 = np.einsum("bti,bto->io", h_seen1, dhU1, optimize=True)    # (5, 15)
    db1 = dxW1.sum(axis=(0, 1))                                     # (15,)
    dbU1 = dhU1.sum(axis=(0, 1))                                    # (15,)
    # update: Adam
    adam(W1, dW1, m_W1, v_W1, learning_rate, n_updates)
    adam(U1, dU1, m_U1, v_U1, learning_rate, n_updates)
    adam(b1, db1, m_b1, v_b1, learning_rate, n_updates)
    adam(bU1, dbU1, m_bU1, v_bU1, learning_rate, n_updates)
    adam(W2, dW2, m_W2, v_W2, learning_rate, n_updates)
    adam(b2, db2, m_b2, v_b2, learning_rate, n_updates)
    return loss
