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


def evaluate(x, y, W1, b1, W2, b2):
    # forward
    z1 = x @ W1 + b1                               # (B, 16)
    a1 = np.maximum(z1, 0)                         # (B, 16)
    z2 = a1 @ W2 + b2                              # (B, 3)
    a2 = softmax(z2)                               # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a2[y]) with a2 = softmax(z2)
    loss = np.mean(logsumexp(z2, axis=-1) - z2[np.arange(len(x)), y])  # ()
    # metrics
    accuracy = np.mean(a2.argmax(axis=-1) == y)    # ()
    return loss, accuracy, a2
