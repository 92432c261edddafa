"""What the report of images is about: a finished fit and its answers for the test images.

It has what the sections on the head, the training, the answers and the program ask of
`TableCase`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.metrics.registry import find as find_metric
from glassnet.report.classes import row_losses

if TYPE_CHECKING:
    from glassnet.images import ImageFit
    from glassnet.metrics import Metric
    from glassnet.tables.columns.target import Target


@dataclass(frozen=True)
class ImageData:
    """A fit of images."""

    fit: ImageFit
    is_classes: bool = True

    @property
    def target(self) -> Target:
        """The classes."""
        return self.fit.model.target

    @property
    def classes(self) -> list[str]:
        """Their names, in the order of the network's answers."""
        return list(self.target.classes)

    @property
    def columns(self) -> list[str]:
        """What the class is predicted from, for the sentence at the top."""
        return [f"images ({self.fit.model.frame.describe()})"]

    @cached_property
    def y(self) -> Any:
        """The test images' class numbers (n,)."""
        return self.fit.y[self.fit.rows["test"]]

    @cached_property
    def p(self) -> Any:
        """The probabilities (n, classes)."""
        return np.asarray(self.fit.answers("test"), np.float64)

    @cached_property
    def losses(self) -> Any:
        """What each test image adds to the loss (n,)."""
        return row_losses(self.y, self.p)

    @cached_property
    def wrong(self) -> Any:
        """The places, among the test images, of those that were got wrong; the surest first."""
        places = np.flatnonzero(self.p.argmax(axis=1) != self.y)
        return places[np.argsort(-self.losses[places], kind="stable")]

    @cached_property
    def scores(self) -> dict[str, tuple[float, float]]:
        """Metrics of the test images: of the network, and of a constant answer."""
        return self.fit.scores()

    @property
    def metric(self) -> Metric:
        """The metric that stands first."""
        return find_metric(next(iter(self.scores)))

    def beats_constant(self, name: str) -> bool:
        """Whether the network is better than a constant answer, by a metric of `scores`."""
        ours, constant = self.scores[name]
        return ours > constant if find_metric(name).higher_is_better else ours < constant
