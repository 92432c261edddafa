import numpy as np


def softplus(x):
    """ln(1 + e^x) without overflow."""
    return np.logaddexp(0, x)


def sigmoid(x):
    """1 / (1 + e^-x). NumPy may warn that e^-x overflows: the result is the right one, 0."""
    return 1.0 / (1.0 + np.exp(-x))


def nadam(
    w, dw, m, v, mu_product, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8,
    momentum_decay=0.004
):
    """Nadam: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    mu = beta_1 * (1 - 0.5 * 0.96**(momentum_decay * t))
    mu_product[...] = mu * mu_product
    mu_next = beta_1 * (1 - 0.5 * 0.96**(momentum_decay * (t + 1)))
    m_hat = (1 - mu) * dw / (1 - mu_product) + mu_next * m / (1 - mu_next * mu_product)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    left, right, y, W1, b1, W2, b2, m_W1, v_W1, mu_product_W1, m_b1, v_b1, mu_product_b1, m_W2,
    v_W2, mu_product_W2, m_b2, v_b2, mu_product_b2, learning_rate, t
):
    # forward
    z1 = left @ W1 + b1                          # (B, 5)
    a1 = np.tanh(z1)                             # (B, 5)
    z1_2 = right @ W1 + b1                       # (B, 5)
    a1_2 = np.tanh(z1_2)                         # (B, 5)
    h1 = np.concatenate([a1, a1_2], axis=-1)     # (B, 10)
    z2 = h1 @ W2 + b2                            # (B, 1)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a2 + (1 - y) ln(1 - a2)) with a2 = sigmoid(z2)
    loss = np.mean(softplus(z2) - y * z2)        # ()
    # backward
    dz2 = (sigmoid(z2) - y) / len(left)          # (B, 1)
    dW2 = h1.T @ dz2                             # (10, 1)
    db2 = dz2.sum(axis=0)                        # (1,)
    dh1 = dz2 @ W2.T                             # (B, 10)
    dz1_2 = dh1[:, 5:10] * (1 - a1_2**2)         # (B, 5)
    dz1 = dh1[:, 0:5] * (1 - a1**2)              # (B, 5)
    dW1 = right.T @ dz1_2 + left.T @ dz1         # (4, 5)
    db1 = dz1_2.sum(axis=0) + dz1.sum(axis=0)    # (5,)
    # update: Nadam
    nadam(W1, dW1, m_W1, v_W1, mu_product_W1, learning_rate, t)
    nadam(b1, db1, m_b1, v_b1, mu_product_b1, learning_rate, t)
    nadam(W2, dW2, m_W2, v_W2, mu_product_W2, learning_rate, t)
    nadam(b2, db2, m_b2, v_b2, mu_product_b2, learning_rate, t)
    return loss
