import numpy as np


def step(x, y, W1, scale2, shift2, mean2, variance2, W3, b3, learning_rate):
    # forward
    z1 = x @ W1                                         # (B, 6)
    deviation2 = np.sqrt(variance2 + 1e-5)              # (6,)
    h2 = (z1 - mean2) / deviation2 * scale2 + shift2    # (B, 6)
    a2 = np.maximum(h2, 0)                              # (B, 6)
    z3 = a2 @ W3 + b3                                   # (B, 1)
    # loss: mean squared error
    error = z3 - y                                      # (B, 1)
    loss = np.mean(error**2)                            # ()
    # backward
    dz3 = 2 * error / len(x)                            # (B, 1)
    dW3 = a2.T @ dz3                                    # (6, 1)
    db3 = dz3.sum(axis=0)                               # (1,)
    da2 = dz3 @ W3.T                                    # (B, 6)
    dz1 = da2 * (h2 > 0) * scale2 / deviation2          # (B, 6)
    dW1 = x.T @ dz1                                     # (4, 6)
    # update: gradient descent
    W1 -= learning_rate * dW1
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
