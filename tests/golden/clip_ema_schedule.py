import math

import numpy as np


def adamw(w, dw, m, v, learning_rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.01):
    """AdamW: one parameter, changed in place."""
    m += (1 - beta_1) * (dw - m)
    v += (1 - beta_2) * (dw**2 - v)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    w -= learning_rate * (m_hat / (np.sqrt(v_hat) + epsilon) + weight_decay * w)


def step(
    x, y, W1, b1, W2, b2, m_W1, v_W1, ema_W1, m_b1, v_b1, ema_b1, m_W2, v_W2, ema_W2, m_b2, v_b2,
    ema_b2, learning_rate, t
):
    # forward
    z1 = x @ W1 + b1                            # (B, 8)
    a1 = np.tanh(z1)                            # (B, 8)
    z2 = a1 @ W2 + b2                           # (B, 1)
    # loss: mean squared error
    error = z2 - y                              # (B, 1)
    loss = np.mean(error**2)                    # ()
    # backward
    dz2 = 2 * error / len(x)                    # (B, 1)
    dW2 = a1.T @ dz2                            # (8, 1)
    db2 = dz2.sum(axis=0)                       # (1,)
    da1 = dz2 @ W2.T                            # (B, 8)
    dz1 = da1 * (1 - a1**2)                     # (B, 8)
    dW1 = x.T @ dz1                             # (4, 8)
    db1 = dz1.sum(axis=0)                       # (8,)
    # update: AdamW
    low = learning_rate / 25                    # ()
    up = low + (learning_rate - low) * (1 - math.cos(math.pi * (t - 1) / 5)) / 2  # ()
    end = learning_rate / 250000                # ()
    part = min((t - 6) / 14, 1)                 # ()
    down = end + (learning_rate - end) * (1 + math.cos(math.pi * part)) / 2  # ()
    rate = up if t - 1 <= 5 else down           # ()
    # clip_norm: all gradients together no longer than 1; 1e-6, so that nothing is divided by 0
    norm = np.sqrt((dW2**2).sum() + (db2**2).sum() + (dW1**2).sum() + (db1**2).sum())  # ()
    scale = np.minimum(1, 1 / (norm + 1e-6))    # ()
    adamw(W1, scale * dW1, m_W1, v_W1, rate, t)
    # constraint of W1: max-norm, the weights into each unit have a length of at most 2
    W1 *= np.minimum(1, 2 / np.maximum(np.sqrt((W1**2).sum(axis=0, keepdims=True)), 1e-12))
    ema_W1 += 0.1 * (W1 - ema_W1)
    adamw(b1, scale * db1, m_b1, v_b1, rate, t)
    ema_b1 += 0.1 * (b1 - ema_b1)
    adamw(W2, scale * dW2, m_W2, v_W2, rate, t)
    ema_W2 += 0.1 * (W2 - ema_W2)
    adamw(b2, scale * db2, m_b2, v_b2, rate, t)
    ema_b2 += 0.1 * (b2 - ema_b2)
    return loss
