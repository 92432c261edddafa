import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def predict(x, h_start1, c_start1, h_start2, W1, U1, b1, W2, U2, b2, bU2, W3, b3):
    # forward
    xW1 = x @ W1 + b1                                          # (B, 5, 16)
    h1 = np.empty((len(x), 5, 4), np.float32)                  # (B, 5, 4)
    h1_t = h_start1                                            # (B, 4)
    c1_t = c_start1                                            # (B, 4)
    for t in range(5):
        z1_t = xW1[:, t] + h1_t @ U1                           # (B, 16)
        f1_t = sigmoid(z1_t[:, 4:8])                           # (B, 4)
        i1_t = sigmoid(z1_t[:, :4])                            # (B, 4)
        g1_t = np.tanh(z1_t[:, 8:12])                          # (B, 4)
        c1_t = f1_t * c1_t + i1_t * g1_t                       # (B, 4)
        o1_t = sigmoid(z1_t[:, 12:])                           # (B, 4)
        tanh_c1_t = np.tanh(c1_t)                              # (B, 4)
        h1[:, t] = h1_t = o1_t * tanh_c1_t                     # (B, 4)
    h_end1 = h1_t                                              # (B, 4)
    c_end1 = c1_t                                              # (B, 4)
    xW2 = h1 @ W2 + b2                                         # (B, 5, 9)
    h2_t = h_start2                                            # (B, 3)
    for t in range(5):
        hU2_t = h2_t @ U2 + bU2                                # (B, 9)
        z2_t = sigmoid(xW2[:, t, 3:6] + hU2_t[:, 3:6])         # (B, 3)
        r2_t = sigmoid(xW2[:, t, :3] + hU2_t[:, :3])           # (B, 3)
        n2_t = np.tanh(xW2[:, t, 6:] + r2_t * hU2_t[:, 6:])    # (B, 3)
        h2_t = (1 - z2_t) * n2_t + z2_t * h2_t                 # (B, 3)
    h2 = h2_t                                                  # (B, 3)
    z3 = h2 @ W3 + b3                                          # (B, 1)
    return z3, h_end1, c_end1, h2
