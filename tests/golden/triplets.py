import numpy as np


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def step(anchor, left, right, y, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = anchor @ W1 + b1                                           # (B, 5)
    a1 = np.tanh(z1)                                                # (B, 5)
    z2 = a1 @ W2 + b2                                               # (B, 3)
    z1_2 = left @ W1 + b1                                           # (B, 5)
    a1_2 = np.tanh(z1_2)                                            # (B, 5)
    z2_2 = a1_2 @ W2 + b2                                           # (B, 3)
    apart2 = z2 - z2_2                                              # (B, 3)
    part1 = (apart2**2).sum(axis=-1, keepdims=True)                 # (B, 1)
    d2 = np.sqrt(np.maximum(part1, 1e-16))                          # (B, 1)
    z1_3 = right @ W1 + b1                                          # (B, 5)
    a1_3 = np.tanh(z1_3)                                            # (B, 5)
    z2_3 = a1_3 @ W2 + b2                                           # (B, 3)
    apart2_2 = z2 - z2_3                                            # (B, 3)
    part2 = (apart2_2**2).sum(axis=-1, keepdims=True)               # (B, 1)
    d2_2 = np.sqrt(np.maximum(part2, 1e-16))                        # (B, 1)
    h2 = np.concatenate([d2, d2_2], axis=-1)                        # (B, 2)
    # loss: triplet
    part3 = one_hot(y, 2, np.float32)                               # (B, 2)
    others = 1 - part3                                              # (B, 2)
    alike = h2[np.arange(len(anchor)), y][..., None]                # (B, 1)
    part4 = alike - h2 + 1                                          # (B, 2)
    loss = np.mean((others * np.maximum(part4, 0)).sum(axis=-1))    # ()
    # backward
    part5 = others * (part4 > 0) / len(anchor)                      # (B, 2)
    dalike = part5.sum(axis=1, keepdims=True)                       # (B, 1)
    dh2 = dalike * part3 - part5                                    # (B, 2)
    dapart2_2 = np.where(part2 > 1e-16, 2 * dh2[:, 1:2] / (2 * d2_2) * apart2_2, 0)  # (B, 3)
    dz2_3 = -dapart2_2                                              # (B, 3)
    dapart2 = np.where(part1 > 1e-16, 2 * dh2[:, 0:1] / (2 * d2) * apart2, 0)  # (B, 3)
    dz2_2 = -dapart2                                                # (B, 3)
    dz2 = dapart2_2 + dapart2                                       # (B, 3)
    dW2 = a1_3.T @ dz2_3 + a1_2.T @ dz2_2 + a1.T @ dz2              # (5, 3)
    db2 = dz2_3.sum(axis=0) + dz2_2.sum(axis=0) + dz2.sum(axis=0)   # (3,)
    da1_3 = dz2_3 @ W2.T                                            # (B, 5)
    dz1_3 = da1_3 * (1 - a1_3**2)                                   # (B, 5)
    da1_2 = dz2_2 @ W2.T                                            # (B, 5)
    dz1_2 = da1_2 * (1 - a1_2**2)                                   # (B, 5)
    da1 = dz2 @ W2.T                                                # (B, 5)
    dz1 = da1 * (1 - a1**2)                                         # (B, 5)
    dW1 = right.T @ dz1_3 + left.T @ dz1_2 + anchor.T @ dz1         # (4, 5)
    db1 = dz1_3.sum(axis=0) + dz1_2.sum(axis=0) + dz1.sum(axis=0)   # (5,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
