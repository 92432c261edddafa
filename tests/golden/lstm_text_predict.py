import numpy as np


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def predict(words, W1, W2, U2, b2, W3, b3):
    # forward
    known1 = np.logical_and(words >= 0, words < 20)        # (B, 9)
    safe1 = np.where(known1, words, 0)                     # (B, 9)
    mask1 = known1.astype(np.float32)[..., None]           # (B, 9, 1)
    embedded1 = W1[safe1] * mask1                          # (B, 9, 6)
    xW2 = embedded1 @ W2 + b2                              # (B, 9, 32)
    h2_t = c2_t = np.zeros((len(words), 8), np.float32)    # (B, 8)
    for t in range(9):
        z2_t = xW2[:, t] + h2_t @ U2                       # (B, 32)
        f2_t = sigmoid(z2_t[:, 8:16])                      # (B, 8)
        i2_t = sigmoid(z2_t[:, :8])                        # (B, 8)
        g2_t = np.tanh(z2_t[:, 16:24])                     # (B, 8)
        c2_t = f2_t * c2_t + i2_t * g2_t                   # (B, 8)
        o2_t = sigmoid(z2_t[:, 24:])                       # (B, 8)
        tanh_c2_t = np.tanh(c2_t)                          # (B, 8)
        h2_t = o2_t * tanh_c2_t                            # (B, 8)
    h2 = h2_t                                              # (B, 8)
    z3 = h2 @ W3 + b3                                      # (B, 3)
    a3 = softmax(z3)                                       # (B, 3)
    return a3
