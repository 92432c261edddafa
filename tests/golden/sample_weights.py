import numpy as np


def rmsprop(w, dw, v, learning_rate, rho=0.99, epsilon=1e-8):
    """RMSprop: one parameter, changed in place."""
    v += (1 - rho) * (dw**2 - v)
    w -= learning_rate * dw / (np.sqrt(v) + epsilon)


def step(x, y, w, W1, b1, W2, b2, v_W1, v_b1, v_W2, v_b2, learning_rate):
    # forward
    z1 = x @ W1 + b1                                            # (B, 3)
    a1 = np.maximum(z1, 0)                                      # (B, 3)
    z2 = a1 @ W2 + b2                                           # (B, 2)
    # loss: mean absolute error
    error = z2 - y                                              # (B, 2)
    row_loss = np.mean(np.abs(error), axis=1)                   # (B,)
    total_weight = np.maximum(w.sum(), 1e-30)                   # ()
    loss = (w * row_loss).sum() / total_weight                  # ()
    # backward
    dz2 = (w / total_weight / 2)[..., None] * np.sign(error)    # (B, 2)
    dW2 = a1.T @ dz2                                            # (3, 2)
    db2 = dz2.sum(axis=0)                                       # (2,)
    da1 = dz2 @ W2.T                                            # (B, 3)
    dz1 = da1 * (z1 > 0)                                        # (B, 3)
    dW1 = x.T @ dz1                                             # (4, 3)
    db1 = dz1.sum(axis=0)                                       # (3,)
    # update: RMSprop
    rmsprop(W1, np.clip(dW1, -0.5, 0.5), v_W1, learning_rate)
    rmsprop(b1, np.clip(db1, -0.5, 0.5), v_b1, learning_rate)
    rmsprop(W2, np.clip(dW2, -0.5, 0.5), v_W2, learning_rate)
    rmsprop(b2, np.clip(db2, -0.5, 0.5), v_b2, learning_rate)
    return loss
