"""What every page is about: a finished fit and its figures beside the baseline's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glassnet.metrics.registry import find as find_metric

if TYPE_CHECKING:
    from glassnet.metrics import Metric
    from glassnet.report.markup import Markup


class Case(ABC):
    """A finished fit of any kind of data.

    fit   a TableFit, an ImageFit or a SeriesFit
    unit  what one of the things is called that an answer is for
    """

    fit: Any
    unit = "row"

    @property
    @abstractmethod
    def title(self) -> str:
        """What is predicted."""

    @property
    @abstractmethod
    def task(self) -> str:
        """What kind of answer that is: "classification", "regression", "forecast"."""

    @property
    @abstractmethod
    def sentence(self) -> Markup:
        """What is predicted from what, in a sentence or two."""

    @abstractmethod
    def baseline(self, metric: str) -> str:
        """What answers the network's stand beside, in a few words."""

    @property
    def is_classes(self) -> bool:
        """Whether the answer is a class."""
        return self.task == "classification"

    @cached_property
    def scores(self) -> dict[str, tuple[float, float]]:
        """Metrics of what was held out: of the network, and of the baseline."""
        found: dict[str, tuple[float, float]] = self.fit.scores()
        return found

    @property
    def metric(self) -> Metric:
        """The metric that stands first."""
        return find_metric(next(iter(self.scores)))

    def beats_constant(self, name: str) -> bool:
        """Whether the network is better than the baseline, by a metric of `scores`."""
        ours, constant = self.scores[name]
        return ours > constant if find_metric(name).higher_is_better else ours < constant


class ClassCase(Case):
    """A fit whose answers are classes."""

    @property
    @abstractmethod
    def classes(self) -> list[str]:
        """The classes in the order of the network's answers."""

    @property
    @abstractmethod
    def y(self) -> Any:
        """The class numbers of what was held out (n,)."""

    @property
    @abstractmethod
    def p(self) -> Any:
        """Its probabilities (n, classes)."""
