"""The network of a recommendation: a matrix factorisation with biases.

The answer for user u and item i is y_mean + y_scale * (p_u . q_i + b_u + b_i): two rows of numbers
that are learnt, multiplied and summed, and how far the user and the item are from the mean on their
own (Koren, Bell & Volinsky, 2009, equation 4). Training lowers

    mean over the ratings of (y - answer)^2 / y_scale^2
        + penalty / n * (sum of p^2 and q^2 + 0.3 * sum of b^2)

for n ratings, so that the penalty means the same however many there are. For a yes or no the same
sum is the logit of a sigmoid, the loss its cross-entropy and the penalty a quarter.

How the two shares stand to each other was chosen by measurement on half of the users of MovieLens,
and judged on the other half: `python -m benchmarks.ratings --choose`. For the penalty itself see
`penalty.py`.
"""

from __future__ import annotations

import math

from glassnet.network import Network
from glassnet.nn import Activation, Add, Dot, Embedding, Input, Rescale
from glassnet.nn.regularizers import L2
from glassnet.tables.columns import ROLES, Table
from glassnet.tables.settings import Settings

_OF_BIASES = 0.3  # of the penalty
_OF_LOGITS = 0.25  # of the penalty, as a cross-entropy bends less than a square


def factorization(table: Table, settings: Settings, n_rows: int) -> Network:
    """The network for a table with a user and an item.

    n_rows  to train
    """
    strength = (settings.penalty or 0.0) / n_rows * (_OF_LOGITS if table.target.is_classes else 1.0)
    user, item = (Input((), name=role, dtype="int64") for role in ROLES)
    sizes = [column.vocabulary for column in table.identifiers]
    p, q, b_user, b_item = (
        Embedding(size, units, init, L2(float(f"{cost:.6g}")), outside="error",
                  name=f"{role}_{what}")(code)
        for what, units, init, cost in (
            ("factors", settings.factors, "normal", strength),
            ("bias", 1, "zeros", _OF_BIASES * strength),
        )
        for role, code, size in zip(ROLES, (user, item), sizes, strict=True)
    )  # fmt: skip
    h = Rescale()(Add()(Dot(axes=1)(p, q), b_user, b_item))  # (B, 1)
    h = Activation("sigmoid")(h) if table.target.is_classes else h
    net = Network(inputs=[user, item], outputs=h, seed=settings.seed, dtype=table.dtype)
    mean, scale = _mean_and_scale(table)
    net.parameters["rescale.y_mean"], net.parameters["rescale.y_scale"] = [mean], [scale]
    return net


def _mean_and_scale(table: Table) -> tuple[float, float]:
    """Of the ratings; of a yes or no the logit of its share, and 1."""
    target = table.target
    if not target.is_classes:
        return target.mean, target.scale
    no, yes = target.counts
    return math.log(yes / no), 1.0
