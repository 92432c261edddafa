import numpy as np


def add_at(shape, index, x):
    """Zeros of this shape, to which each row of x is added at its index."""
    whole = np.zeros(shape, x.dtype)
    np.add.at(whole, index, x)
    return whole


def adamw(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.0):
    """AdamW: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * (m_hat / (np.sqrt(v_hat) + epsilon) + weight_decay * w)


def step(
    user, item, y, W1, W2, W3, W4, y_mean, y_scale, m_W1, v_W1, m_W2, v_W2, m_W3, v_W3, m_W4, v_W4,
    learning_rate, t
):
    # forward
    embedded1 = W1[user]                                           # (B, 32)
    embedded2 = W2[item]                                           # (B, 32)
    h2 = (embedded1 * embedded2).sum(axis=1, keepdims=True)        # (B, 1)
    embedded3 = W3[user]                                           # (B, 1)
    embedded4 = W4[item]                                           # (B, 1)
    h4 = h2 + embedded3 + embedded4                                # (B, 1)
    p4 = h4 * y_scale + y_mean                                     # (B, 1)
    # loss: mean squared error
    error = p4 - y                                                 # (B, 1)
    part1 = 0.000321199 * ((W1**2).sum() + (W2**2).sum())          # ()
    penalty = part1 + 9.63597e-5 * (W3**2).sum() + 9.63597e-5 * (W4**2).sum()  # ()
    loss = 0.518707 * np.mean(error**2) + penalty                  # ()
    # backward
    dembedded4 = 1.037414 * error * y_scale / len(user)            # (B, 1)
    dW4 = add_at((41, 1), item, dembedded4) + 0.0001927194 * W4    # (41, 1)
    dW3 = add_at((61, 1), user, dembedded4) + 0.0001927194 * W3    # (61, 1)
    dW2 = add_at((41, 32), item, dembedded4 * embedded1) + 0.000642398 * W2  # (41, 32)
    dW1 = add_at((61, 32), user, dembedded4 * embedded2) + 0.000642398 * W1  # (61, 32)
    # update: AdamW
    adamw(W1, dW1, m_W1, v_W1, learning_rate, t)
    adamw(W2, dW2, m_W2, v_W2, learning_rate, t)
    adamw(W3, dW3, m_W3, v_W3, learning_rate, t)
    adamw(W4, dW4, m_W4, v_W4, learning_rate, t)
    return loss
