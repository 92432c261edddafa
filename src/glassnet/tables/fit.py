"""A table that is ready to be trained on: its rows split, its columns found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import data
from glassnet.errors import DataError
from glassnet.tables.columns import Progress, Target, find_target, silent
from glassnet.tables.columns.target import REGRESSION
from glassnet.tables.factorization import factorization
from glassnet.tables.facts import Fact, as_json, facts_of
from glassnet.tables.model import TableModel
from glassnet.tables.network import encoded, table_network
from glassnet.tables.penalty import choose_penalty
from glassnet.tables.recommendation import (
    code_of,
    find_recommendation,
    recommend,
    recommendation_table,
)
from glassnet.tables.score import constant_answer, names_for, score
from glassnet.tables.settings import Settings
from glassnet.tables.source import TableSource, source_of
from glassnet.tables.weights import check_weights, class_weights, row_weights
from glassnet.train.callbacks import Callback, EarlyStopping
from glassnet.train.history import History

if TYPE_CHECKING:
    import polars as pl

_FEWEST_ROWS = 10


@dataclass(repr=False)
class TableFit:
    """A table with the network that is trained on it.

    rows       the numbers of the rows for "train", "validation" and "test"
    parts      the network's inputs and the targets of these rows
    n_unknown  how many rows lack the target, and so take no part
    weights    how much each of these rows counts, where a column says it
    class_weight  how much each class counts, where that was asked for
    """

    model: TableModel
    rows: dict[str, Any]
    parts: dict[str, tuple[dict[str, Any], Any]]
    n_unknown: int
    history: History = field(default_factory=History)
    best_epoch: int = 0
    weights: dict[str, Any] = field(default_factory=dict)
    class_weight: Any = None

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(rows):,} rows for {part}" for part, rows in self.rows.items())
        state = (
            f"{self.history.epochs:,} epochs" if self.history.epochs else "not trained yet: go()"
        )
        return f"<fit of {self.model.table.target.name!r}: {counts}; {state}>"

    @property
    def n_rows(self) -> int:
        """The rows of the table, with and without a target."""
        return self.n_unknown + sum(map(len, self.rows.values()))

    @property
    def baseline(self) -> str:
        """What the answers are that the network's stand beside in `scores`."""
        same = "the shares of the classes" if self.model.table.target.is_classes else "the mean"
        return f"for every row {same} in the rows to train"

    def facts(self) -> list[Fact]:
        """What was found out, in the order to be said: (a word in front, the text, its style)."""
        return list(facts_of(self))

    def as_json(self) -> dict[str, Any]:
        """What was found out, for machines."""
        return as_json(self)

    def go(self, callbacks: Sequence[Callback] = ()) -> History:
        """Train until the validation loss has not fallen for long; its best weights stay."""
        settings, model = self.model.settings, self.model
        stopping = EarlyStopping(patience=settings.patience)
        x, y = self.parts["train"]
        self.history = model.net.fit(
            x, y, loss=model.loss, optimizer=settings.optimizer, epochs=settings.epochs,
            batch_size=settings.batch_size, validation_data=self._validation(),
            sample_weight=self.weights.get("train"), class_weight=self.class_weight,
            metrics=model.metrics, callbacks=[stopping, *callbacks], verbose=0,
        )  # fmt: skip
        self.best_epoch = stopping.best_epoch
        return self.history

    def recommend(self, user: Any, n: int = 10) -> pl.DataFrame:
        """The n best items for a user, without those that the user has in any row of the table.

        As `TableModel.recommend`, to which the rows are told by `seen`.
        """
        seen = [
            x["item"][x["user"] == code_of(self.model, "user", user)]
            for x, _ in self.parts.values()
        ]
        return recommend(self.model, user, n, np.concatenate(seen))

    def _validation(self) -> tuple[Any, ...]:
        """The rows that tell when to stop, weighted as those that are trained on."""
        x, y = self.parts["validation"]
        weights = self.weights.get("validation")
        if self.class_weight is not None:
            weights = self.class_weight[y] * (1 if weights is None else weights)
        return (x, y) if weights is None or not weights.any() else (x, y, weights)

    def scores(self) -> dict[str, tuple[float, float]]:
        """Metrics on the rows held out for the test: of the network, and of a constant answer.

        Every row counts the same in them, whatever its weight in training.
        """
        x, y = self.parts["test"]
        target = self.model.table.target
        p = np.asarray(self.model.answers(x), np.float64)
        constant = constant_answer(target, self.parts["train"][1])
        same = np.broadcast_to(constant, p.shape)
        return {name: (score(name, y, p), score(name, y, same)) for name in names_for(target)}


def find_fit(
    frame: Any, target: str, task: str | None = None, settings: Settings | None = None,
    *, progress: Progress = silent,
) -> TableFit:  # fmt: skip
    """Find out what the columns are, split the rows, and build a network.

    frame   what `tables.read` gave, or any DataFrame
    target  the column to predict
    task    "classification" or "regression"; None finds it out
    progress  is told how many columns have been looked at: progress(what, done, of how many)

    Raises DataError or UnknownNameError where the table does not allow it.
    """
    settings, source = settings or Settings(), source_of(frame, progress)
    found, y = find_target(source.column(target), task)
    apart = {settings.weights} if settings.weights else set()
    pair = find_recommendation(source, found, task, _known(found, y), settings, apart)
    if pair and found.is_classes and not found.is_binary:  # 1 to 5
        found, y = find_target(source.column(target), REGRESSION)
    known = _known(found, y)
    if len(known) < _FEWEST_ROWS:
        raise DataError(
            f"Only {len(known)} rows have a value of {target!r}, and {_FEWEST_ROWS} are needed."
        )
    rows = _split(known, y if found.is_classes else None, settings)
    settings = settings.resolved(len(rows["train"]), ratings=pair is not None)
    weights = _weights(source, target, settings, rows)
    if pair:
        table = recommendation_table(source, pair, found, y, rows["train"], settings)
    else:
        table = source.describe(found, y, rows["train"], settings, apart)
        table = encoded(table, settings.encoding)
    arrays = source.inputs(table, rows)
    parts = {name: (arrays[name], y[some]) for name, some in rows.items()}
    if pair and settings.penalty is None:
        settings = replace(settings, penalty=choose_penalty(table, settings, parts, progress))
    net = (
        factorization(table, settings, len(rows["train"])) if pair
        else table_network(table, settings)
    )  # fmt: skip
    model = TableModel(net, table, settings)
    by_class = class_weights(settings.class_weight, found, parts["train"][1])
    n_unknown = len(y) - len(known)
    return TableFit(model, rows, parts, n_unknown, weights=weights, class_weight=by_class)


def _known(target: Target, y: Any) -> Any:
    """The numbers of the rows that have a target."""
    return np.flatnonzero(y >= 0 if target.is_classes else ~np.isnan(y))


def _weights(
    source: TableSource, target: str, settings: Settings, rows: dict[str, Any]
) -> dict[str, Any]:
    """How much the rows of each part count, where a column says it."""
    name = settings.weights
    if name is None:
        return {}
    numbers = row_weights(source.column(name), target)
    check_weights(numbers[np.concatenate(list(rows.values()))], name)
    if not numbers[rows["train"]].any():
        raise DataError(f"The weight {name!r} is 0 in every row to train on.")
    return {part: numbers[some] for part, some in rows.items()}


def _split(known: Any, classes: Any, settings: Settings) -> dict[str, Any]:
    """Rows for the test are taken first, so that they depend on nothing but their share."""
    rest, test = _hold_out(known, classes, settings.test_share, settings.seed)
    train, held = _hold_out(rest, classes, settings.validation_share, settings.seed)
    return {"train": train, "validation": held, "test": test}


def _hold_out(rows: Any, classes: Any, share: float, seed: int) -> tuple[Any, Any]:
    labels = None if classes is None else classes[rows]
    kept, out = data.split_rows(len(rows), share, seed, labels)
    return rows[kept], rows[out]
