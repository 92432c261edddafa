"""What the report of images is about: a finished fit and its answers for the test images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.report.case import ClassCase
from glassnet.report.classes import row_losses
from glassnet.report.markup import Markup, join
from glassnet.report.numerals import count

if TYPE_CHECKING:
    from glassnet.images import ImageFit
    from glassnet.tables.columns.target import Target


@dataclass(frozen=True)
class ImageCase(ClassCase):
    """A fit of images."""

    fit: ImageFit
    unit = "image"

    @property
    def title(self) -> str:
        """The classes."""
        return self.target.name

    @property
    def task(self) -> str:
        """Classification."""
        return self.target.task

    @property
    def sentence(self) -> Markup:
        """What is told of what."""
        total = sum(map(len, self.fit.rows.values()))
        frame = self.fit.model.frame.describe()
        return join(
            f"A network tells {len(self.classes):,} classes of images ({frame}) apart. Of "
            f"{count(total, 'image')}, {len(self.y):,} were held out for the test: figures of "
            "answers on this page are of those, which training did not see.",
        )

    def baseline(self, metric: str) -> str:
        """A constant answer."""
        if metric == "accuracy":
            return "a constant answer (the most frequent class)"
        return "a constant answer (the shares of the classes)"

    @property
    def target(self) -> Target:
        """The classes."""
        return self.fit.model.target

    @property
    def classes(self) -> list[str]:
        """Their names, in the order of the network's answers."""
        return list(self.target.classes)

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
