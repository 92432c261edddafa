import numpy as np


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def predict(x, W1, b1, W2, b2):
    # forward
    z1 = x @ W1 + b1          # (B, 16)
    a1 = np.maximum(z1, 0)    # (B, 16)
    z2 = a1 @ W2 + b2         # (B, 3)
    a2 = softmax(z2)          # (B, 3)
    return a2
