"""What a network remembers of its last fit, so that evaluations use the same loss."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from glassnet.errors import SettingError
from glassnet.losses import FunctionLoss, Loss


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


def _importable(function: Any) -> bool:
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for name in getattr(function, "__qualname__", "?").split("."):
        found = getattr(found, name, None)
    return found is function
