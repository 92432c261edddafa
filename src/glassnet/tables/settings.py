"""How a network is trained on a table, and the defaults.

They were tuned on fifteen real tables of 178 to 5,000 rows. Three of them matter most where rows
are few: the last layer starts at zero, weights decay by 0.3, and a tenth of the units drops out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, SettingError
from glassnet.optim import AdamW, Optimizer

_SMALLEST_BATCH, _LARGEST_BATCH = 16, 256
_STEPS = 50  # in an epoch, where the batch size is between those


@dataclass(frozen=True)
class Settings:
    """How a table is trained on.

    hidden            units of each hidden layer
    epochs            at most so many
    batch_size        None: from the number of rows
    patience          epochs without a better validation loss after which training ends
    test_share        of the rows, held out for the figures at the end
    validation_share  of the other rows, held out to tell when to end
    """

    hidden: tuple[int, ...] = (64, 64)
    epochs: int = 500
    batch_size: int | None = None
    learning_rate: float = 0.001
    weight_decay: float = 0.3
    dropout: float = 0.1
    patience: int = 30
    test_share: float = 0.2
    validation_share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if not all(isinstance(n, int) and n > 0 for n in self.hidden):
            raise SettingError(f"hidden must be whole numbers above 0, got {self.hidden!r}.")
        for name in ("epochs", "patience"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} must be at least 1, got {getattr(self, name)!r}.")

    @property
    def optimizer(self) -> Optimizer:
        """AdamW."""
        return AdamW(self.learning_rate, weight_decay=self.weight_decay)

    def resolved(self, n_rows: int) -> Settings:
        """The same settings for so many training rows, none left open."""
        if self.batch_size is not None:
            return self
        size = 2 ** round(np.log2(n_rows / _STEPS))
        return replace(self, batch_size=int(np.clip(size, _SMALLEST_BATCH, _LARGEST_BATCH)))

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same settings."""
        return asdict(self)

    @staticmethod
    def from_json(text: Mapping[str, Any]) -> Settings:
        """Settings from what `to_json` gave."""
        try:
            return Settings(**{**text, "hidden": tuple(text["hidden"])})
        except (KeyError, TypeError) as error:
            raise FileFormatError(f"The file does not hold settings: {error!r}.") from error
