import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def step(x, y, W1, b1, gain2, W3, b3, learning_rate):
    # forward
    z1 = x @ W1 + b1                             # (B, 8)
    s1 = sigmoid(z1)                             # (B, 8)
    a1 = z1 * s1                                 # (B, 8)
    s2 = a1 * gain2                              # (B, 8)
    z3 = s2 @ W3 + b3                            # (B, 1)
    # loss: root_square
    part1 = z3 - y                               # (B, 1)
    part2 = np.sqrt(1 + part1**2)                # (B, 1)
    loss = np.mean(part2 - 1)                    # ()
    # backward
    dz3 = part1 / part2 / len(x)                 # (B, 1)
    dW3 = s2.T @ dz3                             # (8, 1)
    db3 = dz3.sum(axis=0)                        # (1,)
    ds2 = dz3 @ W3.T                             # (B, 8)
    dgain2 = (ds2 * a1).sum(axis=0)              # (8,)
    da1 = ds2 * gain2                            # (B, 8)
    dz1 = da1 * s1 + da1 * z1 * s1 * (1 - s1)    # (B, 8)
    dW1 = x.T @ dz1                              # (4, 8)
    db1 = dz1.sum(axis=0)                        # (8,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    gain2 -= learning_rate * dgain2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
