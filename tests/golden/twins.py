import numpy as np


def step(left, right, y, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = left @ W1 + b1                                        # (B, 5)
    a1 = np.tanh(z1)                                           # (B, 5)
    z2 = a1 @ W2 + b2                                          # (B, 3)
    z1_2 = right @ W1 + b1                                     # (B, 5)
    a1_2 = np.tanh(z1_2)                                       # (B, 5)
    z2_2 = a1_2 @ W2 + b2                                      # (B, 3)
    apart2 = z2 - z2_2                                         # (B, 3)
    part1 = (apart2**2).sum(axis=-1, keepdims=True)            # (B, 1)
    d2 = np.sqrt(np.maximum(part1, 1e-16))                     # (B, 1)
    # loss: contrastive
    unlike = 1 - y                                             # (B, 1)
    gap = 1 - d2                                               # (B, 1)
    near = np.maximum(gap, 0)                                  # (B, 1)
    loss = np.mean((y * d2**2 + unlike * near**2) / 2)         # ()
    # backward
    part2 = 2 * (y * d2 - unlike * near * (gap > 0)) / (2 * d2) * apart2  # (B, 3)
    dapart2 = np.where(part1 > 1e-16, part2, 0) / len(left)    # (B, 3)
    dz2_2 = -dapart2                                           # (B, 3)
    dW2 = a1_2.T @ dz2_2 + a1.T @ dapart2                      # (5, 3)
    db2 = dz2_2.sum(axis=0) + dapart2.sum(axis=0)              # (3,)
    da1_2 = dz2_2 @ W2.T                                       # (B, 5)
    dz1_2 = da1_2 * (1 - a1_2**2)                              # (B, 5)
    da1 = dapart2 @ W2.T                                       # (B, 5)
    dz1 = da1 * (1 - a1**2)                                    # (B, 5)
    dW1 = right.T @ dz1_2 + left.T @ dz1                       # (4, 5)
    db1 = dz1_2.sum(axis=0) + dz1.sum(axis=0)                  # (5,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
