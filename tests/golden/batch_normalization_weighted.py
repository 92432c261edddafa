import numpy as np


def step(x, y, w, W1, scale2, shift2, mean2, variance2, W3, b3, learning_rate):
    # forward
    z1 = x @ W1                                                # (B, 6)
    total_weight = np.maximum(w.sum(), 1e-30)                  # ()
    row_share = w / total_weight                               # (B,)
    share = row_share[..., None]                               # (B, 1)
    batch_mean2 = (share * z1).sum(axis=0)                     # (6,)
    centred2 = z1 - batch_mean2                                # (B, 6)
    batch_variance2 = (share * centred2**2).sum(axis=0)        # (6,)
    deviation2 = np.sqrt(batch_variance2 + 1e-5)               # (6,)
    normalized2 = centred2 / deviation2                        # (B, 6)
    h2 = normalized2 * scale2 + shift2                         # (B, 6)
    a2 = np.maximum(h2, 0)                                     # (B, 6)
    z3 = a2 @ W3 + b3                                          # (B, 1)
    # loss: mean squared error
    error = z3 - y                                             # (B, 1)
    row_loss = (error**2).reshape(-1)                          # (B,)
    loss = (w * row_loss).sum() / total_weight                 # ()
    # backward
    dz3 = 2 * share * error                                    # (B, 1)
    dW3 = a2.T @ dz3                                           # (6, 1)
    db3 = dz3.sum(axis=0)                                      # (1,)
    da2 = dz3 @ W3.T                                           # (B, 6)
    dh2 = da2 * (h2 > 0)                                       # (B, 6)
    dscale2 = (dh2 * normalized2).sum(axis=0)                  # (6,)
    dshift2 = dh2.sum(axis=0)                                  # (6,)
    dnormalized2 = dh2 * scale2                                # (B, 6)
    ddeviation2 = -(dnormalized2 * normalized2 / deviation2).sum(axis=0)  # (6,)
    dbatch_variance2 = ddeviation2 / (2 * deviation2)          # (6,)
    dcentred2 = dnormalized2 / deviation2 + 2 * dbatch_variance2 * share * centred2  # (B, 6)
    dbatch_mean2 = -dcentred2.sum(axis=0)                      # (6,)
    dz1 = dcentred2 + dbatch_mean2 * share                     # (B, 6)
    dW1 = x.T @ dz1                                            # (4, 6)
    # update: gradient descent
    any_weight = total_weight > 1e-30                          # ()
    row_count = 1 / np.maximum((row_share**2).sum(), 1e-30)    # ()
    free2 = row_count - 1                                      # ()
    unbiased2 = row_count * batch_variance2 / np.maximum(free2, 1)  # (6,)
    # running figures of batch_normalization
    mean2 += np.where(any_weight, 0.1 * (batch_mean2 - mean2), 0)
    variance2 += np.where(any_weight, 0.1 * (unbiased2 - np.minimum(free2, 1) * variance2), 0)
    W1 -= learning_rate * dW1
    scale2 -= learning_rate * dscale2
    shift2 -= learning_rate * dshift2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
