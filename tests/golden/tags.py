import numpy as np


def logsumexp(x, axis=None, keepdims=False):
    """ln(sum(e^x)) without overflow: the largest x is taken out first."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: ln(0) below is the right answer
    with np.errstate(divide="ignore", over="ignore"):
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis=axis)


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def add_at(shape, index, x):
    """Zeros of this shape, to which each row of x is added at its index."""
    whole = np.zeros(shape, x.dtype)
    np.add.at(whole, index, x)
    return whole


def step(words, y, w, W1, W2, U2, b2, W3, b3, learning_rate):
    # forward
    counts1 = words != 0                                            # (B, 9)
    known1 = np.logical_and(words >= 0, words < 20)                 # (B, 9)
    safe1 = np.where(known1, words, 0)                              # (B, 9)
    mask1 = known1.astype(np.float32)[..., None]                    # (B, 9, 1)
    embedded1 = W1[safe1] * mask1                                   # (B, 9, 6)
    xW2 = embedded1 @ W2 + b2                                       # (B, 9, 4)
    counts2 = counts1[..., None]                                    # (B, 9, 1)
    h2_before, h2_2, h2 = np.empty((3, len(words), 9, 4), np.float32)  # (B, 9, 4)
    h2_t = np.zeros((len(words), 4), np.float32)                    # (B, 4)
    for t in range(9):
        h2_before[:, t] = h2_t
        z2_t = xW2[:, t] + h2_t @ U2                                # (B, 4)
        h2_2[:, t] = h2_t_2 = np.tanh(z2_t)                         # (B, 4)
        h2[:, t] = h2_t = np.where(counts2[:, t], h2_t_2, h2_t)     # (B, 4)
    z3 = h2 @ W3 + b3                                               # (B, 9, 3)
    # loss: sparse categorical cross-entropy, on the logits, over the steps shown
    #   -weighted mean(ln a3[y]) with a3 = softmax(z3)
    part1 = w[..., None]                                            # (B, 1)
    part2 = logsumexp(z3, axis=-1)                                  # (B, 9)
    step_loss = part2 - np.take_along_axis(z3, np.expand_dims(y, -1), axis=-1)[..., 0]  # (B, 9)
    step_weight = np.where(counts1, part1, 0)                       # (B, 9)
    total_weight = np.maximum(step_weight.sum(), 1e-30)             # ()
    loss = np.where(counts1, part1 * step_loss, 0).sum() / total_weight  # ()
    # metrics: f1 needs all rows at once
    a3 = softmax(z3)                                                # (B, 9, 3)
    part3 = part1 * (a3.argmax(axis=-1) == y).astype(np.float32)    # (B, 9)
    accuracy = np.where(counts1, part3, 0).sum() / total_weight     # ()
    # backward
    dz3 = (step_weight / total_weight)[..., None] * (a3 - one_hot(y, 3, np.float32))  # (B, 9, 3)
    dW3 = np.einsum("bti,bto->io", h2, dz3, optimize=True)          # (4, 3)
    db3 = dz3.sum(axis=(0, 1))                                      # (3,)
    dh2 = dz3 @ W3.T                                                # (B, 9, 4)
    dxW2 = np.empty((len(words), 9, 4), np.float32)                 # (B, 9, 4)
    dh2_t = np.zeros((len(words), 4), np.float32)                   # (B, 4)
    for t in reversed(range(9)):
        dh2_t = dh2_t + dh2[:, t]                                   # (B, 4)
        dxW2[:, t] = dz2_t = np.where(counts2[:, t], dh2_t * (1 - h2_2[:, t]**2), 0)  # (B, 4)
        dh2_t = np.where(counts2[:, t], 0, dh2_t) + dz2_t @ U2.T    # (B, 4)
    dW2 = np.einsum("bti,bto->io", embedded1, dxW2, optimize=True)  # (6, 4)
    dU2 = np.einsum("bti,bto->io", h2_before, dxW2, optimize=True)  # (4, 4)
    db2 = dxW2.sum(axis=(0, 1))                                     # (4,)
    dembedded1 = dxW2 @ W2.T                                        # (B, 9, 6)
    dW1 = add_at((20, 6), safe1, dembedded1 * mask1)                # (20, 6)
    # update: gradient descent
    W1 -= learning_rate * dW1
    W2 -= learning_rate * dW2
    U2 -= learning_rate * dU2
    b2 -= learning_rate * db2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss, accuracy, total_weight
