import numpy as np


def windows2d(x, size, stride=1):
    """Every window of x, as a view: nothing is copied."""
    # view[n, i, j, c, k, l] is x[n, i * stride + k, j * stride + l, c]
    stride = np.broadcast_to(stride, 2)
    view = np.lib.stride_tricks.sliding_window_view(x, size, (1, 2), writeable=True)
    return view[:, ::stride[0], ::stride[1]]


def pad2d(x, padding, value=0):
    """The images x with room around them."""
    pairs = np.broadcast_to(padding, (2, 2))  # (before, behind)
    return np.pad(x, ((0, 0), *pairs, (0, 0)), constant_values=value)


def conv2d(x, w, stride=1, padding=0, groups=1):
    """w slides over x: each window times w, summed over its places and channels."""
    if groups > 1:  # each group of channels has kernels of its own
        pairs = zip(np.split(x, groups, axis=-1), np.split(w, groups, axis=-1))
        parts = [conv2d(*pair, stride, padding) for pair in pairs]
        return np.concatenate(parts, axis=-1)
    parts = windows2d(pad2d(x, padding), w.shape[:2], stride)  # (n, i, j, c, k, l)
    return np.einsum("nijckl,klco->nijo", parts, w, optimize=True)


def avg_pool2d(x, size, stride=None, padding=0):
    """The mean of each window."""
    stride = size if stride is None else stride
    real = pad2d(np.ones((1, *x.shape[1:3], 1), x.dtype), padding)
    count = windows2d(real, (size, size), stride).sum(axis=(-2, -1))  # without padding
    x = pad2d(x, padding)
    return windows2d(x, (size, size), stride).sum(axis=(-2, -1)) / count


def cut2d(x, size, padding):
    """The images of this size in padded ones: pad the other way."""
    first = np.broadcast_to(padding, (2, 2))[:, 0]
    return x[(slice(None), *(slice(a, a + n) for a, n in zip(first, size)))]


def conv2d_transpose(x, w, size, stride=1, padding=0, groups=1):
    """conv2d the other way: each number of x goes through w to a window of z."""
    if groups > 1:  # each group of channels has kernels of its own
        pairs = zip(np.split(x, groups, axis=-1), np.split(w, groups, axis=-1))
        parts = [conv2d_transpose(*pair, size, stride, padding) for pair in pairs]
        return np.concatenate(parts, axis=-1)
    room = np.array(size) + np.broadcast_to(padding, (2, 2)).sum(axis=1)
    z = np.zeros((len(x), *room, w.shape[2]), x.dtype)
    places = windows2d(z, w.shape[:2], stride)  # a view of z
    for k, l in np.ndindex(w.shape[:2]):
        places[..., k, l] += x @ w[k, l].T
    return cut2d(z, size, padding)


def max_pool2d(x, size, stride=None, padding=0):
    """The largest number of each window."""
    stride = size if stride is None else stride
    return windows2d(pad2d(x, padding, -np.inf), (size, size), stride).max(axis=(-2, -1))


def max_pool2d_input(dz, x, size, stride=None, padding=0):
    """The gradient of max_pool2d: each dz goes to the first maximum of its window."""
    stride = size if stride is None else stride
    shape, x = x.shape[1:3], pad2d(x, padding, -np.inf)
    first = windows2d(x, (size, size), stride).reshape(*dz.shape, -1).argmax(axis=-1)
    dx = np.zeros(x.shape, dz.dtype)
    places = windows2d(dx, (size, size), stride)  # a view of dx
    for i, at in enumerate(np.ndindex(size, size)):
        places[(..., *at)] += dz * (first == i)
    return cut2d(dx, shape, padding)


def conv2d_weight(x, dz, size, stride=1, padding=0, groups=1):
    """The gradient of conv2d for w: all that each weight was multiplied with."""
    if groups > 1:  # each group of channels has kernels of its own
        pairs = zip(np.split(x, groups, axis=-1), np.split(dz, groups, axis=-1))
        parts = [conv2d_weight(*pair, size, stride, padding) for pair in pairs]
        return np.concatenate(parts, axis=-1)
    parts = windows2d(pad2d(x, padding), size, stride)
    return np.einsum("nijckl,nijo->klco", parts, dz, optimize=True)


def avg_pool2d_input(dz, shape, size, stride=None, padding=0):
    """The gradient of avg_pool2d: each dz is shared out to its window."""
    stride = size if stride is None else stride
    real = pad2d(np.ones((1, *shape, 1), dz.dtype), padding)
    count = windows2d(real, (size, size), stride).sum(axis=(-2, -1))  # without padding
    room = np.array(shape) + np.broadcast_to(padding, (2, 2)).sum(axis=1)
    dx = np.zeros((len(dz), *room, dz.shape[-1]), dz.dtype)
    places = windows2d(dx, (size, size), stride)  # a view of dx
    for at in np.ndindex(size, size):
        places[(..., *at)] += dz / count
    return cut2d(dx, shape, padding)


def conv2d_input(dz, w, size, stride=1, padding=0, groups=1):
    """The gradient of conv2d for x: each dz goes back through w to its window."""
    if groups > 1:  # each group of channels has kernels of its own
        pairs = zip(np.split(dz, groups, axis=-1), np.split(w, groups, axis=-1))
        parts = [conv2d_input(*pair, size, stride, padding) for pair in pairs]
        return np.concatenate(parts, axis=-1)
    room = np.array(size) + np.broadcast_to(padding, (2, 2)).sum(axis=1)
    dx = np.zeros((len(dz), *room, w.shape[2]), dz.dtype)
    places = windows2d(dx, w.shape[:2], stride)  # a view of dx
    for k, l in np.ndindex(w.shape[:2]):
        places[..., k, l] += dz @ w[k, l].T
    return cut2d(dx, size, padding)


def step(x, y, D1, P1, b1, W2, b2, W3, b3, learning_rate):
    # forward
    h1 = conv2d(x, D1, stride=2, padding=((0, 1), (1, 1)), groups=2)  # (B, 4, 5, 2)
    z1 = conv2d(h1, P1) + b1                                        # (B, 4, 5, 4)
    a1 = np.tanh(z1)                                                # (B, 4, 5, 4)
    p1 = avg_pool2d(a1, 3, stride=1, padding=1)                     # (B, 4, 5, 4)
    z2 = conv2d_transpose(p1, W2, (8, 10), stride=2, padding=((0, 1), (0, 1))) + b2  # (B, 8, 10, 2)
    a2 = np.tanh(z2)                                                # (B, 8, 10, 2)
    p2 = max_pool2d(a2, 3, stride=2)                                # (B, 3, 4, 2)
    p2_2 = np.mean(p2, axis=(1, 2))                                 # (B, 2)
    z3 = p2_2 @ W3 + b3                                             # (B, 1)
    # loss: mean squared error
    error = z3 - y                                                  # (B, 1)
    loss = np.mean(error**2)                                        # ()
    # backward
    dz3 = 2 * error / len(x)                                        # (B, 1)
    dW3 = p2_2.T @ dz3                                              # (2, 1)
    db3 = dz3.sum(axis=0)                                           # (1,)
    part1 = (dz3 @ W3.T / 12).reshape(-1, 1, 1, 2)                  # (B, 1, 1, 2)
    part2 = np.broadcast_to(part1, (len(x), 3, 4, 2))               # (B, 3, 4, 2)
    dz2 = max_pool2d_input(part2, a2, 3, stride=2) * (1 - a2**2)    # (B, 8, 10, 2)
    dW2 = conv2d_weight(dz2, p1, (3, 3), stride=2, padding=((0, 1), (0, 1)))  # (3, 3, 2, 4)
    db2 = dz2.sum(axis=(0, 1, 2))                                   # (2,)
    dp1 = conv2d(dz2, W2, stride=2, padding=((0, 1), (0, 1)))       # (B, 4, 5, 4)
    dz1 = avg_pool2d_input(dp1, (4, 5), 3, stride=1, padding=1) * (1 - a1**2)  # (B, 4, 5, 4)
    dh1 = conv2d_input(dz1, P1, (4, 5))                             # (B, 4, 5, 2)
    dD1 = conv2d_weight(                                            # (3, 3, 1, 2)
        x, dh1, (3, 3), stride=2, padding=((0, 1), (1, 1)), groups=2
    )
    dP1 = conv2d_weight(h1, dz1, (1, 1))                            # (1, 1, 2, 4)
    db1 = dz1.sum(axis=(0, 1, 2))                                   # (4,)
    # update: gradient descent
    D1 -= learning_rate * dD1
    P1 -= learning_rate * dP1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
