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


def adam(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Adam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    words, y, W1, W2, U2, b2, W3, b3, m_W1, v_W1, m_W2, v_W2, m_U2, v_U2, m_b2, v_b2, m_W3, v_W3,
    m_b3, v_b3, learning_rate, n_updates
):
    # forward
    known1 = np.logical_and(words >= 0, words < 20)                 # (B, 9)
    safe1 = np.where(known1, words, 0)                              # (B, 9)
    mask1 = known1.astype(np.float32)[..., None]                    # (B, 9, 1)
    embedded1 = W1[safe1] * mask1                                   # (B, 9, 6)
    xW2 = embedded1 @ W2 + b2                                       # (B, 9, 32)
    h2_before, c2_before, f2, i2, g2, o2 = np.empty((6, len(words), 9, 8), np.float32)  # (B, 9, 8)
    tanh_c2 = np.empty((len(words), 9, 8), np.float32)              # (B, 9, 8)
    h2_t = c2_t = np.zeros((len(words), 8), np.float32)             # (B, 8)
    for t in range(9):
        h2_before[:, t] = h2_t
        c2_before[:, t] = c2_t
        z2_t = xW2[:, t] + h2_t @ U2                                # (B, 32)
        f2[:, t] = f2_t = sigmoid(z2_t[:, 8:16])                    # (B, 8)
        i2[:, t] = i2_t = sigmoid(z2_t[:, :8])                      # (B, 8)
        g2[:, t] = g2_t = np.tanh(z2_t[:, 16:24])                   # (B, 8)
        c2_t = f2_t * c2_t + i2_t * g2_t                            # (B, 8)
        o2[:, t] = o2_t = sigmoid(z2_t[:, 24:])                     # (B, 8)
        tanh_c2[:, t] = tanh_c2_t = np.tanh(c2_t)                   # (B, 8)
        h2_t = o2_t * tanh_c2_t                                     # (B, 8)
    h2 = h2_t                                                       # (B, 8)
    z3 = h2 @ W3 + b3                                               # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a3[y]) with a3 = softmax(z3)
    loss = np.mean(logsumexp(z3, axis=-1) - z3[np.arange(len(words)), y])  # ()
    # backward
    dz3 = (softmax(z3) - one_hot(y, 3, np.float32)) / len(words)    # (B, 3)
    dW3 = h2.T @ dz3                                                # (8, 3)
    db3 = dz3.sum(axis=0)                                           # (3,)
    dh2 = dz3 @ W3.T                                                # (B, 8)
    dxW2 = np.empty((len(words), 9, 32), np.float32)                # (B, 9, 32)
    dh2_t = dh2                                                     # (B, 8)
    dc2_t = np.zeros((len(words), 8), np.float32)                   # (B, 8)
    for t in reversed(range(9)):
        dc2_t = dc2_t + dh2_t * o2[:, t] * (1 - tanh_c2[:, t]**2)   # (B, 8)
        dzi2_t = dc2_t * g2[:, t] * i2[:, t] * (1 - i2[:, t])       # (B, 8)
        dzf2_t = dc2_t * c2_before[:, t] * f2[:, t] * (1 - f2[:, t])  # (B, 8)
        dzg2_t = dc2_t * i2[:, t] * (1 - g2[:, t]**2)               # (B, 8)
        dzo2_t = dh2_t * tanh_c2[:, t] * o2[:, t] * (1 - o2[:, t])  # (B, 8)
        dxW2[:, t] = dz2_t = np.concatenate([dzi2_t, dzf2_t, dzg2_t, dzo2_t], axis=-1)  # (B, 32)
        dh2_t = dz2_t @ U2.T                                        # (B, 8)
        dc2_t = dc2_t * f2[:, t]                                    # (B, 8)
    dW2 = np.einsum("bti,bto->io", embedded1, dxW2, optimize=True)  # (6, 32)
    dU2 = np.einsum("bti,bto->io", h2_before, dxW2, optimize=True)  # (8, 32)
    db2 = dxW2.sum(axis=(0, 1))                                     # (32,)
    dembedded1 = dxW2 @ W2.T                                        # (B, 9, 6)
    dW1 = add_at((20, 6), safe1, dembedded1 * mask1)                # (20, 6)
    # update: Adam
    adam(W1, dW1, m_W1, v_W1, learning_rate, n_updates)
    adam(W2, dW2, m_W2, v_W2, learning_rate, n_updates)
    adam(U2, dU2, m_U2, v_U2, learning_rate, n_updates)
    adam(b2, db2, m_b2, v_b2, learning_rate, n_updates)
    adam(W3, dW3, m_W3, v_W3, learning_rate, n_updates)
    adam(b3, db3, m_b3, v_b3, learning_rate, n_updates)
    return loss
