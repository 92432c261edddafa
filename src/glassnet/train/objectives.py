"""From what the user asks for (loss, metrics) to what each output is trained for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glassnet import data, losses, metrics
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.losses.loss import find as find_loss
from glassnet.metrics.registry import find as find_metric
from glassnet.nn.fitted import Fitted
from glassnet.nn.model import Model
from glassnet.program import Objective, target_spec
from glassnet.program.naming import distinct
from glassnet.program.trace import trace
from glassnet.spec import Spec
from glassnet.train import suits


@dataclass(frozen=True)
class Objectives:
    """What a network is trained for and measured by.

    names   of the outputs; specs  what the target of each must look like
    each    for the program; whole  (output, metric) pairs that need all rows at once
    """

    names: list[str]
    outputs: list[Node]
    each: list[Objective]
    whole: list[tuple[int, metrics.WholeMetric]]

    @property
    def specs(self) -> list[Spec]:
        """The spec of each target."""
        pairs = zip(self.each, self.outputs, strict=True)
        return [target_spec(objective.loss, p.spec) for objective, p in pairs]

    def _whole_of(self, name: str) -> list[metrics.WholeMetric]:
        return [metric for i, metric in self.whole if self.names[i] == name]

    def with_weights(self, weights: list[Any], class_weights: list[Any]) -> Objectives:
        """The same objectives for rows and classes that are weighted."""
        objectives = [
            replace(objective, weighted=w is not None, class_weighted=0 if c is None else len(c))
            for objective, w, c in zip(self.each, weights, class_weights, strict=True)
        ]
        return replace(self, each=objectives)

    def targets(self, y: Any) -> list[Any]:
        """y, checked and shaped for these losses, as the outputs are."""
        for objective, p, name in zip(self.each, self.outputs, self.names, strict=True):
            suits.check_output(objective.loss, p, name)
        classes = [int(p.shape[-1]) if isinstance(p.shape[-1], int) else 1 for p in self.outputs]
        kinds = [objective.loss for objective in self.each]
        arrays = data.check_targets(y, self.specs, self.names, kinds, classes)
        for objective, p, array, name in zip(
            self.each, self.outputs, arrays, self.names, strict=True
        ):
            what = f"y[{name!r}]" if len(arrays) > 1 else "y"
            suits.check_target(objective.loss, array, what, p)
            for metric in (*objective.metrics, *self._whole_of(name)):
                suits.check_metric(metric, objective.loss, p, array, what, name)
        return arrays


def objectives_of(
    net: Model, loss: Any, metric: Any, y: Any, loss_weights: Any = None
) -> Objectives:
    """Losses and metrics of every output; "auto" looks at the last activation and at y."""
    forward = trace(net.topology, net.dtype, training=True)
    names = distinct(net.topology.output_names())
    asked = per_output(loss, names, "loss")
    targets = [None] * len(names) if y is None else data.listed(y, names, "y")
    found = [
        _auto(p, t) if one == "auto" else find_loss(one)
        for one, p, t in zip(asked, forward.outputs, targets, strict=True)
    ]
    if loss_weights is not None:
        shares = per_output(loss_weights, names, "loss_weights")
        found = [replace(f, weight=_share(s)) for f, s in zip(found, shares, strict=True)]
    several = [
        [_suited(m, f, t) for m in of_output]
        for of_output, f, t in zip(_metrics(metric, names), found, targets, strict=True)
    ]
    for of_output, f in zip(several, found, strict=True):
        suits.check_places(of_output, f)
    per_row = [[m for m in ms if isinstance(m, metrics.RowMetric)] for ms in several]
    whole = [
        (i, m) for i, ms in enumerate(several) for m in ms if isinstance(m, metrics.WholeMetric)
    ]
    _check_distinct(per_row, whole)
    left_out = [tuple(m.name for at, m in whole if at == i) for i in range(len(names))]
    objectives = [
        Objective(f, tuple(m), left_out=out)
        for f, m, out in zip(found, per_row, left_out, strict=True)
    ]
    return Objectives(names, list(forward.outputs), objectives, whole)


def fitted_objectives(net: Model, loss: Any, metric: Any, y: Any) -> Objectives:
    """The objectives of a look at a network: with loss="auto" those of its last fit."""
    if isinstance(loss, str) and loss == "auto" and net.fitted:
        shares = [one.weight for one in net.fitted]
        return objectives_of(net, [one.asked() for one in net.fitted], metric, y, shares)
    return objectives_of(net, loss, metric, y)


def fitted_by(asked: Any, found: Objectives) -> tuple[Fitted, ...]:
    """What a network remembers of a fit with these losses."""
    auto = [
        isinstance(one, str) and one == "auto" for one in per_output(asked, found.names, "loss")
    ]
    return tuple(
        Fitted(None if open_ else objective.loss, objective.loss.weight)
        for open_, objective in zip(auto, found.each, strict=True)
    )


def per_output(value: Any, names: list[str], what: str) -> list[Any]:
    """What was asked for of each output: by name, in order, or the same for all."""
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


def _suited(metric: metrics.Metric, loss: losses.Loss, y: Any) -> metrics.Metric:
    """The metric, which of targets -1 and 1 takes 0 as the limit between no and yes."""
    if isinstance(metric, metrics.YesOrNo) and suits.takes_signs(loss, y):
        return metric.for_signs()
    return metric


def _metrics(asked: Any, names: list[str]) -> list[list[metrics.Metric]]:
    """The metrics of each output."""
    if isinstance(asked, dict):
        for name in asked:
            if name not in names:
                raise SettingError(f"metrics: there is no output {name!r}, only {names}.")
        lists = [_several(asked.get(name, ())) for name in names]
    elif isinstance(asked, list | tuple) and any(isinstance(m, list | tuple) for m in asked):
        lists = [_several(m) for m in per_output(list(asked), names, "metrics")]
    else:
        lists = [_several(asked)] * len(names)
    return [[find_metric(one) for one in several] for several in lists]


def _check_distinct(
    per_row: list[list[metrics.RowMetric]], whole: list[tuple[int, metrics.WholeMetric]]
) -> None:
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
