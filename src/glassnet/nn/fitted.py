"""What a network remembers of its last fit, so that later looks use its loss and optimizer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from glassnet.errors import SettingError
from glassnet.losses.loss import FunctionLoss, Loss
from glassnet.optim import Optimizer
from glassnet.optim.schedules import Schedule


@dataclass(frozen=True)
class Fitted:
    """The loss of one output in the last fit.

    loss    None where it was "auto", or lost
    weight  its share where there are several outputs
    lost    the name of a loss of the user's own that a file or a pickle could not hold
    """

    loss: Loss | None = None
    weight: float = 1.0
    lost: str = ""

    def asked(self) -> Any:
        """What to ask for, so that it is the same loss again."""
        if self.lost:
            raise SettingError(
                f"The network was fitted with the loss {self.lost!r}, your own, which neither a "
                "file nor a pickle holds. Give it again, loss=..., or loss='mean_squared_error' "
                "and the like."
            )
        return "auto" if self.loss is None else self.loss

    def __deepcopy__(self, memo: Any) -> Fitted:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """A function that no module holds under its name cannot go along."""
        if isinstance(self.loss, FunctionLoss) and not _importable(self.loss.function):
            return Fitted, (None, self.weight, self.loss.name)
        return Fitted, (self.loss, self.weight, self.lost)


@dataclass(frozen=True)
class FittedOptimizer:
    """The optimizer of the last fit.

    optimizer  None before any fit, or where it was lost
    lost       the name of one of the user's own that a pickle could not hold
    """

    optimizer: Optimizer | None = None
    lost: str = ""

    def asked(self, otherwise: str) -> Any:
        """What to ask for, so that it is the same optimizer again; before any fit another."""
        if self.lost:
            raise SettingError(
                f"The network was fitted with the optimizer {self.lost}, your own, which the "
                "pickle could not hold. Give it again, optimizer=..., or optimizer='sgd' and the "
                "like."
            )
        return self.optimizer or otherwise

    def __deepcopy__(self, memo: Any) -> FittedOptimizer:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """One whose class no module holds under its name, or its schedule's, cannot go along."""
        if not all(_importable(type(part)) for part in _parts(self.optimizer)):
            return FittedOptimizer, (None, type(self.optimizer).__name__)
        return FittedOptimizer, (self.optimizer, self.lost)


def _parts(optimizer: Optimizer | None) -> Iterator[Optimizer | Schedule]:
    """An optimizer and its schedules."""
    if optimizer is None:
        return
    yield optimizer
    part: Any = optimizer.learning_rate
    while isinstance(part, Schedule):
        yield part
        part = getattr(part, "then", None)


def _importable(function: Any) -> bool:
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for name in getattr(function, "__qualname__", "?").split("."):
        found = getattr(found, name, None)
    return found is function
