"""Validation images, looked at after each epoch by what predicts quickest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.images.pixels import Pixels
from glassnet.train.callbacks import Callback

if TYPE_CHECKING:
    from glassnet.images.model import ImageModel
    from glassnet.train.run import Run

_BYTES = 1 << 26  # of pixels that are copied at once


class Validation(Callback):
    """Adds val_loss and val_accuracy to the history; it stands before who looks at them.

    weights  how much an image of each class counts in the loss (classes,), or None
    """

    def __init__(self, model: ImageModel, pixels: Pixels, rows: Any, y: Any, weights: Any) -> None:
        self.model, self.pixels, self.rows, self.y = model, pixels, rows, y
        self.weights = None if weights is None else weights[y]

    def on_epoch_end(self, run: Run) -> None:
        """The mean cross-entropy, and the share of right answers."""
        p = answers_for(self.model, self.pixels, self.rows).astype(np.float64)
        right = p.argmax(axis=1) == self.y
        losses = -np.log(np.maximum(p[np.arange(len(p)), self.y], np.finfo(np.float32).tiny))
        figures = {
            "val_loss": np.average(losses, weights=self.weights),
            "val_accuracy": right.mean(),
        }
        for name, value in figures.items():
            run.history.table.setdefault(name, []).append(float(value))


def answers_for(model: ImageModel, pixels: Pixels, rows: Any) -> Any:
    """Probabilities (n, classes) for some images, of which a part at a time is copied."""
    return np.concatenate([model.answers(pixels.take(part)) for part in _parts(pixels, rows)])


def _parts(pixels: Pixels, rows: Any) -> Iterator[Any]:
    step = max(1, _BYTES // max(1, int(np.prod(pixels.x.shape[1:]))))
    for first in range(0, len(rows), step):
        yield rows[first : first + step]
