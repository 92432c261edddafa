import numpy as np


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def predict(x, W1, b1, W2, b2, W3, b3):
    # forward
    z1 = x @ W1 + b1        # (B, 8)
    a1 = np.tanh(z1)        # (B, 8)
    z2 = a1 @ W2 + b2       # (B, 3)
    a2 = softmax(z2)        # (B, 3)
    z3 = a1 @ W3 + b3       # (B, 1)
    return a2, z3
