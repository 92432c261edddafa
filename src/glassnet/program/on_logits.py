"""Losses on the logits, z, never compute the prediction, a = sigmoid(z): it is said, and listed.

What is minimised stays the safe form; its heading gives the textbook's formula,

    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a2 + (1 - y) ln(1 - a2)) with a2 = sigmoid(z2)
    loss = np.mean(softplus(z2) - y * z2)

and a walkthrough, which has time for it, shows a2 as a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import ATOM
from glassnet.graph.text import write
from glassnet.program.measure import Objective, loss_names
from glassnet.program.naming import fresh
from glassnet.program.plan import Plan
from glassnet.program.program import Statement
from glassnet.program.trace import Forward

_FROM_LOGITS = {g.sigmoid, g.softmax}


@dataclass(frozen=True)
class Said:
    """A probability in the words of the program.

    name       "a2"
    formula    "sigmoid(z2)"
    statement  its line, where no line of the program computes it
    """

    name: str
    formula: str
    statement: Statement | None


def places_of_probabilities(forward: Forward) -> list[int]:
    """Which of the outputs are the sigmoid or the softmax of what has a name."""
    return [
        i for i, p in enumerate(forward.outputs)
        if p.op in _FROM_LOGITS and p.name and p.args[0].name
    ]  # fmt: skip


def said_probabilities(probabilities: Mapping[int, Node], layout: Plan) -> dict[int, Said]:
    """By the place of the output, what of them the program can say."""
    taken = set(layout.names.values())
    found: dict[int, Said] = {}
    for place, p in probabilities.items():
        if p.op not in _FROM_LOGITS or p.args[0] not in layout.names:
            continue  # simplified to something else
        name, line = layout.names.get(p), None
        if name is None:
            name = fresh(p.name, taken)
            line = Statement("forward", name, p)
        formula = write(p, [(layout.names[p.args[0]], ATOM)])[0]
        found[place] = Said(name, formula, line)
    return found


def loss_title(
    objectives: Sequence[Objective], masks: Sequence[Node | None], said: Mapping[int, Said]
) -> str:
    """What the losses are called, and below that the textbook's formula of those on logits.

    masks  of the outputs; where one is given, hidden steps are left out of its loss
    """
    hidden = ", over the steps shown" if any(mask is not None for mask in masks) else ""
    lines = [loss_names(objectives) + hidden]
    for i, objective in enumerate(objectives):
        loss = objective.loss
        if i not in said or not loss.textbook:
            continue
        number = "" if len(objectives) == 1 else str(i + 1)
        weighted = objective.weighted or objective.class_weighted
        formula = loss.textbook.format(
            p=said[i].name, y=f"y{number}", mean="weighted mean" if weighted else "mean"
        )
        before = f"loss{number}: " if number else ""
        smoothing = getattr(loss, "label_smoothing", 0)
        behind = f" and y{number} smoothed by {smoothing}" if smoothing else ""
        lines.append(f"{before}{formula} with {said[i].name} = {said[i].formula}{behind}")
    return "\n".join(lines)
