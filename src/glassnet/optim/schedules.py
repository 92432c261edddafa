"""Learning-rate schedules: formulas of the number of steps done, s = 0, 1, 2, ...

A schedule is part of the step, so the printed program shows it. `OnPlateau` alone looks at the
history, at the end of each epoch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from glassnet import graph as g
from glassnet.calls import CheckedFields
from glassnet.errors import SettingError, UnknownAttributeError
from glassnet.graph import Node
from glassnet.optim import settings

__all__ = [
    "Constant", "Cosine", "Exponential", "OnPlateau", "OneCycle", "Polynomial", "Schedule", "Step",
    "Warmup",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # or everything would be known behind the dot

    def __getattr__(name: str) -> NoReturn:
        raise UnknownAttributeError(f"module {__name__!r}", name, __all__, __name__)


@dataclass(frozen=True)
class Schedule(CheckedFields):
    """The base of all schedules; `learning_rate` is where it starts."""

    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        settings.check(self)
        if isinstance(self.learning_rate, Schedule):
            self._refuse_schedule(self.learning_rate)
        if not settings.fits(self.learning_rate, settings.POSITIVE):
            settings.refuse(self, "learning_rate", settings.POSITIVE.words, self.learning_rate)

    def _refuse_schedule(self, given: Schedule) -> NoReturn:
        """A schedule that stands where the rate does: Warmup(Cosine(0.1))."""
        own, its = type(self).__name__, type(given).__name__
        rate = given.learning_rate
        raise SettingError(
            f"{own}: learning_rate must be a number above 0, got the schedule {its}. "
            + (f"What follows is then=: Warmup({rate!r}, then={its}({rate!r}))."
               if isinstance(self, Warmup) else "Only Warmup is followed by another, then=....")
        )  # fmt: skip

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """The rate after s steps, from the starting rate."""
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Schedule):
    """Always the same."""

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """learning_rate."""
        return learning_rate


@dataclass(frozen=True)
class Step(Schedule):
    """Times `gamma` after every `every` steps."""

    every: int = 1000
    gamma: float = 0.1

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """learning_rate * gamma ** floor(s / every)."""
        return learning_rate * g.pow(self.gamma, g.floor(s / self.every))


@dataclass(frozen=True)
class Exponential(Schedule):
    """Times `gamma` in the course of every `every` steps, smoothly."""

    every: int = 1000
    gamma: float = 0.5

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """learning_rate * gamma ** (s / every)."""
        return learning_rate * g.pow(self.gamma, s / self.every)


@dataclass(frozen=True)
class Polynomial(Schedule):
    """From learning_rate to `end` in `steps` steps, along a power."""

    steps: int = 1000
    end: float = 0.0
    power: float = 1.0

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """(learning_rate - end) * (1 - s / steps) ** power + end."""
        left = 1 - g.minimum(s / self.steps, 1)
        return (learning_rate - self.end) * left**self.power + self.end


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from learning_rate to `end` in `steps` steps.

    With restarts=True it begins again after `steps` steps, and again (Loshchilov & Hutter, 2017).
    """

    steps: int = 1000
    end: float = 0.0
    restarts: bool = False

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """end + (learning_rate - end) * (1 + cos(pi * part)) / 2."""
        share = s / self.steps
        part = (share - g.floor(share) if self.restarts else g.minimum(share, 1)).named("part")
        return self.end + (learning_rate - self.end) * (1 + g.cos(math.pi * part)) / 2


@dataclass(frozen=True)
class Warmup(Schedule):
    """Rises evenly from 0 for `steps` steps, then follows `then` (or stays).

    The rate that it rises to is its own: `then` begins there, whatever its learning_rate says.
    """

    steps: int = 100
    then: Schedule | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.then, OnPlateau) or not isinstance(self.then, Schedule | None):
            settings.refuse(self, "then", "a schedule (OnPlateau stands alone), or None", self.then)

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """learning_rate * (s + 1) / steps, then the other schedule."""
        rise = learning_rate * g.minimum((s + 1) / self.steps, 1)
        if self.then is None:
            return rise
        after = self.then.formula(learning_rate, g.maximum(s - self.steps, 0).named("after"))
        fall = after if after.is_leaf else after.named("fall")
        return g.where(s < self.steps, rise.named("rise"), fall)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from learning_rate / div to learning_rate, then down to almost nothing, along cosines.

    `steps` is the length of the cycle, `rise` the share of it that goes up (Smith & Topin, 2018;
    the form is PyTorch's).
    """

    steps: int = 1000
    rise: float = 0.3
    div: float = 25.0
    final_div: float = 1e4

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """Two half cosines."""
        peak = max(self.rise * self.steps - 1, 1.0)
        last = max(self.steps - 1, peak + 1)
        low = (learning_rate / self.div).named("low")
        end = (learning_rate / (self.div * self.final_div)).named("end")
        up = low + (learning_rate - low) * (1 - g.cos(math.pi * (s / peak))) / 2
        part = g.minimum((s - peak) / (last - peak), 1).named("part")
        down = end + (learning_rate - end) * (1 + g.cos(math.pi * part)) / 2
        return g.where(s <= peak, up.named("up"), down.named("down"))


@dataclass(frozen=True)
class OnPlateau(Schedule):
    """Times `factor` when the best value of `monitor` is `patience` epochs old."""

    factor: float = 0.5
    patience: int = 5
    monitor: str = "val_loss"
    least: float = 0.0

    def formula(self, learning_rate: Node, s: Node) -> Node:
        """learning_rate: training sets it at the end of an epoch."""
        return learning_rate

    def rate(self, values: Sequence[float]) -> float:
        """The rate after epochs with these values of the monitored figure (lower is better)."""
        best, waited, rate = math.inf, 0, self.learning_rate
        for value in values:
            if value < best:
                best, waited = value, 0
            else:
                waited += 1
            if waited >= self.patience:
                rate, waited = max(rate * self.factor, min(self.least, rate)), 0
        return rate
