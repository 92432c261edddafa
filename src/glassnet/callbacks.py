"""The callbacks that come with Glassnet, and the class to derive your own from."""

from glassnet.train.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateFinder,
    ReduceOnPlateau,
    TimeLimit,
)
from glassnet.train.checkpoint import Checkpoint
from glassnet.train.progress import Progress

__all__ = [
    "Callback", "Checkpoint", "EarlyStopping", "LearningRateFinder", "Progress", "ReduceOnPlateau",
    "TimeLimit",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
