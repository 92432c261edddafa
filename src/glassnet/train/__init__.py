"""Training: the loop, callbacks, history, checkpoints."""

from glassnet.train.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateFinder,
    ReduceOnPlateau,
    TimeLimit,
)
from glassnet.train.checkpoint import Checkpoint
from glassnet.train.evaluate import evaluate
from glassnet.train.fit import FitSettings, fit, training_program
from glassnet.train.history import History
from glassnet.train.predict import ReadyNetwork, predict
from glassnet.train.progress import Progress
from glassnet.train.walkthrough import Walkthrough, walkthrough

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "FitSettings",
    "History",
    "LearningRateFinder",
    "Progress",
    "ReadyNetwork",
    "ReduceOnPlateau",
    "TimeLimit",
    "Walkthrough",
    "evaluate",
    "fit",
    "predict",
    "training_program",
    "walkthrough",
]  # fmt: skip
