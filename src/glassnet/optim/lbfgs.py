"""L-BFGS: full-batch steps along a curvature-corrected direction, each with a line search.

Unlike the other optimisers it looks at the loss several times in one step, so it is not a formula
of the step: the program gives the loss and its gradients, and `Search` walks with them.
(Liu & Nocedal, 1989; Nocedal & Wright, 'Numerical Optimization', 2006, algorithms 7.4, 3.5, 3.6.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.optim.optimizer import Optimizer
from glassnet.optim.schedules import Schedule
from glassnet.optim.settings import refuse

Function = Callable[[Any], tuple[float, Any]]  # point -> (loss, gradient), both float64


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS with strong Wolfe line search; it takes the full batch.

    learning_rate  the first step length that the line search tries
    memory         how many pairs of steps and gradient changes are kept
    """

    learning_rate: float | Schedule = 1.0
    memory: int = 10

    @property
    def title(self) -> str:
        """What the printed program calls it."""
        return "L-BFGS"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.memory, bool) or not isinstance(self.memory, int) or self.memory < 1:
            refuse(self, "memory", "a whole number of at least 1", self.memory)
        if isinstance(self.learning_rate, Schedule):
            refuse(self, "learning_rate", "a number, not a schedule", self.learning_rate)
        for name in ("clip_value", "clip_norm", "ema"):
            if getattr(self, name) is not None:
                refuse(self, name, "None: a line search chooses each step", getattr(self, name))


_SUFFICIENT, _CURVATURE = 1e-4, 0.9  # the two Wolfe conditions, Nocedal & Wright's values
_TRIES = 25


@dataclass
class Search:
    """The memory of one L-BFGS run."""

    memory: int
    steps: list[Any] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)
    value: float | None = None
    gradient: Any = None

    def advance(self, function: Function, point: Any, first_length: float) -> tuple[float, Any]:
        """One step: the loss before it, and the point after it."""
        if self.value is None:
            self.value, self.gradient = function(point)
        value, gradient = self.value, self.gradient
        direction = -self._inverse_hessian_times(gradient)
        slope = float(direction @ gradient)
        if not slope < 0:
            return value, point
        scale = first_length if self.steps else first_length / max(1.0, np.abs(gradient).sum())
        found = wolfe(function, point, direction, value, slope, length=scale)
        length, new_value, new_gradient = found
        if not new_value < value:  # what is remembered does not fit here: go on without it
            self.steps, self.changes = [], []
            return value, point
        step = length * direction
        change = new_gradient - gradient
        if step @ change > 1e-10 * (change @ change):  # only curvature above 0
            self.steps = [*self.steps, step][-self.memory :]
            self.changes = [*self.changes, change][-self.memory :]
        self.value, self.gradient = new_value, new_gradient
        return value, point + step

    def _inverse_hessian_times(self, gradient: Any) -> Any:
        """The two loops of algorithm 7.4."""
        q, kept = gradient.copy(), []
        pairs = list(zip(self.steps, self.changes, strict=True))
        for s, c in reversed(pairs):
            alpha = (s @ q) / (s @ c)
            q -= alpha * c
            kept.append(alpha)
        if pairs:
            s, c = pairs[-1]
            q *= (s @ c) / (c @ c)
        for (s, c), alpha in zip(pairs, reversed(kept), strict=True):
            q += s * (alpha - (c @ q) / (s @ c))
        return q


def wolfe(
    function: Function, point: Any, direction: Any, value: float, slope: float, *, length: float
) -> tuple[float, float, Any]:
    """A step length with sufficient decrease and a flat enough end, and what was found there."""
    low, high = 0.0, np.inf
    best = (0.0, value, None)
    for _ in range(_TRIES):
        new_value, new_gradient = function(point + length * direction)
        if np.isfinite(new_value) and new_value < best[1]:
            best = (length, new_value, new_gradient)
        if not new_value <= value + _SUFFICIENT * length * slope:
            high = length
        else:
            new_slope = float(direction @ new_gradient)
            if abs(new_slope) <= _CURVATURE * abs(slope):
                return length, new_value, new_gradient
            if new_slope > 0:
                high = length
            else:
                low = length
        length = 2 * length if np.isinf(high) else (low + high) / 2
    return best
