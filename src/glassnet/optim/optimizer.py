"""The optimiser: what a step does to a parameter, written once for an array of any shape."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.calls import CheckedFields
from glassnet.errors import SettingError, look_up
from glassnet.graph import Node
from glassnet.optim import settings
from glassnet.optim.schedules import Schedule

OPTIMIZERS: dict[str, type[Optimizer]] = {}


@dataclass(frozen=True)
class Optimizer(CheckedFields):
    """The base of all optimisers.

    learning_rate  a number, or one of gn.optim.schedules
    clip_value     each number of a gradient is held between -clip_value and clip_value
    clip_norm      all gradients together are scaled down to a length of at most clip_norm
    ema            weights are averaged with this decay (0.999, say): validation and the result of
                   fit use the averages

    A subclass gives `slots` (the arrays that it keeps beside each parameter, all starting at a
    number) and `update`, in which `self.setting("decay")` is a setting under its own name.
    """

    slots: ClassVar[dict[str, float]] = {}
    learning_rate: float | Schedule = 0.01
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    ema: float | None = field(default=None, kw_only=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        OPTIMIZERS[cls.__name__.lower()] = cls

    def __post_init__(self) -> None:
        settings.check(self)
        rate = self.learning_rate
        if not isinstance(rate, Schedule) and not settings.fits(rate, settings.POSITIVE):
            settings.refuse(self, "learning_rate", "a number above 0, or a schedule", rate)

    def setting(self, name: str) -> Node:
        """A setting as a constant that the printed rule calls by its name: beta1 is beta_1."""
        return g.constant(getattr(self, name)).named(printed(name))

    def rest(self, name: str) -> Node:
        """1 - a setting, likewise, without the dust of binary fractions: 1 - 0.9 is 0.1."""
        return g.constant(round(1 - getattr(self, name), 15)).named(f"1 - {printed(name)}")

    @property
    def title(self) -> str:
        """What the printed program calls it."""
        return type(self).__name__

    @property
    def start_rate(self) -> float:
        """The learning rate before any schedule."""
        rate = self.learning_rate
        return float(rate.learning_rate if isinstance(rate, Schedule) else rate)

    @property
    def active_slots(self) -> dict[str, float]:
        """The slots that these settings need."""
        return self.slots

    def update(
        self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node
    ) -> dict[str, Node]:
        """The new values of "w" and of each slot, in the order in which they are set."""
        raise NotImplementedError


def printed(setting: str) -> str:
    """The name of a setting in a printed rule: beta1 -> beta_1."""
    return re.sub(r"(?<=[a-z])(\d+)$", r"_\1", setting)


def find(optimizer: Any) -> Optimizer:
    """An optimiser from its name or itself."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        return look_up("optimizer", optimizer, OPTIMIZERS)()
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer()
    raise SettingError(
        f"An optimizer is a name or an object such as gn.optim.Adam(), got {optimizer!r}."
    )
