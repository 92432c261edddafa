"""A series that is ready to be trained on: its windows in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from glassnet.series.facts import facts_of, plain_facts
from glassnet.series.grid import Grid
from glassnet.series.model import SeriesModel
from glassnet.series.scale import scales_of
from glassnet.series.score import METRICS, Errors, measured, seasonal_naive
from glassnet.series.split import Cuts
from glassnet.series.windows import Windows
from glassnet.train.callbacks import Callback, EarlyStopping
from glassnet.train.history import History

NETWORK, SEASONAL, NAIVE = "network", "seasonal naive", "naive"


@dataclass(repr=False)
class SeriesFit:
    """A series with the network that is trained on it.

    rows       the numbers of the windows for "train", "validation" and "test"
    windows    the arrays of the series, and the windows as views of them
    grid, cuts the steps of all groups, and where validation and test begin
    n_unknown  how many rows before the first or behind the last target take no part
    short      the groups that have too few rows, which take no part either
    weights    how much each window counts, where there are several groups
    """

    baseline: ClassVar[str] = "the values of one season before, again and again"

    model: SeriesModel
    rows: dict[str, Any]
    windows: Windows
    grid: Grid
    cuts: Cuts
    n_unknown: int = 0
    short: tuple[str, ...] = ()
    history: History = field(default_factory=History)
    best_epoch: int = 0
    weights: Any = None
    _errors: dict[str, Errors] = field(default_factory=dict)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(rows):,} windows for {part}" for part, rows in self.rows.items())
        state = (
            f"{self.history.epochs:,} epochs" if self.history.epochs else "not trained yet: go()"
        )
        return f"<fit of {self.model.description.target.name!r}: {counts}; {state}>"

    def go(self, callbacks: Sequence[Callback] = ()) -> History:
        """Train until the validation loss has not fallen for long; its best weights stay."""
        settings, model = self.model.settings, self.model
        stopping = EarlyStopping(patience=settings.patience)
        self._errors.clear()
        self.history = model.net.fit(
            self.windows.inputs(), self.windows.targets(), rows=self.rows["train"],
            validation_rows=self.rows["validation"], loss=model.loss,
            optimizer=settings.optimizer, epochs=settings.epochs, batch_size=settings.batch_size,
            sample_weight=self.weights, metrics=model.metrics, callbacks=[stopping, *callbacks],
            verbose=0,
        )  # fmt: skip
        self.best_epoch = stopping.best_epoch
        return self.history

    def scores(self) -> dict[str, tuple[float, float]]:
        """Metrics on the last part of the time: of the network, and of the seasonal naive forecast.

        Missing values are not judged. With several groups the scaled error is the fair one: each
        error is divided by that of the seasonal naive forecast in its group's training part.
        """
        ours, theirs = self.errors(NETWORK), self.errors(SEASONAL)
        return {name: (ours.score(name), theirs.score(name)) for name in METRICS}

    def compared(self) -> dict[str, dict[str, float]]:
        """The metrics of the network, the seasonal naive and the naive forecast, by their names."""
        return {
            name: {metric: self.errors(name).score(metric) for metric in METRICS}
            for name in (NETWORK, SEASONAL, NAIVE)
        }

    def errors(self, name: str) -> Errors:
        """Errors over the test windows, of "network", "seasonal naive" or "naive"."""
        if name not in self._errors:
            answer = self.answers(name)
            scales = scales_of(self.model.description, self.grid)
            self._errors[name] = measured(self.windows, self.rows["test"], scales, answer)
        return self._errors[name]

    def answers(self, name: str) -> Any:
        """What foretells under this name: a function of the network's inputs."""
        horizon, season = self.model.description.horizon, self.model.description.season
        return {
            NETWORK: self.model.answers,
            SEASONAL: seasonal_naive(horizon, season),
            NAIVE: seasonal_naive(horizon, 1),
        }[name]

    @property
    def n_filled(self) -> int:
        """Steps whose target is missing, and was taken as the one before."""
        return int(np.count_nonzero(~self.windows.known))

    def facts(self) -> list[tuple[str, str, str]]:
        """What was found out: (label, text, style), in the order to print."""
        return facts_of(self)

    def as_json(self) -> dict[str, Any]:
        """What was found out, as plain data."""
        return plain_facts(self)
