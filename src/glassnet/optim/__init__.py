"""Optimisers, learning-rate schedules, and how to find them by name."""

from glassnet.optim import schedules
from glassnet.optim.lbfgs import LBFGS
from glassnet.optim.optimizer import OPTIMIZERS, Optimizer, find
from glassnet.optim.rules import SGD, Adadelta, Adagrad, Adam, AdamW, Lion, Nadam, RMSprop

__all__ = [
    "LBFGS", "OPTIMIZERS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Lion", "Nadam",
    "Optimizer", "RMSprop", "find", "schedules",
]  # fmt: skip
