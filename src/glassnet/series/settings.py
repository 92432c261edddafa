"""How a network for forecasts is trained, and the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from glassnet.calls import CheckedFields
from glassnet.errors import FileFormatError, SettingError, UnknownNameError
from glassnet.optim import AdamW, Optimizer
from glassnet.philox import check_seed

KINDS = ("number", "ignore")
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 256
_STEPS = 100  # in an epoch, where the batch size is between those


@dataclass(frozen=True)
class Settings(CheckedFields):
    """How a forecast is trained.

    hidden            units of each hidden layer
    epochs            at most so many
    batch_size        windows of a step; None: from their number
    patience          epochs without a better validation loss after which training ends
    test_share        of the time, its last part, held out for the figures at the end
    validation_share  of the rest, its last part, held out to tell when to end
    season            steps after which the series looks alike; None finds it out, 1 is none
    columns           what columns are, where that is not found out rightly: {"id": "ignore"}
    """

    hidden: tuple[int, ...] = (128, 128)
    epochs: int = 300
    batch_size: int | None = None
    learning_rate: float = 0.001
    weight_decay: float = 0.01
    dropout: float = 0.1
    patience: int = 20
    test_share: float = 0.2
    validation_share: float = 0.2
    season: int | None = None
    seed: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", _units(self.hidden))
        for name in ("epochs", "patience"):
            _check_count(name, getattr(self, name))
        for name in ("batch_size", "season"):
            if getattr(self, name) is not None:
                _check_count(name, getattr(self, name))
        for name in ("test_share", "validation_share"):
            if not 0 < getattr(self, name) < 1:
                raise SettingError(f"{name} must lie between 0 and 1, got {getattr(self, name)!r}.")
        if not 0 <= self.dropout < 1:
            raise SettingError(f"dropout must be from 0 up to 1, got {self.dropout!r}.")
        check_seed(self.seed)
        _ = self.optimizer  # says what is wrong with its settings now, not when training begins
        for kind in self.columns.values():
            if kind not in KINDS:
                raise UnknownNameError("kind of column of a series", kind, KINDS)

    @property
    def optimizer(self) -> Optimizer:
        """AdamW."""
        return AdamW(self.learning_rate, weight_decay=self.weight_decay)

    def resolved(self, n_windows: int) -> Settings:
        """The same settings for so many windows to train on, none left open."""
        if self.batch_size is not None:
            return self
        size = 2 ** round(np.log2(max(n_windows, 1) / _STEPS))
        return replace(self, batch_size=int(np.clip(size, _SMALLEST_BATCH, _LARGEST_BATCH)))

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same settings; what is left open is not."""
        return {name: value for name, value in asdict(self).items() if value not in (None, {})}

    @staticmethod
    def from_json(text: Mapping[str, Any]) -> Settings:
        """Settings from what `to_json` gave."""
        try:
            return Settings(**{**text, "hidden": tuple(text["hidden"])})
        except (KeyError, TypeError) as error:
            raise FileFormatError(f"The file does not hold settings: {error!r}.") from error


def _check_count(name: str, value: Any) -> None:
    if not is_count(value):
        kind = "" if isinstance(value, int) else "a whole number of "
        raise SettingError(f"{name} must be {kind}at least 1, got {value!r}.")


def is_count(value: Any) -> bool:
    """Whether this is a whole number above 0."""
    return isinstance(value, int | np.integer) and value is not True and int(value) > 0


def _units(given: Any) -> tuple[int, ...]:
    """The units of each hidden layer: of a list too, and of a single number for one layer."""
    found = given if isinstance(given, list | tuple) else (given,)
    if not all(map(is_count, found)):
        raise SettingError(
            f"hidden must be whole numbers above 0, such as (64, 64), got {given!r}."
        )
    return tuple(map(int, found))
