"""Targets, outputs and figures of metrics, for their tests and the comparison with scikit-learn."""

import numpy as np

from glassnet import graph as g
from glassnet import metrics
from glassnet.losses.loss import per_row

K = 4  # classes


def shown(metric, y, p, weights=None):
    """The figure of a metric, by whichever road its kind takes."""
    if isinstance(metric, metrics.WholeMetric):
        return metric.score(y, p, weights)
    leaves = [g.input(name, ("B", *a.shape[1:]), a.dtype.name) for name, a in (("y", y), ("p", p))]
    values = dict(zip(leaves, (y, p), strict=True))
    rows = g.evaluate([per_row(metric.name, metric.rows(*leaves))], values, batch=len(y))[0]
    return metric.finish(float(np.average(rows, weights=weights)))


def yes_or_no(rng, n):
    """y (n, 1) of 0 and 1, and p (n, 1) that knows something of it."""
    y = rng.integers(0, 2, (n, 1)).astype(float)
    return y, 1 / (1 + np.exp(-(2 * y - 1 + 2 * rng.normal(size=(n, 1)))))


def classes(rng, n):
    """y (n, K) with a 1 at the class, and p (n, K)."""
    y = np.eye(K)[rng.integers(0, K, n)]
    e = np.exp(y + rng.normal(size=(n, K)))
    return y, e / e.sum(1, keepdims=True)


def numbers(rng, n):
    """y (n, 2) and p (n, 2)."""
    y = rng.normal(size=(n, 2))
    return y, y + rng.normal(size=(n, 2))


def with_ties(draw):
    """The same, with outputs that are multiples of a tenth."""

    def drawn(rng, n):
        y, p = draw(rng, n)
        if p.shape[1] == 1:
            return y, p.round(1)
        return y, np.array([rng.multinomial(10, row) / 10 for row in p])

    drawn.__name__ = f"{draw.__name__}_with_ties"
    return drawn
