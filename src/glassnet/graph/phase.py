"""Formulas that differ between training and prediction: dropout, running figures."""

from __future__ import annotations

from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.walk import rebuild
from glassnet.spec import Spec, broadcast_shapes


def _either(training: Spec, prediction: Spec) -> Spec:
    return training.with_shape(broadcast_shapes(training.shape, prediction.shape))


when_training = Op("when_training", "{0}", _either, None, kind="view")


def at_phase(roots: list[Node], *, training: bool) -> list[Node]:
    """The formulas as they are in training, or in prediction."""
    chosen = 0 if training else 1
    return rebuild(roots, lambda n: n.args[chosen] if n.op is when_training else n)
