import numpy as np


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def adagrad(w, dw, v, learning_rate, epsilon=1e-10):
    """Adagrad: one parameter, changed in place."""
    v += dw**2
    w -= learning_rate * dw / (np.sqrt(v) + epsilon)


def step(x, codes, y, fill, mean, scale, W, b, v_W, v_b, learning_rate):
    # forward
    filled = np.where(np.isnan(x), fill, x)                   # (B, 3)
    scaled = (filled - mean) / scale                          # (B, 3)
    part1 = np.isnan(x[:, 2:3])                               # (B, 1)
    missing = np.concatenate([np.isnan(x[:, 0:1]), part1], axis=-1).astype(np.float32)  # (B, 2)
    part2 = one_hot(codes[:, 1], 3, np.float32)               # (B, 3)
    onehot = np.concatenate([one_hot(codes[:, 0], 2, np.float32), part2], axis=-1)  # (B, 5)
    h = np.concatenate([scaled, missing, onehot], axis=-1)    # (B, 10)
    z = h @ W + b                                             # (B, 1)
    # loss: mean squared error
    error = z - y                                             # (B, 1)
    loss = np.mean(error**2)                                  # ()
    # backward
    dz = 2 * error / len(x)                                   # (B, 1)
    dW = h.T @ dz                                             # (10, 1)
    db = dz.sum(axis=0)                                       # (1,)
    # update: Adagrad
    adagrad(W, dW, v_W, learning_rate)
    adagrad(b, db, v_b, learning_rate)
    return loss
