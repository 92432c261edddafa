import numpy as np


def step(past, ahead, y, W1, b1, W2, b2, W3, learning_rate):
    # forward
    naive = past[:, 2:5]                                    # (B, 3)
    m = np.mean(past, axis=-1, keepdims=True)               # (B, 1)
    part1 = past - m                                        # (B, 6)
    variance = np.mean(part1**2, axis=-1, keepdims=True)    # (B, 1)
    s = np.sqrt(variance + (0.001 * m)**2 + 1e-30)          # (B, 1)
    scaled = part1 / s                                      # (B, 6)
    h = ahead.reshape(-1, 6)                                # (B, 6)
    h_2 = np.concatenate([scaled, h], axis=-1)              # (B, 12)
    z1 = h_2 @ W1 + b1                                      # (B, 4)
    a1 = np.maximum(z1, 0)                                  # (B, 4)
    z2 = a1 @ W2 + b2                                       # (B, 3)
    z3 = scaled @ W3                                        # (B, 3)
    h3 = z2 + z3                                            # (B, 3)
    h3_2 = s * h3                                           # (B, 3)
    h3_3 = naive + h3_2                                     # (B, 3)
    # loss: mean absolute error
    error = h3_3 - y                                        # (B, 3)
    loss = np.mean(np.abs(error))                           # ()
    # backward
    dz3 = np.sign(error) * s / (3 * len(past))              # (B, 3)
    dW3 = scaled.T @ dz3                                    # (6, 3)
    dW2 = a1.T @ dz3                                        # (4, 3)
    db2 = dz3.sum(axis=0)                                   # (3,)
    da1 = dz3 @ W2.T                                        # (B, 4)
    dz1 = da1 * (z1 > 0)                                    # (B, 4)
    dW1 = h_2.T @ dz1                                       # (12, 4)
    db1 = dz1.sum(axis=0)                                   # (4,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    W3 -= learning_rate * dW3
    return loss
