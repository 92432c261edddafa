"""What the report is about: a finished fit, its table, and its answers for the test rows.

A table larger than memory is read through once: for a sample of its rows, by which columns are
described and their importance is measured, and for the rows that the network is furthest off on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import philox
from glassnet.metrics.registry import find as find_metric
from glassnet.report.case import ClassCase
from glassnet.report.classes import row_losses
from glassnet.report.importance import Importance, drawn, importances
from glassnet.report.markup import Markup, join, tag
from glassnet.report.numerals import count
from glassnet.report.parts import name
from glassnet.tables.columns import Progress, silent
from glassnet.tables.first_layer import FirstLayer
from glassnet.tables.reading import Stream

if TYPE_CHECKING:
    import polars as pl

    from glassnet.metrics import Metric
    from glassnet.tables import TableFit
    from glassnet.tables.columns import Target


_MOST_NAMED = 6  # columns in the sentence
_WORST = 10  # rows with the largest loss
# A table larger than memory is described by so many rows, fewer where there are many columns.
_FEWEST, _DESCRIBED, _CELLS = 50, 20_000, 2_000_000


@dataclass(frozen=True)
class TableCase(ClassCase):
    """A fit with the table it came from; `progress` is told how many columns are weighed."""

    fit: TableFit
    table: pl.DataFrame | Stream
    progress: Progress = silent

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self.fit.model.table.target

    @property
    def title(self) -> str:
        """The target's name."""
        return self.target.name

    @property
    def task(self) -> str:
        """The target's."""
        return self.target.task

    @property
    def sentence(self) -> Markup:
        """What is predicted from which columns."""
        named = [tag("b", name(n, 24)) for n in self.columns[:_MOST_NAMED]]
        listed = join(*[[n, ", "] for n in named[:-1]], named[-1] if named else "")
        if len(self.columns) > _MOST_NAMED:
            listed = join(listed, f" and {count(len(self.columns) - _MOST_NAMED, 'more column')}")
        kind = f" ({len(self.classes):,} classes)" if self.is_classes else " (an amount)"
        rows = sum(len(rows) for rows in self.fit.rows.values())
        return join(
            "A network predicts ", tag("b", name(self.target.name)), kind, " from ", listed,
            f". Of {count(rows, 'row')}, {len(self.y):,} were held out for the test: figures of "
            "answers on this page are of those, which training did not see.",
        )  # fmt: skip

    def baseline(self, metric: str) -> str:
        """A constant answer."""
        if metric == "accuracy":
            return "a constant answer (the most frequent class)"
        same = "the shares of the classes" if self.is_classes else "the mean of the training rows"
        return f"a constant answer ({same})"

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
    def losses(self) -> Any:
        """What each test row adds to the loss (n,)."""
        return row_losses(self.y, self.p) if self.is_classes else (self.y - self.p) ** 2

    @cached_property
    def worst(self) -> Any:
        """The places, among the test rows, of those with the highest loss."""
        return np.argsort(-self.losses, kind="stable")[:_WORST]

    @cached_property
    def n_rows(self) -> int:
        """The rows of the table."""
        return sum(map(len, self.fit.rows.values())) + self.fit.n_unknown

    @cached_property
    def described(self) -> pl.DataFrame:
        """The raw cells that the columns are described by: all of them, or those of a sample."""
        if isinstance(self.table, Stream):
            return self.raw(self._sampled)
        return self.table

    def of_test(self, places: Any) -> pl.DataFrame:
        """The raw cells of test rows."""
        return self.raw(self.fit.rows["test"][places])

    def raw(self, rows: Any) -> pl.DataFrame:
        """The raw cells of rows of the table."""
        if isinstance(self.table, Stream):
            rows, frame = np.searchsorted(self._kept[0], rows), self._kept[1]
        else:
            frame = self.table
        found: pl.DataFrame = frame[rows]
        return found

    @cached_property
    def _kept(self) -> tuple[Any, Any]:
        """Of a table larger than memory, the rows that the report speaks of, and their cells."""
        assert isinstance(self.table, Stream)  # noqa: S101 - `raw` asks for no other
        rows = np.union1d(self._sampled, self.fit.rows["test"][self.worst])
        return rows, self.table.rows(rows)

    @cached_property
    def _sampled(self) -> Any:
        mixed = philox.permutation(self.n_rows, self._seed, philox.IMPORTANCE)
        some = max(_FEWEST, min(_DESCRIBED, _CELLS // len(self.table.columns)))
        return np.sort(mixed[:some])

    @cached_property
    def _shuffled(self) -> Any:
        """The places, among the test rows, of those that importance is measured on."""
        return drawn(len(self.y), len(self.table.columns), self._seed)

    @property
    def _seed(self) -> int:
        return self.fit.model.settings.seed

    @cached_property
    def columns(self) -> list[str]:
        """The columns of the table that go into the network."""
        used = {column.name for column in self.fit.model.table.columns}
        return [name for name in self.table.columns if name in used]

    @cached_property
    def weighed(self) -> Metric:
        """The metric by which columns are weighed: log loss where accuracy tells nothing."""
        if self.is_classes and not self.beats_constant("accuracy"):
            return find_metric("log_loss")
        return self.metric

    @cached_property
    def importance(self) -> Importance:
        """What shuffling each column costs."""
        some, model = self._shuffled, FirstLayer.of(self.fit.model)
        arrays = {name: array[some] for name, array in self.fit.parts["test"][0].items()}
        return importances(
            model, model.inputs(arrays), self.y[some], self.columns, self.weighed.name,
            seed=self._seed, progress=self.progress,
        )  # fmt: skip

    @cached_property
    def by_importance(self) -> list[str]:
        """The columns, the most important first; of a recommendation also its title."""
        if self.fit.model.table.identifiers:
            return self.columns
        return [self.columns[i] for i in self.importance.order]
