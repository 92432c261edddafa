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


def evaluate(x, y1, y2, W1, b1, W2, b2, W3, b3):
    # forward
    z1 = x @ W1 + b1                                 # (B, 8)
    a1 = np.tanh(z1)                                 # (B, 8)
    z2 = a1 @ W2 + b2                                # (B, 3)
    a2 = softmax(z2)                                 # (B, 3)
    z3 = a1 @ W3 + b3                                # (B, 1)
    # loss: sparse categorical cross-entropy, on the logits; Huber
    #   loss1: -mean(ln a2[y1]) with a2 = softmax(z2)
    loss1 = np.mean(logsumexp(z2, axis=-1) - z2[np.arange(len(x)), y1])  # ()
    error = z3 - y2                                  # (B, 1)
    size = np.abs(error)                             # (B, 1)
    loss2 = np.mean(np.where(size <= 1, error**2 / 2, size - 0.5))  # ()
    loss = loss1 + 0.5 * loss2                       # ()
    # metrics
    accuracy1 = np.mean(a2.argmax(axis=-1) == y1)    # ()
    mean_absolute_error2 = np.mean(size)             # ()
    return loss, loss1, loss2, accuracy1, mean_absolute_error2, a2, z3
