import numpy as np


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def predict(x, codes, fill, mean, scale, W, b):
    # forward
    filled = np.where(np.isnan(x), fill, x)                   # (B, 3)
    scaled = (filled - mean) / scale                          # (B, 3)
    part1 = np.isnan(x[:, 2:3])                               # (B, 1)
    missing = np.concatenate([np.isnan(x[:, 0:1]), part1], axis=-1).astype(np.float32)  # (B, 2)
    part2 = one_hot(codes[:, 1], 3, np.float32)               # (B, 3)
    onehot = np.concatenate([one_hot(codes[:, 0], 2, np.float32), part2], axis=-1)  # (B, 5)
    h = np.concatenate([scaled, missing, onehot], axis=-1)    # (B, 10)
    z = h @ W + b                                             # (B, 1)
    return z
