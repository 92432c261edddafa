"""How a network is trained on a table, and the defaults.

They were tuned on fifteen real tables of 178 to 5,000 rows. Three of them matter most where rows
are few: the last layer starts at zero, weights decay by 0.3, and a tenth of the units drops out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args, get_type_hints

import numpy as np

from glassnet.calls import CheckedFields
from glassnet.errors import FileFormatError, SettingError, UnknownNameError
from glassnet.optim import AdamW, Optimizer
from glassnet.philox import check_seed
from glassnet.tables.columns import KINDS

_SMALLEST_BATCH, _LARGEST_BATCH = 16, 256
_STEPS = 50  # in an epoch, where the batch size is between those


@dataclass(frozen=True)
class Settings(CheckedFields):
    """How a table is trained on.

    hidden            units of each hidden layer
    epochs            at most so many
    batch_size        None: from the number of rows
    patience          epochs without a better validation loss after which training ends
    test_share        of the rows, held out for the figures at the end
    validation_share  of the other rows, held out to tell when to end
    columns           what columns are, where that is not found out rightly: {"zip": "category"};
                      number, category, yes/no, date, text or ignore
    scaling           numbers less their mean, by their deviation ("standard"); or less their
                      median, by the span from the first quartile to the third ("robust")
    encoding          of categories: "one_hot", "embedding" (numbers that are learnt for each
                      value), or "auto": embedding where there are more than 32 values
    class_weight      {class: weight}; "balanced" lets every class count the same
    weights           the column that says how much each row counts; it is no input
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
    columns: Mapping[str, str] = field(default_factory=dict)
    scaling: Literal["standard", "robust"] = "standard"
    encoding: Literal["auto", "one_hot", "embedding"] = "auto"
    class_weight: Literal["balanced"] | Mapping[str, float] | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", _units(self.hidden))
        for name in ("epochs", "patience", "batch_size"):
            value = getattr(self, name)
            if (value is not None or name != "batch_size") and not _counts(value):
                kind = "" if isinstance(value, int) else "a whole number of "
                raise SettingError(f"{name} must be {kind}at least 1, got {value!r}.")
        check_seed(self.seed)
        _ = self.optimizer  # says what is wrong with its settings now, not when training begins
        for name, kinds in (("scaling", _SCALINGS), ("encoding", _ENCODINGS)):
            if getattr(self, name) not in kinds:
                raise UnknownNameError(name, getattr(self, name), kinds)
        for kind in self.columns.values():
            if kind not in KINDS:
                raise UnknownNameError("kind of column", kind, KINDS)
        object.__setattr__(self, "class_weight", _class_weights(self.class_weight))

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
        """Plain data, from which `from_json` makes the same settings; what is left open is not."""
        return {name: value for name, value in asdict(self).items() if value not in (None, {})}

    @staticmethod
    def from_json(text: Mapping[str, Any]) -> Settings:
        """Settings from what `to_json` gave."""
        try:
            return Settings(**{**text, "hidden": tuple(text["hidden"])})
        except (KeyError, TypeError) as error:
            raise FileFormatError(f"The file does not hold settings: {error!r}.") from error


_SCALINGS = get_args(get_type_hints(Settings)["scaling"])
_ENCODINGS = get_args(get_type_hints(Settings)["encoding"])


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _units(given: Any) -> tuple[int, ...]:
    """The units of each hidden layer: of a list too, and of a single number for one layer."""
    found = given if isinstance(given, list | tuple) else (given,)
    if not all(map(_counts, found)):
        raise SettingError(
            f"hidden must be whole numbers above 0, such as (64, 64), got {given!r}."
        )
    return tuple(found)


def _class_weights(given: Any) -> Any:
    """Weights by the names of the classes, which are text: {1: 5} is {"1": 5.0}."""
    if given is None or given == "balanced":
        return given
    if not isinstance(given, Mapping) or not given:
        raise SettingError(
            f"class_weight is 'balanced' or a weight for classes, {{'yes': 5}}; got {given!r}."
        )
    for name, weight in given.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 <= weight < np.inf:
            raise SettingError(f"class_weight of {name!r} must be 0 or more, got {weight!r}.")
    return {
        str(name).lower() if isinstance(name, bool) else str(name): float(weight)
        for name, weight in given.items()
    }
