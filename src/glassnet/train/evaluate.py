"""Predictions and evaluations in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import data
from glassnet.data import Rows
from glassnet.engines import NumpyProgram
from glassnet.errors import SettingError
from glassnet.nn import FillMissing, MissingIndicator
from glassnet.nn.model import Model
from glassnet.program import Program, Role
from glassnet.spec import sizes
from glassnet.train.indices import check_rows
from glassnet.train.objectives import Objectives, fitted_objectives
from glassnet.train.programs import evaluation_of
from glassnet.train.states import check_batches

_BATCH = 4096
_LEAST = 1e-300  # instead of a count of 0, where nothing counts
_FILLS = frozenset({FillMissing, MissingIndicator})  # layers that NaN may reach


@dataclass
class Evaluator:
    """Loss and metrics of a network on some rows."""

    prepared: NumpyProgram
    objectives: Objectives

    def evaluate(self, rows: Rows, weights: dict[str, Any], size: int = _BATCH) -> dict[str, float]:
        """Every loss and metric, over all rows."""
        names, objectives = self.prepared.program.figures, self.objectives.each
        of, adds_up = self._owners()
        places = self.prepared.program.place_of_counts
        sums, totals = np.zeros(len(names)), np.zeros(len(names))
        kept = _Kept.of(self.prepared.program)
        for part, shares in self._parts(rows, weights, size):
            given = [shares[i] if at is None else float(part[at])
                     for i, at in zip(of, places, strict=True)]  # fmt: skip
            counts = np.where(adds_up, 1.0, np.maximum(given, _LEAST))
            sums += counts * np.array([float(v) for v in part[: len(names)]])
            totals += counts
            kept.add(part)
        means = (sums / np.where(adds_up, 1.0, totals)).tolist()
        if Role.PART in self._roles:  # they lie behind the whole
            parts = [each.loss.weight * means[1 + i] for i, each in enumerate(objectives)]
            means[0] = sum(parts) + sum(self._of(Role.PENALTY, means))
        finish = finishes(self.objectives)
        found = {n: finish.get(n, float)(v) for n, v in zip(names, means, strict=True)}
        return found | self._whole(rows, kept)

    @property
    def _roles(self) -> list[Role]:
        """What each figure is for."""
        return [output.role for output in self.prepared.program.outputs if output.is_figure]

    def _of(self, role: Role, values: list[float]) -> list[float]:
        """Of a value for each figure those of one role."""
        return [value for value, own in zip(values, self._roles, strict=True) if own is role]

    def _owners(self) -> tuple[Any, Any]:
        """For each figure the output that it is about, and whether batches add up in it.

        What layers add to the loss is about all of them, which are counted behind the last output.
        """
        objectives, roles = self.objectives.each, self._roles
        losses = [0, *range(len(objectives))] if Role.PART in roles else [0]
        metrics = [i for i, objective in enumerate(objectives) for _ in objective.metrics]
        penalty = [len(objectives)] * roles.count(Role.PENALTY)
        adds_up = [objectives[i].loss.total for i in losses] + [False] * len(metrics)
        adds_up += [adds_up[0] and len(objectives) == 1] * len(penalty)
        return np.array(losses + metrics + penalty), np.array(adds_up)

    def whole_metrics(
        self, rows: Rows, weights: dict[str, Any], size: int = _BATCH
    ) -> dict[str, float]:
        """Only those metrics that need all rows at once."""
        kept = _Kept.of(self.prepared.program)
        for part, _ in self._parts(rows, weights, size):
            kept.add(part)
        return self._whole(rows, kept)

    def _parts(
        self, rows: Rows, weights: dict[str, Any], size: int
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Results of each batch, and how much the batch counts; states begin with zeros."""
        program = self.prepared.program
        arrays = [weights[name] for name in program.parameters]
        states = [
            np.zeros((min(size, rows.count), *sizes(leaf.shape[1:])), leaf.dtype)
            for leaf in program.inputs[len(program.data) :]
        ]
        for first in range(0, rows.count, size):
            found, shares = self._part(rows.take(slice(first, first + size)), arrays, states)
            split = len(found) - len(states)
            states = [*found[split:]]
            yield found[:split], shares

    def _part(
        self, part: Rows, arrays: list[Any], states: list[Any]
    ) -> tuple[tuple[Any, ...], Any]:
        """Its own function, so that the rows of one batch are gone before the next come."""
        given = [*part.inputs, *part.targets, *(w for w in part.weights if w is not None)]
        inputs = [
            np.asarray(a, dtype=leaf.dtype)
            for a, leaf in zip(given, self.prepared.program.data, strict=True)
        ]
        return self.prepared.call([*inputs, *states], arrays), self._shares(part)

    def _shares(self, part: Rows) -> Any:
        """How much a batch counts for each output: its rows, or the sum of their weights.

        And for all outputs together; rows of weight 1 count once more in each output.
        """
        counts = [part.count if w is None else np.sum(w, dtype=np.float64) for w in part.weights]
        return [*counts, sum(counts)]

    def _whole(self, rows: Rows, kept: _Kept) -> dict[str, float]:
        found, names = {}, self.objectives.names
        for i, metric in self.objectives.whole:
            name = metric.name if len(names) == 1 else f"{names[i]}_{metric.name}"
            y, p, weights = rows.target(i), kept.of_output(i), rows.weight(i)
            shown = kept.shown(names[i])
            given = (y, p, weights) if shown is None else _steps(shown, y, p, weights)
            found[name] = metric.score(*given)
        return found


@dataclass
class _Kept:
    """What the batches gave that figures of all rows need, by the place of the output."""

    program: Program
    parts: dict[int, list[Any]]

    @classmethod
    def of(cls, program: Program) -> _Kept:
        return cls(program, {i: [] for i in program.places(Role.PREDICTION, Role.SHOWN)})

    def add(self, part: Sequence[Any]) -> None:
        """One more batch."""
        for i, arrays in self.parts.items():
            arrays.append(part[i])

    def of_output(self, i: int) -> Any:
        """All rows of the network's i-th output."""
        return np.concatenate(self.parts[self.program.places(Role.PREDICTION)[i]])

    def shown(self, name: str) -> Any:
        """Which steps (n, T) of an output count; None where all do."""
        places = self.program.places(Role.SHOWN)
        own = [i for i in places if self.program.outputs[i].of == name]
        return np.concatenate(self.parts[own[0]]) if own else None


def _steps(shown: Any, y: Any, p: Any, weights: Any) -> tuple[Any, Any, Any]:
    """The steps that count one below another, each with the weight of its row."""
    if weights is not None:
        weights = np.broadcast_to(np.asarray(weights)[:, None], shown.shape)[shown]
    return np.asarray(y)[shown], p[shown], weights


def finishes(objectives_: Objectives) -> dict[str, Any]:
    """The last step of each row metric, by its column."""
    several = len(objectives_.each) > 1
    return {
        f"{name}_{metric.name}" if several else metric.name: metric.finish
        for name, objective in zip(objectives_.names, objectives_.each, strict=True)
        for metric in objective.metrics
    }


def evaluator(net: Model, objectives_: Objectives, weights: list[Any]) -> Evaluator:
    """An evaluator for rows with or without weights; class weights do not count in it."""
    fitting = objectives_.with_weights(weights, [None] * len(weights))
    return Evaluator(evaluation_of(net, fitting.each), fitting)


def evaluate(
    net: Model, x: Any, y: Any, loss: Any, metrics: Any, sample_weight: Any, batch_size: int
) -> dict[str, float]:
    """What net.evaluate gives."""
    found = fitted_objectives(net, loss, metrics, y)
    rows = as_rows(net, found, x, y, sample_weight)
    judge = evaluator(net, found, rows.weights)
    check_rows(judge.prepared.program, rows)
    check_batches(net, rows.count, positive(batch_size), "x")
    return judge.evaluate(rows, dict(net.parameters), positive(batch_size))


def as_rows(net: Model, objectives_: Objectives, x: Any, y: Any, sample_weight: Any) -> Rows:
    """Inputs, targets and weights, checked."""
    inputs = inputs_of(net, x)
    targets = objectives_.targets(y)
    names = ["x", *(f"y[{n!r}]" for n in objectives_.names)]
    data.same_length([inputs[0], *targets], names)
    return Rows(
        inputs, targets, data.check_weights(sample_weight, objectives_.names, len(inputs[0]))
    )


def inputs_of(net: Model, x: Any) -> list[Any]:
    """x as arrays for the network's inputs; NaN may pass where the network fills it."""
    readers = zip(net.topology.inputs, net.topology.readers, strict=True)
    allowed = [name for (name, _), kinds in readers if kinds and kinds <= _FILLS]
    return data.check_inputs(x, net.topology.inputs, nan_allowed=allowed, dtype=net.dtype)


def positive(batch_size: int) -> int:
    """A batch size, checked."""
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise SettingError(f"batch_size must be a whole number of at least 1, got {batch_size!r}.")
    return int(batch_size)
