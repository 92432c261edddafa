import numpy as np


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def evaluate(x, y, W1, b1, W2, b2, W3, b3, W4, b4):
    # forward
    z1 = x @ W1 + b1                               # (B, 10)
    a1 = np.maximum(z1, 0)                         # (B, 10)
    z2 = a1 @ W2 + b2                              # (B, 10)
    a2 = np.maximum(z2, 0)                         # (B, 10)
    z3 = a2 @ W3 + b3                              # (B, 10)
    a3 = np.maximum(z3, 0)                         # (B, 10)
    z4 = a3 @ W4 + b4                              # (B, 1)
    a4 = sigmoid(z4)                               # (B, 1)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a4 + (1 - y) ln(1 - a4)) with a4 = sigmoid(z4)
    loss = np.mean(softplus(z4) - y * z4)          # ()
    # metrics
    accuracy = np.mean((a4 > 0.5) == (y > 0.5))    # ()
    return loss, accuracy, a4
