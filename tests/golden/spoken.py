import numpy as np


def log_softmax(x, axis=-1):
    """ln(softmax(x)) without overflow and without ln(0)."""
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def step(x, y, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = x @ W1 + b1                                               # (B, 5, 4)
    a1 = np.tanh(z1)                                               # (B, 5, 4)
    z2 = a1 @ W2 + b2                                              # (B, 5, 3)
    # loss: connectionist temporal classification, on the logits
    #   -mean(ln of the chance of all paths in a2 that spell y) with a2 = softmax(z2)
    ln_p = log_softmax(z2)                                         # (B, 5, 3)
    ln_blank = ln_p[..., :1]                                       # (B, 5, 1)
    hot = one_hot(y, 3, np.float32)                                # (B, 2, 3)
    ln_label = ln_p @ hot.swapaxes(-2, -1)                         # (B, 5, 2)
    barred = -1e30 * (y == np.pad(y, ((0, 0), (1, 0)))[:, :2]).astype(np.float32)  # (B, 2)
    blank_before, before = np.empty((2, len(x), 5, 3), np.float32)  # (B, 5, 3)
    label_before, apart, direct, moved = np.empty((4, len(x), 5, 2), np.float32)  # (B, 5, 2)
    blank_t = np.pad(                                              # (B, 3)
        np.zeros((len(x), 1), np.float32), ((0, 0), (0, 2)), constant_values=-1e+30
    )
    label_t = np.full((len(x), 2), -1e30, np.float32)              # (B, 2)
    for t in range(5):
        blank_before[:, t] = blank_t
        label_before[:, t] = label_t
        apart[:, t] = apart_t = blank_t[:, :2]                     # (B, 2)
        before_t = np.pad(label_t, ((0, 0), (1, 0)), constant_values=-1e+30)  # (B, 3)
        before[:, t] = before_t
        direct[:, t] = direct_t = before_t[:, :2] + barred         # (B, 2)
        moved[:, t] = moved_t = np.logaddexp(apart_t, direct_t)    # (B, 2)
        blank_t = ln_blank[:, t] + np.logaddexp(blank_t, before_t)  # (B, 3)
        label_t = ln_label[:, t] + np.logaddexp(label_t, moved_t)  # (B, 2)
    blank = blank_t                                                # (B, 3)
    label = label_t                                                # (B, 2)
    ending = np.pad(label, ((0, 0), (1, 0)), constant_values=-1e+30)  # (B, 3)
    spelt = np.logaddexp(blank, ending)                            # (B, 3)
    n_labels = (y >= 0).astype(np.float32).sum(axis=1).astype(np.int64)  # (B,)
    loss = -np.mean(spelt[np.arange(len(x)), n_labels])            # ()
    # backward
    dspelt = -one_hot(n_labels, 3, np.float32) / len(x)            # (B, 3)
    dlabel_before = np.empty((len(x), 5, 2), np.float32)           # (B, 5, 2)
    dln_blank = np.empty((len(x), 5, 1), np.float32)               # (B, 5, 1)
    dblank_t = dspelt * np.exp(-softplus(ending - blank))          # (B, 3)
    dlabel_t = (dspelt * np.exp(-softplus(blank - ending)))[:, 1:3]  # (B, 2)
    for t in reversed(range(5)):
        dlabel_before[:, t] = dlabel_t
        dmoved_t = dlabel_t * np.exp(-softplus(label_before[:, t] - moved[:, t]))  # (B, 2)
        dln_blank[:, t] = dblank_t.sum(axis=1, keepdims=True)      # (B, 1)
        part_t = dmoved_t * np.exp(-softplus(direct[:, t] - apart[:, t]))  # (B, 2)
        e_t = np.exp(-softplus(before[:, t] - blank_before[:, t]))  # (B, 3)
        dblank_t_2 = np.pad(part_t, ((0, 0), (0, 1))) + dblank_t * e_t  # (B, 3)
        part_t_2 = dmoved_t * np.exp(-softplus(apart[:, t] - direct[:, t]))  # (B, 2)
        e_t_2 = np.exp(-softplus(blank_before[:, t] - before[:, t]))  # (B, 3)
        part_t_3 = np.pad(part_t_2, ((0, 0), (0, 1))) + dblank_t * e_t_2  # (B, 3)
        e_t_3 = np.exp(-softplus(moved[:, t] - label_before[:, t]))  # (B, 2)
        dlabel_t = dlabel_t * e_t_3 + part_t_3[:, 1:3]             # (B, 2)
        dblank_t = dblank_t_2
    dln_p = dlabel_before @ hot + np.pad(dln_blank, ((0, 0), (0, 0), (0, 2)))  # (B, 5, 3)
    dz2 = dln_p - softmax(z2) * dln_p.sum(axis=-1, keepdims=True)  # (B, 5, 3)
    dW2 = np.einsum("bti,bto->io", a1, dz2, optimize=True)         # (4, 3)
    db2 = dz2.sum(axis=(0, 1))                                     # (3,)
    da1 = dz2 @ W2.T                                               # (B, 5, 4)
    dz1 = da1 * (1 - a1**2)                                        # (B, 5, 4)
    dW1 = np.einsum("bti,bto->io", x, dz1, optimize=True)          # (2, 4)
    db1 = dz1.sum(axis=(0, 1))                                     # (4,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
