"""Arrays that a step changes without a gradient, such as the running figures of a normalisation.

    # update: gradient descent
    # running figures of batch_normalization
    mean2 += 0.1 * (batch_mean2 - mean2)

They are set once everything is known, before the weights move. So is what a batch leaves for the
next one, whatever its rows weigh:

    # what lstm goes on with in the next batch
    h_start1[...] = h1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.rows import LEAST, total_weight
from glassnet.program.program import Statement
from glassnet.program.trace import Forward
from glassnet.program.update import Update


def kept_without_rows(forward: Forward, weights: Node | None) -> list[Node]:
    """The new figures, and what is left; figures stay in a batch in which no row has weight."""
    if weights is None or not forward.updates:
        return [*(value for _, value in forward.updates), *forward.left]
    some = (total_weight(weights) > LEAST).named("any_weight")
    figures = [_where(some, value, forward.parameters[name]) for name, value in forward.updates]
    return [*figures, *forward.left]


def _where(some: Node, value: Node, old: Node) -> Node:
    """The new value or the old one; of old + change, old + (change or 0)."""
    if value.op is g.add and value.args[0] is old:
        return old + g.where(some, value.args[1], 0)
    return g.where(some, value, old)


def with_running(update: Update, forward: Forward, values: Sequence[Node]) -> Update:
    """The update section with these changes in front."""
    statements: list[Statement] = []
    remarks = dict(update.remarks)
    said = ""
    moved = [(name, forward.parameters[name]) for name, _ in forward.updates]
    for (name, leaf), value in zip([*moved, *forward.carried.items()], values, strict=True):
        layer = name.rpartition(".")[0]
        statements.append(Statement("update", leaf.name, value, leaf))
        if layer != said:
            is_state = name in forward.carried
            remarks[value] = (
                f"what {layer} goes on with in the next batch" if is_state
                else f"running figures of {layer}"
            )  # fmt: skip
            said = layer
    named = [n for n in g.in_order(values) if n.name and not n.is_leaf]
    return replace(
        update, values=[*named, *values, *update.values], lines=[*named, *update.lines],
        body=[*statements, *update.body], remarks=remarks,
    )  # fmt: skip
