import numpy as np


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def adam(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Adam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    x, y, W1, b1, W2, b2, W3, b3, W4, b4, m_W1, v_W1, m_b1, v_b1, m_W2, v_W2, m_b2, v_b2, m_W3,
    v_W3, m_b3, v_b3, m_W4, v_W4, m_b4, v_b4, learning_rate, t
):
    # forward
    z1 = x @ W1 + b1                               # (B, 10)
    a1 = np.maximum(z1, 0)                         # (B, 10)
    z2 = a1 @ W2 + b2                              # (B, 10)
    a2 = np.maximum(z2, 0)                         # (B, 10)
    z3 = a2 @ W3 + b3                              # (B, 10)
    a3 = np.maximum(z3, 0)                         # (B, 10)
    z4 = a3 @ W4 + b4                              # (B, 1)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a4 + (1 - y) ln(1 - a4)) with a4 = sigmoid(z4)
    loss = np.mean(softplus(z4) - y * z4)          # ()
    # metrics
    a4 = sigmoid(z4)                               # (B, 1)
    accuracy = np.mean((a4 > 0.5) == (y > 0.5))    # ()
    # backward
    dz4 = (a4 - y) / len(x)                        # (B, 1)
    dW4 = a3.T @ dz4                               # (10, 1)
    db4 = dz4.sum(axis=0)                          # (1,)
    da3 = dz4 @ W4.T                               # (B, 10)
    dz3 = da3 * (z3 > 0)                           # (B, 10)
    dW3 = a2.T @ dz3                               # (10, 10)
    db3 = dz3.sum(axis=0)                          # (10,)
    da2 = dz3 @ W3.T                               # (B, 10)
    dz2 = da2 * (z2 > 0)                           # (B, 10)
    dW2 = a1.T @ dz2                               # (10, 10)
    db2 = dz2.sum(axis=0)                          # (10,)
    da1 = dz2 @ W2.T                               # (B, 10)
    dz1 = da1 * (z1 > 0)                           # (B, 10)
    dW1 = x.T @ dz1                                # (10, 10)
    db1 = dz1.sum(axis=0)                          # (10,)
    # update: Adam
    adam(W1, dW1, m_W1, v_W1, learning_rate, t)
    adam(b1, db1, m_b1, v_b1, learning_rate, t)
    adam(W2, dW2, m_W2, v_W2, learning_rate, t)
    adam(b2, db2, m_b2, v_b2, learning_rate, t)
    adam(W3, dW3, m_W3, v_W3, learning_rate, t)
    adam(b3, db3, m_b3, v_b3, learning_rate, t)
    adam(W4, dW4, m_W4, v_W4, learning_rate, t)
    adam(b4, db4, m_b4, v_b4, learning_rate, t)
    return loss, accuracy
