"""What the settings of optimisers and schedules may be, by their names."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from glassnet.errors import SettingError


class Range(NamedTuple):
    """Which numbers a setting may be, and how a message says so."""

    holds: Callable[[Any], bool]
    words: str


POSITIVE = Range(lambda v: 0 < v < math.inf, "a number above 0")
NOT_NEGATIVE = Range(lambda v: 0 <= v < math.inf, "a number, 0 or more")
SHARE = Range(lambda v: 0 <= v <= 1, "a number from 0 to 1")
FACTOR = Range(lambda v: 0 < v <= 1, "a number above 0, at most 1")
BELOW_ONE = Range(lambda v: 0 <= v < 1, "a number from 0 up to, but not, 1")
INSIDE = Range(lambda v: 0 < v < 1, "a number between 0 and 1")

RANGES = {
    "beta1": BELOW_ONE, "beta2": BELOW_ONE, "rho": BELOW_ONE, "momentum": BELOW_ONE,
    "epsilon": POSITIVE, "weight_decay": NOT_NEGATIVE, "momentum_decay": NOT_NEGATIVE,
    "clip_value": POSITIVE, "clip_norm": POSITIVE, "ema": INSIDE,
    "steps": POSITIVE, "every": POSITIVE, "patience": POSITIVE, "gamma": POSITIVE,
    "end": NOT_NEGATIVE, "least": NOT_NEGATIVE, "power": NOT_NEGATIVE,
    "rise": SHARE, "factor": FACTOR, "div": POSITIVE, "final_div": POSITIVE,
}  # fmt: skip


def check(owner: Any) -> None:
    """Raise unless every setting that the table knows is in its range, or None."""
    for name, value in vars(owner).items():
        if name in RANGES and value is not None and not fits(value, RANGES[name]):
            refuse(owner, name, RANGES[name].words, value)


def fits(value: Any, allowed: Range) -> bool:
    """Whether this is a number of the range."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return number and allowed.holds(value)


def refuse(owner: Any, name: str, words: str, value: Any) -> NoReturn:
    """Raise for a setting that is not what it must be."""
    raise SettingError(f"{type(owner).__name__}: {name} must be {words}, got {value!r}.")
