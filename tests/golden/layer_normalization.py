import numpy as np


def step(x, y, W1, scale2, shift2, W3, b3, learning_rate):
    # forward
    z1 = x @ W1                                                    # (B, 6)
    centred2 = z1 - np.mean(z1, axis=-1, keepdims=True)            # (B, 6)
    deviation2 = np.sqrt(np.mean(centred2**2, axis=-1, keepdims=True) + 1e-5)  # (B, 1)
    normalized2 = centred2 / deviation2                            # (B, 6)
    h2 = normalized2 * scale2 + shift2                             # (B, 6)
    a2 = np.maximum(h2, 0)                                         # (B, 6)
    z3 = a2 @ W3 + b3                                              # (B, 1)
    # loss: mean squared error
    error = z3 - y                                                 # (B, 1)
    loss = np.mean(error**2)                                       # ()
    # backward
    dz3 = 2 * error / len(x)                                       # (B, 1)
    dW3 = a2.T @ dz3                                               # (6, 1)
    db3 = dz3.sum(axis=0)                                          # (1,)
    da2 = dz3 @ W3.T                                               # (B, 6)
    dh2 = da2 * (h2 > 0)                                           # (B, 6)
    dscale2 = (dh2 * normalized2).sum(axis=0)                      # (6,)
    dshift2 = dh2.sum(axis=0)                                      # (6,)
    dnormalized2 = dh2 * scale2                                    # (B, 6)
    ddeviation2 = -(dnormalized2 * normalized2 / deviation2).sum(axis=1, keepdims=True)  # (B, 1)
    part1 = ddeviation2 / (2 * deviation2) * centred2 / 3          # (B, 6)
    dcentred2 = dnormalized2 / deviation2 + part1                  # (B, 6)
    dz1 = dcentred2 - np.mean(dcentred2, axis=1, keepdims=True)    # (B, 6)
    dW1 = x.T @ dz1                                                # (4, 6)
    # update: gradient descent
    W1 -= learning_rate * dW1
    scale2 -= learning_rate * dscale2
    shift2 -= learning_rate * dshift2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
