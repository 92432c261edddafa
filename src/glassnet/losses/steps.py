"""Losses and metrics of sequences in which a mask hides steps that are only filling.

Each step that is shown counts as much as its row, whatever the length of that row:

    sum of w[b] loss[b, t] over the steps shown  /  sum of w[b] over the steps shown

with w[b] = 1 where rows have no weights. So the mean is over steps, not over the means of rows: it
is that of PyTorch's CrossEntropyLoss(ignore_index=...), and of Keras but for its weights, which
divides by the number of steps shown; here weights are summed, as everywhere. A row of which all
steps are hidden adds nothing above or below the line, and a batch of only such rows has loss 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.graph.rows import LEAST
from glassnet.losses.loss import Loss
from glassnet.spec import shape_text

_STEPS = 2  # axes of what has a number for each step


@dataclass(frozen=True)
class Steps:
    """The steps of an output that count: mask (B, T), weights of the rows (B,) or None."""

    mask: Node
    weights: Node | None
    dtype: str

    def loss(self, loss: Loss, y: Node, p: Node) -> Node:
        """The loss as one number: averaged over the steps shown, or summed."""
        what, values = f"The loss {loss.name!r}", loss.values(y, p)
        if loss.total:
            return self._sum(_folded(what, values, self.mask, g.sum))
        return self.mean(what, values, "step_loss")

    def mean(self, what: str, values: Node, name: str = "") -> Node:
        """The weighted mean of values (B, T, ...) over the steps shown."""
        steps = _folded(what, values, self.mask, g.mean)
        return self._sum(steps.named(name) if name else steps) / self.total

    @property
    def total(self) -> Node:
        """How much the steps shown count together: their number, or the sum of their weights."""
        if self.weights is None:
            count = g.sum(g.cast(self.mask, dtype=self.dtype))
            return g.maximum(count, LEAST).named("n_shown")
        weight = g.where(self.mask, g.expand_dims(self.weights, -1), 0).named("step_weight")
        return g.maximum(g.sum(weight), LEAST).named("total_weight")

    def _sum(self, steps: Node) -> Node:
        """A choice, and no product: what a hidden step gives may be too large for a number."""
        own = steps if self.weights is None else g.expand_dims(self.weights, -1) * steps
        return g.sum(g.where(self.mask, own, 0))


def _folded(what: str, values: Node, mask: Node, fold: g.Op) -> Node:
    """(B, T, ...) -> (B, T)."""
    if values.ndim < _STEPS or values.shape[:_STEPS] != mask.shape:
        raise SettingError(
            f"{what} gives {shape_text(values.shape)}, and a mask {shape_text(mask.shape)} hides "
            "steps that it must leave out. Let it return a number for each step, "
            f"{shape_text(mask.shape)}, or for each number of it."
        )
    behind = tuple(range(_STEPS, values.ndim))
    folded: Node = fold(values, axis=behind) if behind else values
    return folded
