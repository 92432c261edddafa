"""Programs and what runs them, kept for the next fit: building one takes longer than many steps.

Programs do not change, so all networks of one structure share them. Trainers have memory and
threads of their own: a network keeps its last few, and a fit borrows one.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

from glassnet.engines import Engine, NumpyEngine, NumpyProgram, Trainer
from glassnet.nn.model import Model
from glassnet.optim import LBFGS, Optimizer
from glassnet.program import (
    Objective,
    Program,
    evaluation_program,
    prediction_program,
    training_program,
)
from glassnet.train.keys import NoKeyError, key_of, structure_key
from glassnet.train.lbfgs import LbfgsTrainer

_MOST_PROGRAMS = 128  # of the process: some 100 kB each
_MOST_TRAINERS = 4  # of a network
_kept: OrderedDict[Hashable, Any] = OrderedDict()
_T = TypeVar("_T")


def step_of(
    net: Model, objectives: Sequence[Objective], optimizer: Optimizer
) -> tuple[Program, Hashable]:
    """The program of a training step, and the key under which it is kept; None for none."""
    key = _key(net, "step", objectives, optimizer)
    return _found(
        key, lambda: training_program(net.topology, net.dtype, objectives, optimizer)
    ), key


def evaluation_of(net: Model, objectives: Sequence[Objective]) -> NumpyProgram:
    """The program of an evaluation, ready to run."""

    def make() -> NumpyProgram:
        return NumpyEngine().prepare(evaluation_program(net.topology, net.dtype, objectives))

    return _found(_key(net, "evaluation", objectives), make)


def prediction_of(net: Model) -> Program:
    """The program of a prediction."""
    return _found(
        _key(net, "prediction"), lambda: prediction_program(net.topology, net.dtype, goes_on=True)
    )


def _key(net: Model, kind: str, *settings: Any) -> Hashable:
    structure = structure_key(net)
    if structure is None:
        return None
    try:
        return kind, structure, key_of(settings)
    except NoKeyError:
        return None


def _found(key: Hashable, make: Callable[[], _T]) -> _T:
    """What is kept under the key, or is made now; without a key it is made each time."""
    if key is None:
        return make()
    found = _kept.pop(key, None)
    found = make() if found is None else found
    _kept[key] = found  # the last used stand at the end
    while len(_kept) > _MOST_PROGRAMS:
        _kept.popitem(last=False)
    return found


@contextlib.contextmanager
def trainer_of(
    net: Model, objectives: Sequence[Objective], optimizer: Optimizer, engine: Engine
) -> Iterator[Trainer]:
    """What runs the steps of a fit; afterwards it is kept for the next one."""
    program, key = step_of(net, objectives, optimizer)
    if isinstance(optimizer, LBFGS):
        yield LbfgsTrainer(NumpyEngine().prepare(program), optimizer)
        return
    kept: OrderedDict[Hashable, Trainer] = net.cache.setdefault("trainers", OrderedDict())
    named = None if key is None else (key, key_of(engine))
    found = kept.pop(named, None) if named is not None else None  # ours alone while it runs
    found = engine.trainer(program) if found is None else found
    try:
        yield found
    finally:
        found.release()
        if named is not None:
            kept[named] = found
            while len(kept) > _MOST_TRAINERS:
                kept.popitem(last=False)
