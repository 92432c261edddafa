"""The network for a table: raw numbers and codes in, probabilities or amounts out."""

from __future__ import annotations

from typing import Any

from glassnet import losses
from glassnet.data import Table
from glassnet.nn import (
    Concatenate,
    Dense,
    Dropout,
    FillMissing,
    Input,
    MissingIndicator,
    OneHot,
    Rescale,
    Standardize,
    Symbol,
)
from glassnet.nn.network import Network
from glassnet.tables.settings import Settings


def table_network(table: Table, settings: Settings) -> Network:
    """Preparation, hidden layers with ReLU, and an answer; statistics are those of the table."""
    inputs, parts = _prepared(table)
    h = Concatenate()(*parts) if len(parts) > 1 else parts[0]
    for units in settings.hidden:
        h = Dense(units, "relu", weight_init="he_normal")(h)
        h = Dropout(settings.dropout)(h) if settings.dropout else h
    net = Network(inputs=inputs, outputs=_answer(table, h), seed=settings.seed, dtype=table.dtype)
    for name, numbers in _statistics(table).items():
        net.parameters[name] = numbers
    return net


def _prepared(table: Table) -> tuple[list[Symbol], list[Symbol]]:
    """The inputs, and what the first dense layer gets, side by side."""
    inputs, parts = [], []
    if table.numbers:
        x = Input((len(table.numbers),), name="numbers")
        inputs.append(x)
        parts.append(Standardize()(FillMissing()(x)))
        missing = [i for i, column in enumerate(table.numbers) if column.missing]
        parts += [MissingIndicator(missing)(x)] if missing else []
    if table.categories:
        codes = Input((len(table.categories),), name="categories", dtype="int64")
        inputs.append(codes)
        sizes = [len(column.values) for column in table.categories]
        parts.append(OneHot(sizes, [column.name for column in table.categories])(codes))
    return inputs, parts


def _answer(table: Table, h: Any) -> Any:
    """The last layer. It starts at zero, so that nothing needs to be unlearnt."""
    target = table.target
    if not target.is_classes:
        return Rescale()(Dense(1, weight_init="zeros")(h))
    units, activation = (1, "sigmoid") if target.is_binary else (len(target.classes), "softmax")
    return Dense(units, activation, weight_init="zeros")(h)


def _statistics(table: Table) -> dict[str, list[float]]:
    """What the table knows of its columns, as parameters of the network."""
    found = {}
    if table.numbers:
        found["fill_missing.fill"] = [c.median for c in table.numbers]
        found["standardize.mean"] = [c.mean for c in table.numbers]
        found["standardize.scale"] = [c.scale for c in table.numbers]
    if not table.target.is_classes:
        found["rescale.y_mean"] = [table.target.mean]
        found["rescale.y_scale"] = [table.target.scale]
    return found


def table_loss(table: Table) -> losses.Loss:
    """The loss of the table's task; a regression's is in units of the target's variance."""
    target = table.target
    if target.is_binary:
        return losses.BinaryCrossentropy()
    if target.is_classes:
        return losses.SparseCategoricalCrossentropy()
    return losses.MeanSquaredError(weight=float(f"{target.scale**-2:.6g}"))
