"""Figures of probabilities that are there already, and the answer that they are held against."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet import metrics
from glassnet.tables.score import score

NAMES = ("accuracy", "balanced_accuracy", "f1", "log_loss")


def figures(y: Any, p: Any) -> dict[str, float]:
    """Each metric of class numbers y (n,) and probabilities p (n, classes).

    f1 is the mean over the classes ("macro"), of two classes as well.
    """
    p = np.asarray(p, np.float64)
    found = {name: score(name, y, p) for name in NAMES if name != "f1"}
    found["f1"] = float(metrics.F1().score(y, p))
    return {name: found[name] for name in NAMES}


def beside_constant(y: Any, p: Any, shares: Any) -> dict[str, tuple[float, float]]:
    """Each metric of the network, and of an answer that is the same for every image."""
    ours, same = figures(y, p), figures(y, np.broadcast_to(shares, p.shape))
    return {name: (ours[name], same[name]) for name in NAMES}


def class_shares(y: Any, n_classes: int) -> Any:
    """The share of each class (classes,)."""
    counts = np.bincount(y, minlength=n_classes)
    return counts / counts.sum()
