"""Optimisers and learning-rate schedules."""

from typing import TYPE_CHECKING, NoReturn

from glassnet import errors
from glassnet.optim import schedules
from glassnet.optim.lbfgs import LBFGS
from glassnet.optim.optimizer import Optimizer
from glassnet.optim.rules import SGD, Adadelta, Adagrad, Adam, AdamW, Lion, Nadam, RMSprop

__all__ = [
    "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Lion", "Nadam", "Optimizer", "RMSprop",
    "schedules",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # or everything would be known behind the dot

    def __getattr__(name: str) -> NoReturn:
        raise errors.UnknownAttributeError(f"module {__name__!r}", name, __all__, __name__)
