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


def step(x, y1, y2, W1, b1, W2, b2, W3, b3, learning_rate):
    # forward
    z1 = x @ W1 + b1                                              # (B, 5)
    a1 = np.tanh(z1)                                              # (B, 5)
    z2 = a1 @ W2 + b2                                             # (B, 3)
    z3 = a1 @ W3 + b3                                             # (B, 1)
    # loss: sparse categorical cross-entropy, on the logits; Huber
    #   loss1: -mean(ln a2[y1]) with a2 = softmax(z2)
    loss1 = np.mean(logsumexp(z2, axis=-1) - z2[np.arange(len(x)), y1])  # ()
    error = z3 - y2                                               # (B, 1)
    size = np.abs(error)                                          # (B, 1)
    part1 = size <= 1                                             # (B, 1)
    loss2 = np.mean(np.where(part1, error**2 / 2, size - 0.5))    # ()
    part2 = np.mean(np.abs(a1).sum(axis=-1))                      # ()
    penalty = 0.1 * (part2 + part2)                               # ()
    weight_penalty = 0.01 * (W1**2).sum()                         # ()
    loss = loss1 + 0.5 * loss2 + penalty + weight_penalty         # ()
    # metrics
    a2 = softmax(z2)                                              # (B, 3)
    accuracy1 = np.mean(a2.argmax(axis=-1) == y1)                 # ()
    # backward
    dz3 = np.where(part1, 0.5 * error, 0.5 * np.sign(error)) / len(x)  # (B, 1)
    dW3 = a1.T @ dz3                                              # (5, 1)
    db3 = dz3.sum(axis=0)                                         # (1,)
    dz2 = (a2 - one_hot(y1, 3, np.float32)) / len(x)              # (B, 3)
    dW2 = a1.T @ dz2                                              # (5, 3)
    db2 = dz2.sum(axis=0)                                         # (3,)
    da1 = 0.2 * np.sign(a1) / len(x) + dz3 @ W3.T + dz2 @ W2.T    # (B, 5)
    dz1 = da1 * (1 - a1**2)                                       # (B, 5)
    dW1 = x.T @ dz1 + 0.02 * W1                                   # (6, 5)
    db1 = dz1.sum(axis=0)                                         # (5,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss, accuracy1, penalty
