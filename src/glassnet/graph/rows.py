"""Means over the rows of a batch, in which each row counts as much as its weight says.

A formula asks for the plain mean: row_mean(x, axis=0). Where a program has weights of rows,
`weigh_rows` puts them in:

    np.mean(z, axis=0)      becomes    (row_share[:, None] * z).sum(axis=0)
    len(x)                  becomes    1 / (row_share**2).sum()

with row_share = row_weight / row_weight.sum(). The second is how many equal rows would say as much
(Kish, 'Survey Sampling', 1965, section 8.2): len(x) where all weights are equal, whatever they are.
"""

from __future__ import annotations

from dataclasses import replace

from glassnet.graph.elementwise import maximum
from glassnet.graph.node import Node
from glassnet.graph.op import Op, batch_size
from glassnet.graph.reduce import (
    _mean_gradient,
    _reduced_real,
    _write_axes,
    mean,
    normal_axes,
    sum,
)
from glassnet.graph.shape import reshape
from glassnet.graph.walk import rebuild
from glassnet.spec import BATCH, known_size

LEAST = 1e-30  # instead of a sum of weights that are all 0

row_mean = Op("row_mean", _write_axes("np.mean", method=False), _reduced_real, _mean_gradient,
              kind="reduce")  # fmt: skip
_counted = Op("row_count", "{0}", lambda n: n, None, kind="view")


def row_count() -> Node:
    """How many rows there are, or as many equal ones as say as much."""
    return _counted(batch_size())


def total_weight(weights: Node) -> Node:
    """The sum of the weights (B,), and next to 0 where all of them are 0."""
    return maximum(sum(weights), LEAST).named("total_weight")


def weigh_rows(roots: list[Node], weights: Node | None) -> list[Node]:
    """The formulas for rows of these weights (B,); None: each counts as much as the others."""
    share = None if weights is None else (weights / total_weight(weights)).named("row_share")

    def weighed(node: Node) -> Node:
        if node.op is row_mean:
            return _mean(node, share)
        if node.op is _counted:
            return node.args[0] if share is None else _equal_rows(share)
        return node

    return rebuild(roots, weighed)


def _mean(node: Node, share: Node | None) -> Node:
    """x (B, ...), share (B,): the weighted mean, where the rows are among what it goes over."""
    (x,), axis = node.args, node.settings.get("axis")
    axes = normal_axes(axis, x.ndim)
    if share is None or 0 not in axes or x.shape[0] != BATCH:
        made = mean(x, **node.settings)
    else:
        weighted = reshape(share, shape=(BATCH, *[1] * (x.ndim - 1))).named("share") * x
        places = known_size(tuple(x.shape[i] for i in axes[1:]))
        total = sum(weighted, **node.settings)
        made = total if places == 1 else total / places
    return replace(made, name=node.name, layer=node.layer)


def _equal_rows(share: Node) -> Node:
    return (1 / maximum(sum(share**2), LEAST)).named("row_count")
