import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def predict(x, W1, b1, gain2, W3, b3):
    # forward
    z1 = x @ W1 + b1         # (B, 8)
    a1 = z1 * sigmoid(z1)    # (B, 8)
    s2 = a1 * gain2          # (B, 8)
    z3 = s2 @ W3 + b3        # (B, 1)
    return z3
