import numpy as np


def step(x, y, w, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = x @ W1 + b1                                         # (B, 5)
    a1 = np.tanh(z1)                                         # (B, 5)
    z2 = a1 @ W2 + b2                                        # (B, 2)
    # loss: sum of squares
    error = z2 - y                                           # (B, 2)
    penalty = 0.1 * (w * np.abs(a1).sum(axis=-1)).sum()      # ()
    loss = (w * (error**2).sum(axis=1)).sum() + penalty      # ()
    # metrics
    total_weight = np.maximum(w.sum(), 1e-30)                # ()
    mean_absolute_error = (w * np.mean(np.abs(error), axis=1)).sum() / total_weight  # ()
    # backward
    dz2 = 2 * w[..., None] * error                           # (B, 2)
    dW2 = a1.T @ dz2                                         # (5, 2)
    db2 = dz2.sum(axis=0)                                    # (2,)
    da1 = (0.1 * w)[..., None] * np.sign(a1) + dz2 @ W2.T    # (B, 5)
    dz1 = da1 * (1 - a1**2)                                  # (B, 5)
    dW1 = x.T @ dz1                                          # (4, 5)
    db1 = dz1.sum(axis=0)                                    # (5,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss, mean_absolute_error, penalty
