"""The other road to a gradient: central differences, one number of one argument at a time."""

import numpy as np
from cases.ops import BATCH

from glassnet import graph as g

STEP = np.finfo(np.float64).eps ** (1 / 3)  # where rounding and truncation err alike


def number(node, values):
    return float(g.evaluate([node], values, batch=BATCH)[0])


def central_difference(loss, leaf, values):
    """(f(x + h) - f(x - h)) / 2h for each number of the leaf."""
    start = np.asarray(values[leaf], np.float64)
    slope = np.zeros_like(start)
    for at in np.ndindex(start.shape):
        ends = []
        for step in (STEP, -STEP):
            moved = start.copy()
            moved[at] += step
            ends.append(number(loss, {**values, leaf: moved}))
        slope[at] = (ends[0] - ends[1]) / (2 * STEP)
    return slope


def weighted(nodes, seed):
    """One number out of nodes: their sum, each place with a weight of its own."""
    parts = [g.sum(node * weights(node, seed, i)) for i, node in enumerate(nodes)]
    return sum(parts[1:], parts[0])


def weights(node, seed, i):
    return 0.5 + g.random_uniform(seed, i, stream=0, shape=node.shape, dtype="float64")


def sized(node):
    return tuple(BATCH if size == "B" else size for size in node.shape)


def relative_error(found, expected):
    """The largest difference, in units of the largest number (of 1, where all are smaller)."""
    scale = max(1.0, np.max(np.abs(expected), initial=0))
    return float(np.max(np.abs(found - expected), initial=0) / scale)


def worst_error(loss, leaves, values):
    """The derived gradients of a loss against central differences: the worst relative error."""
    found = g.evaluate(g.gradients(loss, leaves), values, batch=BATCH)
    return max(
        relative_error(dx, central_difference(loss, leaf, values))
        for leaf, dx in zip(leaves, found, strict=True)
    )
