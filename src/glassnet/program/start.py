"""Where a fit begins: what a whole script needs beside the step itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Start:
    """The state before the first step, and how steps make an epoch.

    arrays         the network's own, "dense.weight" -> array, in the program's order
    learning_rate  before any schedule
    batch_size     rows of a step; None is all of them
    adds_up        whether the loss of an epoch is the sum of its steps', not their mean
    finished       figures that are made from a mean, as formulas: "np.sqrt({})"
    hindrance      why no loop around the step alone trains the network, or ""
    """

    arrays: Mapping[str, Any]
    seed: int
    learning_rate: float
    batch_size: int | None
    adds_up: bool = False
    finished: Mapping[str, str] = field(default_factory=dict)
    hindrance: str = ""
