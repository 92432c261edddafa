import numpy as np


def predict(past, ahead, W1, b1, W2, b2, W3):
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
    return h3_3
