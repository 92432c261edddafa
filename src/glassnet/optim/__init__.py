"""Optimisers and learning-rate schedules."""

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
