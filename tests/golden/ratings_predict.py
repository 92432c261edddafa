import numpy as np


def predict(user, item, W1, W2, W3, W4, y_mean, y_scale):
    # forward
    embedded1 = W1[user]                                       # (B, 32)
    embedded2 = W2[item]                                       # (B, 32)
    h2 = (embedded1 * embedded2).sum(axis=1, keepdims=True)    # (B, 1)
    embedded3 = W3[user]                                       # (B, 1)
    embedded4 = W4[item]                                       # (B, 1)
    h4 = h2 + embedded3 + embedded4                            # (B, 1)
    p4 = h4 * y_scale + y_mean                                 # (B, 1)
    return p4
