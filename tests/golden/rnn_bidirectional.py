import numpy as np


def step(x, y, Wf1, Uf1, bf1, Wb1, Ub1, bb1, W2, b2, learning_rate):
    # forward
    xW_f1 = x @ Wf1 + bf1                                          # (B, 7, 4)
    h_f1_before, h_f1 = np.empty((2, len(x), 7, 4), np.float32)    # (B, 7, 4)
    h_f1_t = np.zeros((len(x), 4), np.float32)                     # (B, 4)
    for t in range(7):
        h_f1_before[:, t] = h_f1_t
        z_f1_t = xW_f1[:, t] + h_f1_t @ Uf1                        # (B, 4)
        h_f1[:, t] = h_f1_t = np.tanh(z_f1_t)                      # (B, 4)
    xW_b1 = x @ Wb1 + bb1                                          # (B, 7, 4)
    h_b1_before, h_b1 = np.empty((2, len(x), 7, 4), np.float32)    # (B, 7, 4)
    h_b1_t = np.zeros((len(x), 4), np.float32)                     # (B, 4)
    for t in reversed(range(7)):
        h_b1_before[:, t] = h_b1_t
        z_b1_t = xW_b1[:, t] + h_b1_t @ Ub1                        # (B, 4)
        h_b1[:, t] = h_b1_t = np.tanh(z_b1_t)                      # (B, 4)
    h1 = np.concatenate([h_f1, h_b1], axis=-1)                     # (B, 7, 8)
    h1_2 = h1.reshape(-1, 56)                                      # (B, 56)
    z2 = h1_2 @ W2 + b2                                            # (B, 1)
    # loss: mean squared error
    error = z2 - y                                                 # (B, 1)
    loss = np.mean(error**2)                                       # ()
    # backward
    dz2 = 2 * error / len(x)                                       # (B, 1)
    dW2 = h1_2.T @ dz2                                             # (56, 1)
    db2 = dz2.sum(axis=0)                                          # (1,)
    dh1_2 = dz2 @ W2.T                                             # (B, 56)
    dh1 = dh1_2.reshape(-1, 7, 8)                                  # (B, 7, 8)
    dh_f1 = dh1[..., 0:4]                                          # (B, 7, 4)
    dxW_f1 = np.empty((len(x), 7, 4), np.float32)                  # (B, 7, 4)
    dh_f1_t = np.zeros((len(x), 4), np.float32)                    # (B, 4)
    for t in reversed(range(7)):
        dxW_f1[:, t] = dz_f1_t = (dh_f1_t + dh_f1[:, t]) * (1 - h_f1[:, t]**2)  # (B, 4)
        dh_f1_t = dz_f1_t @ Uf1.T                                  # (B, 4)
    dWf1 = np.einsum("bti,bto->io", x, dxW_f1, optimize=True)      # (3, 4)
    dUf1 = np.einsum("bti,bto->io", h_f1_before, dxW_f1, optimize=True)  # (4, 4)
    dbf1 = dxW_f1.sum(axis=(0, 1))                                 # (4,)
    dh_b1 = dh1[..., 4:8]                                          # (B, 7, 4)
    dxW_b1 = np.empty((len(x), 7, 4), np.float32)                  # (B, 7, 4)
    dh_b1_t = np.zeros((len(x), 4), np.float32)                    # (B, 4)
    for t in range(7):
        dxW_b1[:, t] = dz_b1_t = (dh_b1_t + dh_b1[:, t]) * (1 - h_b1[:, t]**2)  # (B, 4)
        dh_b1_t = dz_b1_t @ Ub1.T                                  # (B, 4)
    dWb1 = np.einsum("bti,bto->io", x, dxW_b1, optimize=True)      # (3, 4)
    dUb1 = np.einsum("bti,bto->io", h_b1_before, dxW_b1, optimize=True)  # (4, 4)
    dbb1 = dxW_b1.sum(axis=(0, 1))                                 # (4,)
    # update: gradient descent
    Wf1 -= learning_rate * dWf1
    Uf1 -= learning_rate * dUf1
    bf1 -= learning_rate * dbf1
    Wb1 -= learning_rate * dWb1
    Ub1 -= learning_rate * dUb1
    bb1 -= learning_rate * dbb1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
