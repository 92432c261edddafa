"""Ratings as they might be: a mean, biases, a product of few numbers, and noise."""

import numpy as np
import polars as pl


def ratings(n_users=60, n_items=40, share=0.6, noise=0.1, rank=2, seed=0):
    """userId, bookId, title, rating: of each pair a share, in random order."""
    rng = np.random.default_rng(seed)
    p, q = rng.normal(size=(n_users, rank)), rng.normal(size=(n_items, rank))
    b_u, b_i = rng.normal(0, 0.3, n_users), rng.normal(0, 0.3, n_items)
    users, items = np.divmod(rng.permutation(n_users * n_items), n_items)
    kept = rng.random(len(users)) < share
    users, items = users[kept], items[kept]
    y = 3 + b_u[users] + b_i[items] + (p[users] * q[items]).sum(1)
    y += rng.normal(0, noise, len(y))
    return pl.DataFrame({
        "userId": users + 100, "bookId": items + 1, "title": [f"Book {i + 1}" for i in items],
        "rating": y.round(3),
    })  # fmt: skip
