import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def step(x, y, W1, W2, learning_rate):
    # forward
    z1 = x @ W1                        # (B, 4)
    a1 = sigmoid(z1)                   # (B, 4)
    z2 = a1 @ W2                       # (B, 1)
    a2 = sigmoid(z2)                   # (B, 1)
    # loss: sum of squares
    error = a2 - y                     # (B, 1)
    loss = (error**2).sum()            # ()
    # backward
    dz2 = 2 * error * a2 * (1 - a2)    # (B, 1)
    dW2 = a1.T @ dz2                   # (4, 1)
    da1 = dz2 @ W2.T                   # (B, 4)
    dz1 = da1 * a1 * (1 - a1)          # (B, 4)
    dW1 = x.T @ dz1                    # (3, 4)
    # update: gradient descent
    W1 -= learning_rate * dW1
    W2 -= learning_rate * dW2
    return loss
