import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def step(x, y, W1, U1, b1, W2, U2, b2, bU2, W3, b3, h_start1, c_start1, h_start2, learning_rate):
    # forward
    xW1 = x @ W1 + b1                                              # (B, 5, 16)
    h1_before, c1_before, f1, i1, g1, o1 = np.empty((6, len(x), 5, 4), np.float32)  # (B, 5, 4)
    tanh_c1, h1 = np.empty((2, len(x), 5, 4), np.float32)          # (B, 5, 4)
    h1_t = h_start1                                                # (B, 4)
    c1_t = c_start1                                                # (B, 4)
    for t in range(5):
        h1_before[:, t] = h1_t
        c1_before[:, t] = c1_t
        z1_t = xW1[:, t] + h1_t @ U1                               # (B, 16)
        f1[:, t] = f1_t = sigmoid(z1_t[:, 4:8])                    # (B, 4)
        i1[:, t] = i1_t = sigmoid(z1_t[:, :4])                     # (B, 4)
        g1[:, t] = g1_t = np.tanh(z1_t[:, 8:12])                   # (B, 4)
        c1_t = f1_t * c1_t + i1_t * g1_t                           # (B, 4)
        o1[:, t] = o1_t = sigmoid(z1_t[:, 12:])                    # (B, 4)
        tanh_c1[:, t] = tanh_c1_t = np.tanh(c1_t)                  # (B, 4)
        h1[:, t] = h1_t = o1_t * tanh_c1_t                         # (B, 4)
    h_end1 = h1_t                                                  # (B, 4)
    c_end1 = c1_t                                                  # (B, 4)
    xW2 = h1 @ W2 + b2                                             # (B, 5, 9)
    h2_before, z2, r2, hn2, n2 = np.empty((5, len(x), 5, 3), np.float32)  # (B, 5, 3)
    h2_t = h_start2                                                # (B, 3)
    for t in range(5):
        h2_before[:, t] = h2_t
        hU2_t = h2_t @ U2 + bU2                                    # (B, 9)
        z2[:, t] = z2_t = sigmoid(xW2[:, t, 3:6] + hU2_t[:, 3:6])  # (B, 3)
        r2[:, t] = r2_t = sigmoid(xW2[:, t, :3] + hU2_t[:, :3])    # (B, 3)
        hn2[:, t] = hn2_t = hU2_t[:, 6:]                           # (B, 3)
        n2[:, t] = n2_t = np.tanh(xW2[:, t, 6:] + r2_t * hn2_t)    # (B, 3)
        h2_t = (1 - z2_t) * n2_t + z2_t * h2_t                     # (B, 3)
    h2 = h2_t                                                      # (B, 3)
    z3 = h2 @ W3 + b3                                              # (B, 1)
    # loss: mean squared error
    error = z3 - y                                                 # (B, 1)
    loss = np.mean(error**2)                                       # ()
    # backward
    dz3 = 2 * error / len(x)                                       # (B, 1)
    dW3 = h2.T @ dz3                                               # (3, 1)
    db3 = dz3.sum(axis=0)                                          # (1,)
    dh2 = dz3 @ W3.T                                               # (B, 3)
    dhU2, dxW2 = np.empty((2, len(x), 5, 9), np.float32)           # (B, 5, 9)
    dh2_t = dh2                                                    # (B, 3)
    for t in reversed(range(5)):
        part_t = 1 - z2[:, t]                                      # (B, 3)
        dxn2_t = dh2_t * part_t * (1 - n2[:, t]**2)                # (B, 3)
        dhr2_t = dxn2_t * hn2[:, t] * r2[:, t] * (1 - r2[:, t])    # (B, 3)
        dhz2_t = dh2_t * (h2_before[:, t] - n2[:, t]) * z2[:, t] * part_t  # (B, 3)
        dhn2_t = dxn2_t * r2[:, t]                                 # (B, 3)
        dhU2[:, t] = dhU2_t = np.concatenate([dhr2_t, dhz2_t, dhn2_t], axis=-1)  # (B, 9)
        dxW2[:, t] = np.concatenate([dhr2_t, dhz2_t, dxn2_t], axis=-1)  # (B, 9)
        dh2_t = dh2_t * z2[:, t] + dhU2_t @ U2.T                   # (B, 3)
    dW2 = np.einsum("bti,bto->io", h1, dxW2, optimize=True)        # (4, 9)
    dU2 = np.einsum("bti,bto->io", h2_before, dhU2, optimize=True)  # (3, 9)
    db2 = dxW2.sum(axis=(0, 1))                                    # (9,)
    dbU2 = dhU2.sum(axis=(0, 1))                                   # (9,)
    dh1 = dxW2 @ W2.T                                              # (B, 5, 4)
    dxW1 = np.empty((len(x), 5, 16), np.float32)                   # (B, 5, 16)
    dh1_t = dc1_t = np.zeros((len(x), 4), np.float32)              # (B, 4)
    for t in reversed(range(5)):
        dh1_t = dh1_t + dh1[:, t]                                  # (B, 4)
        dc1_t = dc1_t + dh1_t * o1[:, t] * (1 - tanh_c1[:, t]**2)  # (B, 4)
        dzi1_t = dc1_t * g1[:, t] * i1[:, t] * (1 - i1[:, t])      # (B, 4)
        dzf1_t = dc1_t * c1_before[:, t] * f1[:, t] * (1 - f1[:, t])  # (B, 4)
        dzg1_t = dc1_t * i1[:, t] * (1 - g1[:, t]**2)              # (B, 4)
        dzo1_t = dh1_t * tanh_c1[:, t] * o1[:, t] * (1 - o1[:, t])  # (B, 4)
        dxW1[:, t] = dz1_t = np.concatenate([dzi1_t, dzf1_t, dzg1_t, dzo1_t], axis=-1)  # (B, 16)
        dh1_t = dz1_t @ U1.T                                       # (B, 4)
        dc1_t = dc1_t * f1[:, t]                                   # (B, 4)
    dW1 = np.einsum("bti,bto->io", x, dxW1, optimize=True)         # (3, 16)
    dU1 = np.einsum("bti,bto->io", h1_before, dxW1, optimize=True)  # (4, 16)
    db1 = dxW1.sum(axis=(0, 1))                                    # (16,)
    # update: gradient descent
    # what lstm goes on with in the next batch
    h_start1[...] = h_end1
    c_start1[...] = c_end1
    # what gru goes on with in the next batch
    h_start2[...] = h2
    W1 -= learning_rate * dW1
    U1 -= learning_rate * dU1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    U2 -= learning_rate * dU2
    b2 -= learning_rate * db2
    bU2 -= learning_rate * dbU2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
