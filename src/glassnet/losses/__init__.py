"""Losses: how far the output p is from the target y.

A loss gives one number for each row, `(B,)`; what is minimised is their mean over the batch,
weighted where there are weights (weights are summed, not counted). Of sequences (B, T, ...) behind
`gn.Masking` or `gn.Embedding(..., mask_zero=True)` it is the mean over the steps that are shown,
and so are the metrics (losses/steps.py). `SumSquaredError` alone sums
over everything. A loss of your own is a plain function (y, p) in graph ops that gives a number for
each row, for each number of a row (these are averaged), or one number for the whole batch.

Cross-entropies are computed on the logits where the output is a sigmoid or a softmax, which is
exact and never meets ln(0). Of any other output the logarithm is taken of no less than 1e-30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from glassnet import errors
from glassnet.losses.amounts import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    Quantile,
    SumSquaredError,
)
from glassnet.losses.classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Focal,
    Hinge,
    KlDivergence,
    SparseCategoricalCrossentropy,
)
from glassnet.losses.ctc import CTC
from glassnet.losses.decode import ctc_decode
from glassnet.losses.distances import Contrastive, Triplet
from glassnet.losses.loss import LOSSES as LOSSES
from glassnet.losses.loss import Loss

__all__ = [
    "CTC", "BinaryCrossentropy", "CategoricalCrossentropy", "Contrastive", "CosineSimilarity",
    "Focal", "Hinge", "Huber", "KlDivergence", "LogCosh", "Loss", "MeanAbsoluteError",
    "MeanSquaredError", "Poisson", "Quantile", "SparseCategoricalCrossentropy", "SumSquaredError",
    "Triplet", "ctc_decode",
]  # fmt: skip
__dir__ = __all__.copy  # what Tab shows behind the dot

if not TYPE_CHECKING:  # or everything would be known behind the dot

    def __getattr__(name: str) -> NoReturn:
        raise errors.UnknownAttributeError(f"module {__name__!r}", name, __all__, __name__)
