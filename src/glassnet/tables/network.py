"""The network for a table: raw numbers and codes in, probabilities or amounts out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import losses
from glassnet.network import Network
from glassnet.nn import (
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    FillMissing,
    Input,
    MissingIndicator,
    OneHot,
    Rescale,
    Standardize,
    Symbol,
)
from glassnet.tables.columns import Table
from glassnet.tables.settings import Settings
from glassnet.tables.text_encoder import encoded_text, say_nothing_of_the_unknown

_MANY_VALUES = 32  # of a category, from which numbers are learnt for them
_MOST_UNITS = 50
_MANY_COLUMNS = 32  # of words


def table_network(table: Table, settings: Settings) -> Network:
    """Preparation, hidden layers with ReLU, and an answer; statistics are those of the table."""
    inputs, parts = _prepared(table)
    h = Concatenate()(*parts) if len(parts) > 1 else parts[0]
    for units in settings.hidden:
        h = Dense(units, "relu", weight_init="he_normal")(h)
        h = Dropout(settings.dropout)(h) if settings.dropout else h
    net = Network(inputs=inputs, outputs=_answer(table, h), seed=settings.seed, dtype=table.dtype)
    for name, numbers in _statistics(table, settings).items():
        net.parameters[name] = numbers
    say_nothing_of_the_unknown(net, table)
    return net


def _prepared(table: Table) -> tuple[list[Symbol], list[Symbol]]:
    """The inputs, and what the first dense layer gets, side by side."""
    inputs, parts = [], []
    if table.features:
        x = Input((len(table.features),), name="numbers")
        inputs.append(x)
        parts.append(Standardize()(FillMissing()(x)))
        missing = [i for i, feature in enumerate(table.features) if feature.missing]
        parts += [MissingIndicator(missing)(x)] if missing else []
    if table.hot:
        codes = Input((len(table.hot),), name="categories", dtype="int64")
        inputs.append(codes)
        sizes = [len(column.values) for column in table.hot]
        parts.append(OneHot(sizes, [column.name for column in table.hot])(codes))
    for name, column in table.embedded.items():
        code = Input((), name=name, dtype="int64")
        inputs.append(code)
        parts.append(Embedding(len(column.values), column.units)(code))
    for name, text in table.coded.items():
        codes = Input((text.tokenizer.length,), name=name, dtype="int64")
        inputs.append(codes)
        parts.append(encoded_text(name, codes, text))
    return inputs, parts


def prepared_columns(table: Table) -> list[str]:
    """The column of the table that each number stems from of what the first dense layer gets."""
    numbers = list(table.sources)
    found = [*numbers, *(n for n, f in zip(numbers, table.features, strict=True) if f.missing)]
    found += [column.name for column in table.hot for _ in column.values]
    found += [column.name for column in table.embedded.values() for _ in range(column.units)]
    return found + [column.name for column in table.texts for _ in range(column.units)]


def _answer(table: Table, h: Any) -> Any:
    """The last layer. It starts at zero, so that nothing needs to be unlearnt."""
    target = table.target
    if not target.is_classes:
        return Rescale()(Dense(1, weight_init="zeros")(h))
    units, activation = (1, "sigmoid") if target.is_binary else (len(target.classes), "softmax")
    return Dense(units, activation, weight_init="zeros")(h)


def _statistics(table: Table, settings: Settings) -> dict[str, list[float]]:
    """What the table knows of its columns, as parameters of the network."""
    found = {}
    if table.features:
        robust = settings.scaling == "robust"
        found["fill_missing.fill"] = [c.median for c in table.features]
        found["standardize.mean"] = [c.median if robust else c.mean for c in table.features]
        found["standardize.scale"] = [
            c.spread if robust and c.spread else c.scale for c in table.features
        ]
    if not table.target.is_classes:
        found["rescale.y_mean"] = [table.target.mean]
        found["rescale.y_scale"] = [table.target.scale]
    return found


def encoded(table: Table, encoding: str) -> Table:
    """The table with the columns marked whose values have numbers that are learnt.

    Where there are very many, those with as many values stand together, as `OneHot` takes them.
    """
    least = {"auto": _MANY_VALUES, "one_hot": np.inf, "embedding": 0}[encoding]
    found = [
        replace(column, units=_units(len(column.values)) if len(column.values) > least else 0)
        for column in table.categories
    ]
    if len(found) > _MANY_COLUMNS:
        found.sort(key=lambda column: len(column.values))
    return replace(table, categories=tuple(found))


def _units(n_values: int) -> int:
    """Learnt numbers for each of so many values: 1.6 n^0.56 (fastai's rule), at most 50."""
    return min(_MOST_UNITS, max(1, int(1.6 * n_values**0.56 + 0.5)))


def table_loss(table: Table) -> losses.Loss:
    """The loss of the table's task; a regression's is in units of the target's variance."""
    target = table.target
    if target.is_binary:
        return losses.BinaryCrossentropy()
    if target.is_classes:
        return losses.SparseCategoricalCrossentropy()
    return losses.MeanSquaredError(weight=float(f"{target.scale**-2:.6g}"))
