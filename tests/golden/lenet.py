import numpy as np


def windows2d(x, size, stride=1):
    """Every window of x, as a view: nothing is copied."""
    # view[n, i, j, c, k, l] is x[n, i * stride + k, j * stride + l, c]
    view = np.lib.stride_tricks.sliding_window_view(x, size, (1, 2), writeable=True)
    return view[:, ::stride, ::stride]


def pad2d(x, padding, value=0):
    """The images x with room around them."""
    widths = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return np.pad(x, widths, constant_values=value)


def conv2d(x, w, padding=0):
    """w slides over x: each window times w, summed over its places and channels."""
    parts = windows2d(pad2d(x, padding), w.shape[:2])  # (n, i, j, c, k, l)
    return np.einsum("nijckl,klco->nijo", parts, w, optimize=True)


def max_pool2d(x, size):
    """The largest number of each window."""
    return windows2d(x, (size, size), size).max(axis=(-2, -1))


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


def max_pool2d_input(dz, x, size):
    """The gradient of max_pool2d: each dz goes to the first maximum of its window."""
    first = windows2d(x, (size, size), size).reshape(*dz.shape, -1).argmax(axis=-1)
    dx = np.zeros(x.shape, dz.dtype)
    places = windows2d(dx, (size, size), size)  # a view of dx
    for i, at in enumerate(np.ndindex(size, size)):
        places[(..., *at)] += dz * (first == i)
    return dx


def conv2d_weight(x, dz, size, padding=0):
    """The gradient of conv2d for w: all that each weight was multiplied with."""
    parts = windows2d(pad2d(x, padding), size)
    return np.einsum("nijckl,nijo->klco", parts, dz, optimize=True)


def cut2d(x, size, padding):
    """The images of this size in padded ones: pad the other way."""
    return x[:, padding : padding + size[0], padding : padding + size[1]]


def conv2d_input(dz, w, size, padding=0):
    """The gradient of conv2d for x: each dz goes back through w to its window."""
    room = [n + 2 * padding for n in size]
    dx = np.zeros((len(dz), *room, w.shape[2]), dz.dtype)
    places = windows2d(dx, w.shape[:2])  # a view of dx
    for k, l in np.ndindex(w.shape[:2]):
        places[..., k, l] += dz @ w[k, l].T
    return cut2d(dx, size, padding)


def adam(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Adam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    x, y, W1, b1, W2, b2, W3, b3, W4, b4, W5, b5, m_W1, v_W1, m_b1, v_b1, m_W2, v_W2, m_b2, v_b2,
    m_W3, v_W3, m_b3, v_b3, m_W4, v_W4, m_b4, v_b4, m_W5, v_W5, m_b5, v_b5, learning_rate, t
):
    # forward
    z1 = conv2d(x, W1, padding=2) + b1                           # (B, 28, 28, 6)
    a1 = np.maximum(z1, 0)                                       # (B, 28, 28, 6)
    p1 = max_pool2d(a1, 2)                                       # (B, 14, 14, 6)
    z2 = conv2d(p1, W2) + b2                                     # (B, 10, 10, 16)
    a2 = np.maximum(z2, 0)                                       # (B, 10, 10, 16)
    p2 = max_pool2d(a2, 2)                                       # (B, 5, 5, 16)
    h2 = p2.reshape(-1, 400)                                     # (B, 400)
    z3 = h2 @ W3 + b3                                            # (B, 120)
    a3 = np.maximum(z3, 0)                                       # (B, 120)
    z4 = a3 @ W4 + b4                                            # (B, 84)
    a4 = np.maximum(z4, 0)                                       # (B, 84)
    z5 = a4 @ W5 + b5                                            # (B, 10)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a5[y]) with a5 = softmax(z5)
    loss = np.mean(logsumexp(z5, axis=-1) - z5[np.arange(len(x)), y])  # ()
    # backward
    dz5 = (softmax(z5) - one_hot(y, 10, np.float32)) / len(x)    # (B, 10)
    dW5 = a4.T @ dz5                                             # (84, 10)
    db5 = dz5.sum(axis=0)                                        # (10,)
    da4 = dz5 @ W5.T                                             # (B, 84)
    dz4 = da4 * (z4 > 0)                                         # (B, 84)
    dW4 = a3.T @ dz4                                             # (120, 84)
    db4 = dz4.sum(axis=0)                                        # (84,)
    da3 = dz4 @ W4.T                                             # (B, 120)
    dz3 = da3 * (z3 > 0)                                         # (B, 120)
    dW3 = h2.T @ dz3                                             # (400, 120)
    db3 = dz3.sum(axis=0)                                        # (120,)
    dh2 = dz3 @ W3.T                                             # (B, 400)
    dz2 = max_pool2d_input(dh2.reshape(-1, 5, 5, 16), a2, 2) * (z2 > 0)  # (B, 10, 10, 16)
    dW2 = conv2d_weight(p1, dz2, (5, 5))                         # (5, 5, 6, 16)
    db2 = dz2.sum(axis=(0, 1, 2))                                # (16,)
    dp1 = conv2d_input(dz2, W2, (14, 14))                        # (B, 14, 14, 6)
    dz1 = max_pool2d_input(dp1, a1, 2) * (z1 > 0)                # (B, 28, 28, 6)
    dW1 = conv2d_weight(x, dz1, (5, 5), padding=2)               # (5, 5, 1, 6)
    db1 = dz1.sum(axis=(0, 1, 2))                                # (6,)
    # update: Adam
    adam(W1, dW1, m_W1, v_W1, learning_rate, t)
    adam(b1, db1, m_b1, v_b1, learning_rate, t)
    adam(W2, dW2, m_W2, v_W2, learning_rate, t)
    adam(b2, db2, m_b2, v_b2, learning_rate, t)
    adam(W3, dW3, m_W3, v_W3, learning_rate, t)
    adam(b3, db3, m_b3, v_b3, learning_rate, t)
    adam(W4, dW4, m_W4, v_W4, learning_rate, t)
    adam(b4, db4, m_b4, v_b4, learning_rate, t)
    adam(W5, dW5, m_W5, v_W5, learning_rate, t)
    adam(b5, db5, m_b5, v_b5, learning_rate, t)
    return loss
