import numpy as np


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def evaluate(x, y, W1, b1, W2, b2, W3, b3, W4, b4, W5, b5):
    # forward
    z1 = x @ W1 + b1                                          # (B, 5)
    a1 = np.tanh(z1)                                          # (B, 5)
    z2 = a1 @ W2 + b2                                         # (B, 2)
    z4 = z2 @ W4 + b4                                         # (B, 5)
    a4 = np.tanh(z4)                                          # (B, 5)
    z5 = a4 @ W5 + b5                                         # (B, 6)
    a5 = sigmoid(z5)                                          # (B, 6)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a5 + (1 - y) ln(1 - a5)) with a5 = sigmoid(z5)
    own_loss = np.mean(softplus(z5) - y * z5)                 # ()
    z3 = a1 @ W3 + b3                                         # (B, 2)
    kl3 = ((z2**2 + np.exp(z3) - 1 - z3) / 2).sum(axis=-1)    # (B,)
    penalty = np.mean(kl3)                                    # ()
    loss = 6 * own_loss + penalty                             # ()
    return loss, own_loss, penalty, a5
