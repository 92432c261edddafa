import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def step(x, y, W, b, learning_rate):
    # forward
    z = x @ W + b                   # (B, 1)
    a = sigmoid(z)                  # (B, 1)
    # loss: sum of squares
    error = a - y                   # (B, 1)
    loss = (error**2).sum()         # ()
    # backward
    dz = 2 * error * a * (1 - a)    # (B, 1)
    dW = x.T @ dz                   # (3, 1)
    db = dz.sum(axis=0)             # (1,)
    # update: gradient descent
    W -= learning_rate * dW
    b -= learning_rate * db
    return loss
