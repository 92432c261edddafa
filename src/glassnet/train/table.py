"""From a table to a trained network: split, describe, build, train, measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import data, files, graph, losses, metrics
from glassnet.data.table import Table
from glassnet.errors import DataError, FileFormatError, SettingError
from glassnet.nn import (
    Concatenate,
    Dense,
    FillMissing,
    Input,
    MissingIndicator,
    OneHot,
    Rescale,
    Standardize,
)
from glassnet.nn.network import Network
from glassnet.optim import AdamW, Optimizer
from glassnet.train.callbacks import Callback, EarlyStopping
from glassnet.train.history import History

if TYPE_CHECKING:
    import polars as pl

    from glassnet.program import Program

_FEWEST_ROWS = 10


@dataclass(frozen=True)
class Settings:
    """How a table is trained on; None is found from the number of rows.

    hidden            units of each hidden layer
    epochs            at most so many
    patience          epochs without a better validation loss before training ends
    validation_share  of the rows that are not held out for the test
    """

    hidden: tuple[int, ...] = (64, 64)
    epochs: int = 300
    batch_size: int | None = None
    learning_rate: float = 0.001
    weight_decay: float = 0.01
    patience: int = 30
    validation_share: float = 0.2
    test_share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if not all(isinstance(n, int) and n > 0 for n in self.hidden):
            raise SettingError(f"hidden must be whole numbers above 0, got {self.hidden!r}.")

    def resolved(self, n_rows: int) -> Settings:
        """The same settings, all known."""
        if self.batch_size is not None:
            return self
        size = 2 ** round(np.log2(max(n_rows, 1) / 50))
        return replace(self, batch_size=int(min(max(size, 16), 256)))

    @property
    def optimizer(self) -> Optimizer:
        """AdamW."""
        return AdamW(self.learning_rate, weight_decay=self.weight_decay)


@dataclass
class TableModel:
    """A network and the table that it takes raw rows of."""

    net: Network
    table: Table
    settings: Settings

    @property
    def loss(self) -> losses.Loss:
        """The loss; a regression's is in units of the target's variance."""
        target = self.table.target
        if target.is_classes:
            two = len(target.classes) == 2
            return losses.BinaryCrossentropy() if two else losses.SparseCategoricalCrossentropy()
        return losses.MeanSquaredError(weight=float(f"{target.scale**-2:.6g}"))

    @property
    def metrics(self) -> list[str]:
        """What is shown after each epoch."""
        return ["accuracy"] if self.table.target.is_classes else ["root_mean_squared_error"]

    def training_program(self) -> Program:
        """The program of one training step."""
        return self.net.training_program(
            loss=self.loss, optimizer=self.settings.optimizer, metrics=self.metrics
        )

    def predict(self, frame: pl.DataFrame) -> tuple[Any, dict[str, str]]:
        """Probabilities (n, classes) or amounts (n,); and by column what could not be read."""
        arrays, strange = self.table.inputs(frame)
        return self.answers(arrays), strange

    def answers(self, arrays: Mapping[str, Any]) -> Any:
        """Probabilities (n, classes) or amounts (n,) for the network's inputs."""
        p = self.net.predict(dict(arrays))
        if not self.table.target.is_classes:
            return p[:, 0]
        return np.concatenate([1 - p, p], axis=1) if p.shape[1] == 1 else p

    def save(self, path: str | Path) -> None:
        """Write everything into one file."""
        extra = {"table": self.table.to_json(), "settings": asdict(self.settings)}
        files.save(self.net, path, extra)

    @staticmethod
    def load(path: str | Path) -> TableModel:
        """Read what `save` wrote."""
        net, extra = files.load_with_extra(path)
        try:
            table = Table.from_json(extra["table"])
            kept = extra["settings"]
            settings = Settings(**{**kept, "hidden": tuple(kept["hidden"])})
        except (KeyError, TypeError) as error:
            raise FileFormatError(f"{path} holds a network, but no table: {error!r}.") from error
        return TableModel(net, table, settings)


@dataclass
class TableFit:
    """A table that is ready to be trained on, or has been.

    model   the network and its table
    inputs, y  the network's arrays for every row of the file, and the targets
    rows    the numbers of the rows for "train", "validation" and "test"
    n_unknown  how many rows lack the target
    """

    model: TableModel
    inputs: dict[str, Any]
    y: Any
    rows: dict[str, Any]
    n_unknown: int
    history: History = field(default_factory=History)

    def go(self, callbacks: Sequence[Callback] = ()) -> History:
        """Train until the validation loss has not fallen for long."""
        settings, model = self.model.settings, self.model
        self.history = model.net.fit(
            *self._part("train"),
            loss=model.loss,
            optimizer=settings.optimizer,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation_data=self._part("validation"),
            metrics=model.metrics,
            callbacks=[EarlyStopping(patience=settings.patience), *callbacks],
            verbose=0,
        )
        return self.history

    def scores(self) -> dict[str, tuple[float, float]]:
        """Of the rows held out, each metric for the network and for a constant answer.

        The constant is the share of each class, or the mean, of the training rows.
        """
        x, y = self._part("test")
        p = np.asarray(self.model.answers(x), np.float64)
        constant = np.broadcast_to(self._constant(), p.shape)
        return {name: (score(name, y, p), score(name, y, constant)) for name in self._names()}

    def _part(self, which: str) -> tuple[dict[str, Any], Any]:
        rows = self.rows[which]
        return {name: array[rows] for name, array in self.inputs.items()}, self.y[rows]

    def _constant(self) -> Any:
        known = self.y[self.rows["train"]]
        target = self.model.table.target
        if not target.is_classes:
            return known.mean()
        return np.bincount(known, minlength=len(target.classes)) / len(known)

    def _names(self) -> list[str]:
        target = self.model.table.target
        if not target.is_classes:
            return ["root_mean_squared_error", "mean_absolute_error", "r2"]
        ranks = ["roc_auc"] if len(target.classes) == 2 else []
        return ["accuracy", "balanced_accuracy", *ranks, "log_loss"]


def table_fit(
    frame: pl.DataFrame, target: str, task: str | None = None, settings: Settings | None = None
) -> TableFit:
    """Find out what a table's columns are, split its rows, and build a network for it."""
    cells = data.column_of(frame, target)
    found, y = data.find_target(cells, task)
    known = np.flatnonzero(y >= 0 if found.is_classes else ~np.isnan(y))
    if len(known) < _FEWEST_ROWS:
        raise DataError(f"{len(known)} rows have a target; at least {_FEWEST_ROWS} are needed.")
    settings = settings or Settings()
    rows = _split(known, y, settings, stratified=found.is_classes)
    settings = settings.resolved(len(rows["train"]))
    table = data.find_table(frame, found, y, rows["train"])
    inputs, _ = table.inputs(frame)
    model = TableModel(table_network(table, settings), table, settings)
    return TableFit(model, inputs, y, rows, frame.height - len(known))


def _split(known: Any, y: Any, settings: Settings, *, stratified: bool) -> dict[str, Any]:
    labels = y[known] if stratified else None
    rest, test = data.split_rows(len(known), settings.test_share, settings.seed, labels)
    labels = labels[rest] if stratified else None
    train, held = data.split_rows(len(rest), settings.validation_share, settings.seed, labels)
    return {"train": known[rest[train]], "validation": known[rest[held]], "test": known[test]}


def table_network(table: Table, settings: Settings) -> Network:
    """A dense network that takes the table's raw numbers and codes."""
    inputs, parts = [], []
    if table.numbers:
        x = Input((len(table.numbers),), name="numbers")
        inputs.append(x)
        parts.append(Standardize()(FillMissing()(x)))
        missing = [i for i, c in enumerate(table.numbers) if c.missing]
        parts += [MissingIndicator(missing)(x)] if missing else []
    if table.categories:
        codes = Input((len(table.categories),), name="categories", dtype="int64")
        inputs.append(codes)
        sizes = [len(c.values) for c in table.categories]
        parts.append(OneHot(sizes, [c.name for c in table.categories])(codes))
    h = Concatenate()(*parts) if len(parts) > 1 else parts[0]
    for units in settings.hidden:
        h = Dense(units, "relu", weight_init="he_normal")(h)
    net = Network(inputs=inputs, outputs=_answer(table, h), seed=settings.seed, dtype=table.dtype)
    for name, numbers in _statistics(table).items():
        net.parameters[name] = numbers
    return net


def _answer(table: Table, h: Any) -> Any:
    target = table.target
    if not target.is_classes:
        return Rescale()(Dense(1)(h))
    two = len(target.classes) == 2
    return (Dense(1, "sigmoid") if two else Dense(len(target.classes), "softmax"))(h)


def _statistics(table: Table) -> dict[str, Any]:
    found = {}
    if table.numbers:
        found["fill_missing.fill"] = [c.median for c in table.numbers]
        found["standardize.mean"] = [c.mean for c in table.numbers]
        found["standardize.scale"] = [c.scale for c in table.numbers]
    if not table.target.is_classes:
        found["rescale.y_mean"] = [table.target.mean]
        found["rescale.y_scale"] = [table.target.scale]
    return found


def score(name: str, y: Any, p: Any) -> float:
    """A metric of targets y (n,) and answers p: probabilities (n, classes) or amounts (n,)."""
    metric = metrics.find(name)
    p = p[:, None] if p.ndim == 1 else p
    p = p[:, 1:] if p.shape[1] == 2 else p
    y = y[:, None] if p.shape[1] == 1 else y
    if isinstance(metric, metrics.WholeMetric):
        return metric.score(y, p)
    assert isinstance(metric, metrics.RowMetric)
    leaves = [graph.input("y", ("B", *y.shape[1:]), y.dtype.name),
              graph.input("p", ("B", p.shape[1]), "float64")]  # fmt: skip
    (rows,) = graph.evaluate([metric.rows(*leaves)], dict(zip(leaves, (y, p), strict=True)), len(y))
    return metric.finish(float(np.mean(rows)))
