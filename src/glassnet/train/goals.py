"""From what the user asks for (loss, metrics, weights) to what each output is trained for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from glassnet import data, losses, metrics
from glassnet.data import Rows
from glassnet.errors import DataError, SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.model import Model
from glassnet.program import Goal, target_spec
from glassnet.program.build import distinct
from glassnet.program.trace import trace
from glassnet.spec import Spec


@dataclass(frozen=True)
class Aims:
    """What a network is trained for and measured by.

    names   of the outputs; specs  what the target of each must look like
    goals   for the program; whole  (output, metric) pairs that need all rows at once
    """

    names: list[str]
    outputs: list[Node]
    goals: list[Goal]
    whole: list[tuple[int, metrics.WholeMetric]]

    @property
    def specs(self) -> list[Spec]:
        """The spec of each target."""
        pairs = zip(self.goals, self.outputs, strict=True)
        return [target_spec(goal.loss, p.spec) for goal, p in pairs]

    def with_weights(self, weights: list[Any], class_weights: list[Any]) -> Aims:
        """The same aims for rows and classes that are weighted."""
        goals = [
            replace(goal, weighted=w is not None, class_weighted=0 if c is None else len(c))
            for goal, w, c in zip(self.goals, weights, class_weights, strict=True)
        ]
        return replace(self, goals=goals)

    def targets(self, y: Any) -> list[Any]:
        """y, checked and shaped for these losses."""
        classes = [int(p.shape[-1]) if isinstance(p.shape[-1], int) else 1 for p in self.outputs]
        kinds = [goal.loss for goal in self.goals]
        return data.check_targets(y, self.specs, self.names, kinds, classes)


def aims(net: Model, loss: Any, metric: Any, y: Any, loss_weights: Any = None) -> Aims:
    """Losses and metrics of every output; "auto" looks at the last activation and at y."""
    forward = trace(net.topology, net.dtype, training=True)
    names = distinct(net.topology.output_names())
    asked = _per_output(loss, names, "loss")
    targets = [None] * len(names) if y is None else data.listed(y, names, "y")
    found = [
        _auto(p, t) if one == "auto" else losses.find(one)
        for one, p, t in zip(asked, forward.outputs, targets, strict=True)
    ]
    if loss_weights is not None:
        shares = _per_output(loss_weights, names, "loss_weights")
        found = [replace(f, weight=_share(s)) for f, s in zip(found, shares, strict=True)]
    per_row, whole = _metrics(metric, names)
    _check_distinct(per_row, whole)
    left_out = [tuple(m.name for at, m in whole if at == i) for i in range(len(names))]
    goals = [
        Goal(f, tuple(m), left_out=out) for f, m, out in zip(found, per_row, left_out, strict=True)
    ]
    return Aims(names, list(forward.outputs), goals, whole)


def _per_output(value: Any, names: list[str], what: str) -> list[Any]:
    if isinstance(value, dict):
        unknown = set(value) ^ set(names)
        if unknown:
            raise SettingError(
                f"{what}: expected one entry for each of {names}, got {list(value)}."
            )
        return [value[name] for name in names]
    if isinstance(value, list | tuple):
        if len(value) != len(names):
            raise SettingError(f"{what}: {len(value)} given for {len(names)} outputs, {names}.")
        return list(value)
    return [value] * len(names)


def _share(value: Any) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 <= value < np.inf:
        raise SettingError(f"loss_weights must be numbers, 0 or more, got {value!r}.")
    return float(value)


def _auto(p: Node, y: Any) -> losses.Loss:
    """The loss that belongs to the output's activation."""
    if p.op.name == "sigmoid":
        return losses.BinaryCrossentropy()
    if p.op.name == "softmax":
        shape = () if y is None else np.shape(y)
        rows = len(shape) == p.ndim and shape[-1:] == p.shape[-1:]
        return losses.CategoricalCrossentropy() if rows else losses.SparseCategoricalCrossentropy()
    return losses.MeanSquaredError()


def _metrics(asked: Any, names: list[str]) -> tuple[list[list[Any]], list[tuple[int, Any]]]:
    """Row metrics for each output, and (output, metric) for those that need all rows."""
    if isinstance(asked, dict):
        for name in asked:
            if name not in names:
                raise SettingError(f"metrics: there is no output {name!r}, only {names}.")
        lists = [_several(asked.get(name, ())) for name in names]
    elif isinstance(asked, list | tuple) and any(isinstance(m, list | tuple) for m in asked):
        lists = [_several(m) for m in _per_output(list(asked), names, "metrics")]
    else:
        lists = [_several(asked)] * len(names)
    per_row: list[list[Any]] = [[] for _ in names]
    whole = []
    for i, several in enumerate(lists):
        for one in several:
            metric = metrics.find(one)
            if isinstance(metric, metrics.WholeMetric):
                whole.append((i, metric))
            else:
                per_row[i].append(metric)
    return per_row, whole


def _check_distinct(per_row: list[list[Any]], whole: list[tuple[int, Any]]) -> None:
    """Each figure has a column of its own."""
    for i, of_rows in enumerate(per_row):
        taken = [m.name for m in of_rows] + [m.name for at, m in whole if at == i]
        for name in taken:
            if taken.count(name) > 1 or name in {"loss", "learning_rate"}:
                raise SettingError(
                    f"metrics: more than one column would be called {name!r}. Give a metric of "
                    "your own another name (a function has that of its def)."
                )


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def class_weights(value: Any, aims_: Aims, rows: Rows, dtype: str) -> list[Any]:
    """An array of one weight a class for each output, or None."""
    n = len(rows.targets)
    if value is None:
        return [None] * n
    given = _per_output(value, aims_.names, "class_weight") if n > 1 else [value]
    found: list[Any] = []
    for i, (one, p) in enumerate(zip(given, aims_.outputs, strict=True)):
        classes = max(2, int(p.shape[-1]))
        found.append(
            None if one is None else _one_class_weight(one, rows.target(i), classes, dtype)
        )
    return found


def _one_class_weight(value: Any, y: Any, classes: int, dtype: str) -> Any:
    numbers = _class_of(y)
    if numbers.dtype.kind == "f" and np.any(numbers != np.floor(numbers)):
        raise DataError("class_weight needs targets that are classes, got fractions.")
    numbers = numbers.astype(np.int64)
    if isinstance(value, str):
        if value != "balanced":
            raise SettingError(f"class_weight is 'balanced', a dict or a list, got {value!r}.")
        counts = np.bincount(numbers, minlength=classes)
        weights = len(numbers) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    elif isinstance(value, dict):
        weights = np.ones(classes)
        for label, weight in value.items():
            if label not in range(classes):
                raise SettingError(
                    f"class_weight: there is no class {label!r}, only 0 to {classes - 1}."
                )
            weights[label] = weight if isinstance(weight, Real) else np.nan
    else:
        given = np.asarray(value)
        weights = given.astype(float) if given.dtype.kind in "fiub" else np.full(1, np.nan)
    if weights.shape != (classes,) or not np.all((weights >= 0) & np.isfinite(weights)):
        raise SettingError(f"class_weight needs {classes} numbers of 0 or more, got {value!r}.")
    if not weights[numbers].any():
        raise SettingError(
            f"class_weight is 0 for every class that occurs, got {value!r}: nothing can be learnt. "
            "Give at least one of them a weight above 0."
        )
    data.check_largest(float(weights[numbers].max()), "class_weight", SettingError)
    return weights.astype(dtype)


def _class_of(y: Any) -> Any:
    if y.ndim == 1:
        return y
    if y.ndim == 2:
        return y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
    raise ShapeError(f"class_weight needs one class a row, got targets of shape {y.shape}.")
