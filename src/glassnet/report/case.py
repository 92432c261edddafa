"""What the report is about: a finished fit, its table, and its answers for the test rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import metrics
from glassnet.report.importance import Importance, importances

if TYPE_CHECKING:
    import polars as pl

    from glassnet.data import Target
    from glassnet.metrics import Metric
    from glassnet.tables import TableFit


@dataclass(frozen=True)
class Case:
    """A fit with the table it came from."""

    fit: TableFit
    frame: pl.DataFrame

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self.fit.model.table.target

    @property
    def is_classes(self) -> bool:
        """Whether the target is a class."""
        return self.target.is_classes

    @cached_property
    def classes(self) -> list[str]:
        """The classes in the order of the network's answers."""
        return [str(name) for name in self.target.classes]

    @cached_property
    def y(self) -> Any:
        """The test rows' class numbers or amounts (n,)."""
        y = np.asarray(self.fit.parts["test"][1])
        return y.astype(np.int64 if self.is_classes else np.float64)

    @cached_property
    def p(self) -> Any:
        """The answers: probabilities (n, classes) or amounts (n,)."""
        return np.asarray(self.fit.model.answers(self.fit.parts["test"][0]), np.float64)

    @cached_property
    def test_frame(self) -> pl.DataFrame:
        """The raw cells of the test rows."""
        rows: pl.DataFrame = self.frame[self.fit.rows["test"]]
        return rows

    @cached_property
    def columns(self) -> list[str]:
        """The columns of the table that go into the network."""
        used = {column.name for column in self.fit.model.table.columns}
        return [name for name in self.frame.columns if name in used]

    @cached_property
    def scores(self) -> dict[str, tuple[float, float]]:
        """Metrics of the test rows: of the network, and of a constant answer."""
        return self.fit.scores()

    @property
    def metric(self) -> Metric:
        """The metric that stands first."""
        return metrics.find(next(iter(self.scores)))

    @cached_property
    def importance(self) -> Importance:
        """What shuffling each column costs."""
        return importances(
            self.fit.model, self.test_frame, self.y, self.columns, self.metric.name,
            seed=self.fit.model.settings.seed,
        )  # fmt: skip

    @cached_property
    def by_importance(self) -> list[str]:
        """The columns, the most important first."""
        return [self.columns[i] for i in self.importance.order]
