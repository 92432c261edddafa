import numpy as np


def sgd(w, dw, v, learning_rate, momentum=0.9):
    """Gradient descent with momentum: one parameter, changed in place."""
    v[...] = momentum * v + dw
    w -= learning_rate * v


def step(
    x, y, W1, b1, W2, b2, W3, b3, W4, b4, v_W1, v_b1, v_W2, v_b2, v_W3, v_b3, v_W4, v_b4,
    learning_rate
):
    # forward
    z1 = x @ W1 + b1            # (B, 8)
    a1 = np.maximum(z1, 0)      # (B, 8)
    z2 = a1 @ W2 + b2           # (B, 8)
    a2 = np.maximum(z2, 0)      # (B, 8)
    z3 = a2 @ W3 + b3           # (B, 8)
    h3 = a1 + z3                # (B, 8)
    a3 = np.maximum(h3, 0)      # (B, 8)
    z4 = a3 @ W4 + b4           # (B, 1)
    # loss: mean squared error
    error = z4 - y              # (B, 1)
    loss = np.mean(error**2)    # ()
    # backward
    dz4 = 2 * error / len(x)    # (B, 1)
    dW4 = a3.T @ dz4            # (8, 1)
    db4 = dz4.sum(axis=0)       # (1,)
    da3 = dz4 @ W4.T            # (B, 8)
    dz3 = da3 * (h3 > 0)        # (B, 8)
    dW3 = a2.T @ dz3            # (8, 8)
    db3 = dz3.sum(axis=0)       # (8,)
    da2 = dz3 @ W3.T            # (B, 8)
    dz2 = da2 * (z2 > 0)        # (B, 8)
    dW2 = a1.T @ dz2            # (8, 8)
    db2 = dz2.sum(axis=0)       # (8,)
    da1 = dz3 + dz2 @ W2.T      # (B, 8)
    dz1 = da1 * (z1 > 0)        # (B, 8)
    dW1 = x.T @ dz1             # (5, 8)
    db1 = dz1.sum(axis=0)       # (8,)
    # update: gradient descent with momentum
    sgd(W1, dW1, v_W1, learning_rate)
    sgd(b1, db1, v_b1, learning_rate)
    sgd(W2, dW2, v_W2, learning_rate)
    sgd(b2, db2, v_b2, learning_rate)
    sgd(W3, dW3, v_W3, learning_rate)
    sgd(b3, db3, v_b3, learning_rate)
    sgd(W4, dW4, v_W4, learning_rate)
    sgd(b4, db4, v_b4, learning_rate)
    return loss
