import numpy as np


def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def logsumexp(x, axis=None, keepdims=False):
    """ln(sum(e^x)) without overflow: the largest x is taken out first."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: ln(0) below is the right answer
    with np.errstate(divide="ignore", over="ignore"):
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis=axis)


def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)


def add_at(shape, index, x):
    """Zeros of this shape, to which each row of x is added at its index."""
    whole = np.zeros(shape, x.dtype)
    np.add.at(whole, index, x)
    return whole


def step(
    codes, y, W1, scale_a2, shift_a2, Wq2, bq2, Wk2, bk2, Wv2, bv2, Wo2, bo2, scale_f2, shift_f2,
    Wu2, bu2, Wd2, bd2, W3, b3, learning_rate
):
    # forward
    known1 = np.logical_and(codes >= 0, codes < 10)                 # (B, 6)
    safe1 = np.where(known1, codes, 0)                              # (B, 6)
    mask1 = known1.astype(np.float32)[..., None]                    # (B, 6, 1)
    embedded1 = W1[safe1] * mask1                                   # (B, 6, 8)
    place1 = np.arange(6, dtype=np.float32)[..., None]              # (6, 1)
    angle1 = place1 / 10000**(np.arange(4, dtype=np.float32) / 4)   # (6, 4)
    part1 = np.cos(angle1)[..., None]                               # (6, 4, 1)
    waves1 = np.concatenate([np.sin(angle1)[..., None], part1], axis=-1).reshape(6, 8)  # (6, 8)
    h1 = embedded1 + waves1                                         # (B, 6, 8)
    known2 = (codes != 0).reshape(-1, 1, 1, 6)                      # (B, 1, 1, 6)
    centred2 = h1 - np.mean(h1, axis=-1, keepdims=True)             # (B, 6, 8)
    deviation2 = np.sqrt(np.mean(centred2**2, axis=-1, keepdims=True) + 1e-5)  # (B, 6, 1)
    normalized2 = centred2 / deviation2                             # (B, 6, 8)
    n2 = normalized2 * scale_a2 + shift_a2                          # (B, 6, 8)
    query2 = n2 @ Wq2 + bq2                                         # (B, 6, 8)
    q2 = query2.reshape(-1, 6, 2, 4).swapaxes(-3, -2)               # (B, 2, 6, 4)
    key2 = n2 @ Wk2 + bk2                                           # (B, 6, 8)
    k2 = key2.reshape(-1, 6, 2, 4).swapaxes(-3, -2)                 # (B, 2, 6, 4)
    s2 = q2 @ k2.swapaxes(-2, -1) / 2                               # (B, 2, 6, 6)
    p1 = softmax(np.where(known2, s2, -1e30))                       # (B, 2, 6, 6)
    p2 = np.where(known2, p1, 0)                                    # (B, 2, 6, 6)
    value2 = n2 @ Wv2 + bv2                                         # (B, 6, 8)
    v2 = value2.reshape(-1, 6, 2, 4).swapaxes(-3, -2)               # (B, 2, 6, 4)
    h2 = p2 @ v2                                                    # (B, 2, 6, 4)
    heads2 = h2.swapaxes(-3, -2).reshape(-1, 6, 8)                  # (B, 6, 8)
    z2 = heads2 @ Wo2 + bo2                                         # (B, 6, 8)
    r2 = h1 + z2                                                    # (B, 6, 8)
    centred2_2 = r2 - np.mean(r2, axis=-1, keepdims=True)           # (B, 6, 8)
    deviation2_2 = np.sqrt(np.mean(centred2_2**2, axis=-1, keepdims=True) + 1e-5)  # (B, 6, 1)
    normalized2_2 = centred2_2 / deviation2_2                       # (B, 6, 8)
    n2_2 = normalized2_2 * scale_f2 + shift_f2                      # (B, 6, 8)
    u2 = n2_2 @ Wu2 + bu2                                           # (B, 6, 16)
    a2 = np.maximum(u2, 0)                                          # (B, 6, 16)
    z2_2 = a2 @ Wd2 + bd2                                           # (B, 6, 8)
    r2_2 = r2 + z2_2                                                # (B, 6, 8)
    h2_2 = r2_2.reshape(-1, 48)                                     # (B, 48)
    z3 = h2_2 @ W3 + b3                                             # (B, 3)
    # loss: sparse categorical cross-entropy, on the logits
    #   -mean(ln a3[y]) with a3 = softmax(z3)
    loss = np.mean(logsumexp(z3, axis=-1) - z3[np.arange(len(codes)), y])  # ()
    # backward
    dz3 = (softmax(z3) - one_hot(y, 3, np.float32)) / len(codes)    # (B, 3)
    dW3 = h2_2.T @ dz3                                              # (48, 3)
    db3 = dz3.sum(axis=0)                                           # (3,)
    dh2_2 = dz3 @ W3.T                                              # (B, 48)
    dr2_2 = dh2_2.reshape(-1, 6, 8)                                 # (B, 6, 8)
    da2 = dr2_2 @ Wd2.T                                             # (B, 6, 16)
    du2 = da2 * (u2 > 0)                                            # (B, 6, 16)
    dn2_2 = du2 @ Wu2.T                                             # (B, 6, 8)
    dnormalized2_2 = dn2_2 * scale_f2                               # (B, 6, 8)
    part2 = dnormalized2_2 * normalized2_2 / deviation2_2           # (B, 6, 8)
    ddeviation2_2 = -part2.sum(axis=2, keepdims=True)               # (B, 6, 1)
    part3 = ddeviation2_2 / (2 * deviation2_2) * centred2_2 / 4     # (B, 6, 8)
    dcentred2_2 = dnormalized2_2 / deviation2_2 + part3             # (B, 6, 8)
    dz2 = dr2_2 + dcentred2_2 - np.mean(dcentred2_2, axis=2, keepdims=True)  # (B, 6, 8)
    dheads2 = dz2 @ Wo2.T                                           # (B, 6, 8)
    dh2 = dheads2.reshape(-1, 6, 2, 4).swapaxes(-3, -2)             # (B, 2, 6, 4)
    dv2 = p2.swapaxes(-2, -1) @ dh2                                 # (B, 2, 6, 4)
    dvalue2 = dv2.swapaxes(-3, -2).reshape(-1, 6, 8)                # (B, 6, 8)
    dp2 = dh2 @ v2.swapaxes(-2, -1)                                 # (B, 2, 6, 6)
    part4 = np.where(known2, dp2 * p1, 0).sum(axis=-1, keepdims=True)  # (B, 2, 6, 1)
    ds2 = np.where(known2, p1 * (np.where(known2, dp2, 0) - part4), 0)  # (B, 2, 6, 6)
    dk2 = ds2.swapaxes(-2, -1) @ q2 / 2                             # (B, 2, 6, 4)
    dkey2 = dk2.swapaxes(-3, -2).reshape(-1, 6, 8)                  # (B, 6, 8)
    dq2 = ds2 @ k2 / 2                                              # (B, 2, 6, 4)
    dquery2 = dq2.swapaxes(-3, -2).reshape(-1, 6, 8)                # (B, 6, 8)
    dn2 = dvalue2 @ Wv2.T + dkey2 @ Wk2.T + dquery2 @ Wq2.T         # (B, 6, 8)
    dscale_a2 = (dn2 * normalized2).sum(axis=(0, 1))                # (8,)
    dshift_a2 = dn2.sum(axis=(0, 1))                                # (8,)
    dWq2 = np.einsum("bti,bto->io", n2, dquery2, optimize=True)     # (8, 8)
    dbq2 = dquery2.sum(axis=(0, 1))                                 # (8,)
    dWk2 = np.einsum("bti,bto->io", n2, dkey2, optimize=True)       # (8, 8)
    dbk2 = dkey2.sum(axis=(0, 1))                                   # (8,)
    dWv2 = np.einsum("bti,bto->io", n2, dvalue2, optimize=True)     # (8, 8)
    dbv2 = dvalue2.sum(axis=(0, 1))                                 # (8,)
    dWo2 = np.einsum("bti,bto->io", heads2, dz2, optimize=True)     # (8, 8)
    dbo2 = dz2.sum(axis=(0, 1))                                     # (8,)
    dscale_f2 = (dn2_2 * normalized2_2).sum(axis=(0, 1))            # (8,)
    dshift_f2 = dn2_2.sum(axis=(0, 1))                              # (8,)
    dWu2 = np.einsum("bti,bto->io", n2_2, du2, optimize=True)       # (8, 16)
    dbu2 = du2.sum(axis=(0, 1))                                     # (16,)
    dWd2 = np.einsum("bti,bto->io", a2, dr2_2, optimize=True)       # (16, 8)
    dbd2 = dr2_2.sum(axis=(0, 1))                                   # (8,)
    dnormalized2 = dn2 * scale_a2                                   # (B, 6, 8)
    part5 = dnormalized2 * normalized2 / deviation2                 # (B, 6, 8)
    ddeviation2 = -part5.sum(axis=2, keepdims=True)                 # (B, 6, 1)
    part6 = ddeviation2 / (2 * deviation2) * centred2 / 4           # (B, 6, 8)
    dcentred2 = dnormalized2 / deviation2 + part6                   # (B, 6, 8)
    part7 = dz2 + dcentred2 - np.mean(dcentred2, axis=2, keepdims=True)  # (B, 6, 8)
    dW1 = add_at((10, 8), safe1, part7 * mask1)                     # (10, 8)
    # update: gradient descent
    W1 -= learning_rate * dW1
    scale_a2 -= learning_rate * dscale_a2
    shift_a2 -= learning_rate * dshift_a2
    Wq2 -= learning_rate * dWq2
    bq2 -= learning_rate * dbq2
    Wk2 -= learning_rate * dWk2
    bk2 -= learning_rate * dbk2
    Wv2 -= learning_rate * dWv2
    bv2 -= learning_rate * dbv2
    Wo2 -= learning_rate * dWo2
    bo2 -= learning_rate * dbo2
    scale_f2 -= learning_rate * dscale_f2
    shift_f2 -= learning_rate * dshift_f2
    Wu2 -= learning_rate * dWu2
    bu2 -= learning_rate * dbu2
    Wd2 -= learning_rate * dWd2
    bd2 -= learning_rate * dbd2
    W3 -= learning_rate * dW3
    b3 -= learning_rate * db3
    return loss
