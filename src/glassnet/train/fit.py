"""fit: from data and wishes to a running fit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from glassnet import calls, data
from glassnet.data import Rows, row_numbers
from glassnet.engines import find as find_engine
from glassnet.errors import DataError, SettingError
from glassnet.graph import Node
from glassnet.memory import check_memory
from glassnet.metrics import Metric
from glassnet.nn.fitted import FittedOptimizer
from glassnet.nn.model import Model
from glassnet.optim import LBFGS, Optimizer
from glassnet.optim.optimizer import find as find_optimizer
from glassnet.optim.schedules import OnPlateau
from glassnet.program import Program
from glassnet.program.start import Start
from glassnet.spec import sizes
from glassnet.train.callbacks import Callback, ReduceOnPlateau
from glassnet.train.checkpoint import Checkpoint, folders_held
from glassnet.train.class_weights import class_weights
from glassnet.train.evaluate import Evaluator, as_rows, evaluator, finishes
from glassnet.train.history import History
from glassnet.train.indices import check_rows
from glassnet.train.objectives import Objectives, fitted_by, fitted_objectives, objectives_of
from glassnet.train.programs import step_of, trainer_of
from glassnet.train.progress import Progress
from glassnet.train.run import Run
from glassnet.train.states import check_batches, check_fit, states_for
from glassnet.train.statistics import learn_statistics, unset_statistics


@dataclass(frozen=True)
class FitSettings:
    """What the user asked of fit; the fields are fit's own arguments."""

    loss: Any
    optimizer: Any
    epochs: int
    batch_size: int | None
    shuffle: bool
    validation_data: Any
    validation_split: float
    sample_weight: Any
    class_weight: Any
    loss_weights: Any
    metrics: Any
    callbacks: Any
    engine: str
    threads: int | None
    verbose: Any
    rows: Any = None
    validation_rows: Any = None

    def __post_init__(self) -> None:
        _whole("epochs", self.epochs)
        if self.batch_size is not None:
            _whole("batch_size", self.batch_size)
        if self.threads is not None:
            _whole("threads", self.threads)
        if not isinstance(self.validation_split, Real) or not 0 <= self.validation_split < 1:
            raise SettingError(
                f"validation_split must be from 0 up to 1, got {self.validation_split!r}."
            )
        is_word = isinstance(self.verbose, str) and self.verbose == "auto"
        if not is_word and (not isinstance(self.verbose, int) or self.verbose < 0):
            raise SettingError(
                "verbose must be 'auto', 0, 1, 2, or a number of epochs for each line, "
                f"got {self.verbose!r}."
            )
        if self.validation_data is not None and self.validation_split:
            raise SettingError("Give validation_data or validation_split, not both.")
        if self.validation_rows is not None and (
            self.validation_data is not None or self.validation_split
        ):
            raise SettingError("Give validation_rows alone, or validation_data or _split instead.")
        if not isinstance(self.callbacks, list | tuple):
            raise SettingError(f"callbacks must be a list, got {type(self.callbacks).__name__}.")
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise SettingError(
                    f"A callback is an object of a class derived from gn.callbacks.Callback, "
                    f"got {calls.shown(callback)}."
                )


def _whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise SettingError(f"{name} must be a whole number of at least 1, got {value!r}.")


def fit(net: Model, x: Any, y: Any, plan: FitSettings) -> History:
    """What net.fit does."""
    optimizer = find_optimizer(plan.optimizer)
    build_for(net, x)
    if y is None:
        raise DataError("y is None: fit needs the targets, one for each row of x.")
    found = objectives_of(net, plan.loss, plan.metrics, y, plan.loss_weights)
    rows = as_rows(net, found, x, y, plan.sample_weight)
    searches = isinstance(optimizer, LBFGS)
    check_fit(net, shuffle=False, validation_split=plan.validation_split, searches=searches)
    rows, validation = _hold_out(net, found, rows, plan)
    batch_size = min(plan.batch_size or rows.count, rows.count)
    shuffle = plan.shuffle and batch_size < rows.count
    check_fit(net, shuffle=shuffle, validation_split=0, searches=False)
    _check_whole_batches(net, rows, validation, batch_size)
    if searches and batch_size < rows.count:
        raise SettingError("LBFGS takes the full batch: give batch_size=None.")
    weights = class_weights(plan.class_weight, found, rows, net.dtype)
    objectives = found.with_weights(rows.weights, weights).each
    validator = evaluator(net, found, validation.weights) if validation else None
    trainer = evaluator(net, found, rows.weights) if found.whole else None
    callbacks = _callbacks(plan, optimizer)
    with (
        folders_held(callbacks),
        trainer_of(net, objectives, optimizer, find_engine(plan.engine, plan.threads)) as engine,
    ):
        _check_indices(engine.program, rows, trainer, validator, validation)
        _learn(net, found, rows, plan)
        run = Run(
            net=net, engine=engine, rows=rows, inputs=_inputs(engine.program, rows, weights),
            batch_size=batch_size, epochs=int(plan.epochs),
            shuffle=shuffle,
            learning_rate=optimizer.start_rate, slots=start_slots(net, engine.program),
            callbacks=callbacks, validator=validator, trainer=trainer, validation=validation,
            higher_is_better=_directions(found), finish=finishes(found),
            adds_up=len(found.each) == 1 and found.each[0].loss.total,
        )  # fmt: skip
        net.fitted = fitted_by(plan.loss, found)
        net.fitted_optimizer = FittedOptimizer(optimizer)
        check_memory(engine.bytes_needed(run.work(0, 1)), batch_size)
        return run.go()


def _check_indices(
    program: Program, rows: Rows, trainer: Evaluator | None, validator: Evaluator | None,
    validation: Rows | None,
) -> None:  # fmt: skip
    """All rows that a fit will meet, before anything is learnt from them."""
    check_rows(program, rows)
    if trainer is not None:
        check_rows(trainer.prepared.program, rows)
    if validator is not None and validation is not None:
        check_rows(validator.prepared.program, validation, "the validation rows")


def _check_whole_batches(net: Model, rows: Rows, validation: Rows | None, batch_size: int) -> None:
    """What the state of a network needs: rows for each of its own, in every batch."""
    check_batches(net, rows.count, batch_size, "x")
    if validation is not None:
        check_batches(net, validation.count, batch_size, "the validation data")
    states_for(net, batch_size)


def build_for(net: Model, x: Any) -> None:
    """Fix a network's input shape by the first data it meets."""
    if not net.is_built:
        net.build(data.as_array(x, "x").shape[1:])


def _learn(net: Model, found: Objectives, rows: Rows, plan: FitSettings) -> None:
    """What the training rows tell the layers, said once."""
    learnt = learn_statistics(net, found, rows) if net.unset else []
    if learnt and plan.verbose:
        print(f"From the {rows.count:,} training rows: {', '.join(learnt)}.", file=sys.stderr)


def _hold_out(
    net: Model, found: Objectives, rows: Rows, plan: FitSettings
) -> tuple[Rows, Rows | None]:
    rows, held = _chosen(rows, plan)
    if plan.validation_data is not None:
        given = plan.validation_data
        if not isinstance(given, list | tuple) or len(given) not in {2, 3}:
            raise DataError(
                f"validation_data is (x, y) or (x, y, weights), got {type(given).__name__}"
                + (f" of {len(given)}." if isinstance(given, list | tuple) else ".")
            )
        return rows, as_rows(net, found, given[0], given[1], given[2] if len(given) > 2 else None)
    if not plan.validation_split:
        return rows, held
    targets = rows.target(0)
    kept, out = data.split_rows(rows.count, plan.validation_split, net.seed, targets)
    training, validation = rows.only(kept), rows.only(out)
    _check_weighted(training, "validation_split leaves for training")
    _check_weighted(validation, "validation_split holds out")
    return training, validation


def _chosen(rows: Rows, plan: FitSettings) -> tuple[Rows, Rows | None]:
    """The rows to train on and those to look at, where they were given by their numbers."""
    training, held = rows, None
    if plan.rows is not None:
        training = rows.only(row_numbers(plan.rows, rows.count, "rows"))
        _check_weighted(training, "the numbers in rows name")
    if plan.validation_rows is not None:
        held = rows.only(row_numbers(plan.validation_rows, rows.count, "validation_rows"))
        _check_weighted(held, "the numbers in validation_rows name")
    return training, held


def _check_weighted(rows: Rows, what: str) -> None:
    """A mean over rows whose weights are all 0 is no figure."""
    for i in range(len(rows.weights)):
        weights = rows.weight(i)
        if weights is not None and not weights.any():
            raise DataError(
                f"sample_weight is 0 for every row that {what}. Give another "
                "share, or choose the rows yourself with validation_data."
            )


def _inputs(program: Program, rows: Rows, class_weights: Sequence[Any]) -> dict[Node, Any]:
    """The program's inputs: arrays of rows, and class weights."""
    batched = iter([*rows.inputs, *rows.targets, *(w for w in rows.weights if w is not None)])
    others = iter([w for w in class_weights if w is not None])
    return {leaf: next(batched if leaf.is_batched else others) for leaf in program.inputs}


def start_slots(net: Model, program: Program) -> dict[str, Any]:
    """The optimiser's arrays at their start; averages of weights start at the weights."""
    averaged = {slot: parameter for parameter, slot in program.averages.items()}
    return {
        name: net.parameters[averaged[name]].copy() if name in averaged
        else np.full(sizes(leaf.shape), program.slot_starts[name], leaf.dtype)
        for name, leaf in program.slots.items()
    }  # fmt: skip


def _callbacks(plan: FitSettings, optimizer: Optimizer) -> list[Callback]:
    found = list(plan.callbacks)
    if isinstance(optimizer.learning_rate, OnPlateau):
        found.append(ReduceOnPlateau(optimizer.learning_rate))
    found.sort(
        key=lambda callback: isinstance(callback, Checkpoint)
    )  # last: it keeps what they know
    if plan.verbose:
        every = None if plan.verbose in ("auto", 1, 2) else plan.verbose
        found.append(Progress(every=every, ending=plan.verbose == 2))
    return found


def _directions(found: Objectives) -> dict[str, bool]:
    several = len(found.names) > 1
    pairs: list[tuple[str, Metric]] = [(found.names[i], m) for i, m in found.whole]
    pairs += [(n, m) for n, g in zip(found.names, found.each, strict=True) for m in g.metrics]
    return {f"{n}_{m.name}" if several else m.name: m.higher_is_better for n, m in pairs}


def training_program(
    net: Model, loss: Any, optimizer: Any, metrics: Any, y: Any, sample_weight: bool,
    class_weight: int, batch_size: int | None,
) -> Program:  # fmt: skip
    """What net.training_program gives."""
    chosen = fitted_optimizer(net, optimizer, "adam")
    found = fitted_objectives(net, loss, metrics, y)
    weights = [1.0 if sample_weight else None] * len(found.each)
    classes = [[0.0] * class_weight if class_weight else None] * len(found.each)
    objectives = found.with_weights(weights, classes).each
    program = step_of(net, objectives, chosen)[0]
    return replace(program, start=_start(net, found, chosen, batch_size))


def fitted_optimizer(net: Model, asked: Any, otherwise: str) -> Optimizer:
    """The optimizer of a look at a network: with "auto" that of its last fit, else another."""
    auto = isinstance(asked, str) and asked == "auto"
    return find_optimizer(net.fitted_optimizer.asked(otherwise) if auto else asked)


def _start(net: Model, found: Objectives, optimizer: Optimizer, batch_size: int | None) -> Start:
    """Where a fit of the network as it is now would begin."""
    hindrance, unset = "", unset_statistics(net)
    if unset:
        hindrance = (
            f"the first fit finds {', '.join(unset)} in the training rows, so they are not known "
            f"yet. Fit first, or set net.parameters[{unset[0]!r}], and take the program anew."
        )
    elif isinstance(optimizer, LBFGS):
        hindrance = "L-BFGS searches along a line, which takes more than one step of the program."
    elif isinstance(optimizer.learning_rate, OnPlateau):
        hindrance = "OnPlateau looks at the history. Take another schedule, or a number."
    elif any(array.any() for array in net.states.values()):
        hindrance = (
            "the network goes on with the states that its last batch left, and a script begins "
            "with zeros. Call net.reset_states()."
        )
    several = len(found.each) > 1
    return Start(
        arrays=net.parameters,
        seed=net.seed, learning_rate=optimizer.start_rate, batch_size=batch_size,
        adds_up=not several and found.each[0].loss.total,
        finished={
            f"{name}_{metric.name}" if several else metric.name: metric.finished
            for name, objective in zip(found.names, found.each, strict=True)
            for metric in objective.metrics if metric.finished
        },
        hindrance=hindrance,
    )  # fmt: skip
