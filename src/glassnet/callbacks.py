"""The callbacks that come with Glassnet, and the class to derive your own from."""

from typing import TYPE_CHECKING, NoReturn

from glassnet import errors
from glassnet.train.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateFinder,
    ReduceOnPlateau,
    ResetStates,
    TimeLimit,
)
from glassnet.train.checkpoint import Checkpoint
from glassnet.train.progress import Progress

__all__ = [
    "Callback", "Checkpoint", "EarlyStopping", "LearningRateFinder", "Progress", "ReduceOnPlateau",
    "ResetStates", "TimeLimit",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # or everything would be known behind the dot

    def __getattr__(name: str) -> NoReturn:
        raise errors.UnknownAttributeError(f"module {__name__!r}", name, __all__, __name__)
