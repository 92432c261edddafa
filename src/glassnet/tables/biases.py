"""The answer that a recommendation stands beside: the mean, and how far user and item are off it.

b_u and b_i are fitted in turn, each being a shrunken mean of what the other leaves over
(Koren, Bell & Volinsky, 2009, equation 3; ridge regression by coordinate descent):

    b_u = sum of (y - mean - b_i) over the user's rows / (their number + 5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from glassnet.tables.fit import TableFit

_SHRINK = 5.0  # rows at the mean that every user and item starts with
_ROUNDS = 10


def bias_answers(fit: TableFit) -> Any:
    """The answers for the test rows: amounts (n,), or probabilities (n, 2) of no and yes."""
    x, y = fit.parts["train"]
    held = fit.parts["test"][0]
    sizes = [column.vocabulary for column in fit.model.table.identifiers]
    mean, of_users, of_items = biases(np.asarray(x["user"]), np.asarray(x["item"]), y, sizes)
    p = mean + of_users[held["user"]] + of_items[held["item"]]
    if not fit.model.table.target.is_classes:
        return p
    yes = np.clip(p, 0.01, 0.99)  # shares of a yes; a sum of them may leave 0 to 1
    return np.stack([1 - yes, yes], axis=1)


def biases(user: Any, item: Any, y: Any, sizes: list[int]) -> tuple[float, Any, Any]:
    """The mean, and how far each user (U,) and each item (I,) is from it; codes and y are (n,)."""
    mean, of_users, of_items = float(np.mean(y)), np.zeros(sizes[0]), np.zeros(sizes[1])
    n_users, n_items = np.bincount(user, minlength=sizes[0]), np.bincount(item, minlength=sizes[1])
    for _ in range(_ROUNDS):
        left = np.bincount(user, y - mean - of_items[item], sizes[0])
        of_users = left / (n_users + _SHRINK)
        left = np.bincount(item, y - mean - of_users[user], sizes[1])
        of_items = left / (n_items + _SHRINK)
    return mean, of_users, of_items
