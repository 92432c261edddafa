import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def step(x, y, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = x @ W1 + b1                         # (B, 4)
    a1 = sigmoid(z1)                         # (B, 4)
    z2 = a1 @ W2 + b2                        # (B, 1)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a2 + (1 - y) ln(1 - a2)) with a2 = sigmoid(z2)
    loss = np.mean(softplus(z2) - y * z2)    # ()
    # backward
    dz2 = (sigmoid(z2) - y) / len(x)         # (B, 1)
    dW2 = a1.T @ dz2                         # (4, 1)
    db2 = dz2.sum(axis=0)                    # (1,)
    da1 = dz2 @ W2.T                         # (B, 4)
    dz1 = da1 * a1 * (1 - a1)                # (B, 4)
    dW1 = x.T @ dz1                          # (3, 4)
    db1 = dz1.sum(axis=0)                    # (4,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
