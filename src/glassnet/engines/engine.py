"""What an engine is: it makes trainers and predictors of programs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from glassnet import philox
from glassnet.graph import Node
from glassnet.nn.parameters import Reading
from glassnet.program import Program


@dataclass
class Work:
    """A stretch of training: steps `start` .. `stop` - 1, counted from 0 over all epochs.

    values       the array of every leaf: inputs with all their rows, as the user gave them;
                 parameters and slots, which are changed in place
    shuffle      rows in an order drawn for each epoch, instead of 0 .. n - 1
    n_rows, batch_size  rows of an epoch and of a step; the last step of an epoch may have fewer
    row_indices  which n_rows of the arrays' rows take part, as int64; None is the first of them
    """

    values: Mapping[Node, Any]
    shuffle: bool
    n_rows: int
    batch_size: int
    start: int
    stop: int
    learning_rate: float
    seed: int
    row_indices: Any = None

    @property
    def steps_per_epoch(self) -> int:
        """How many steps go through all rows once."""
        return -(-self.n_rows // self.batch_size)

    @property
    def settings(self) -> dict[str, float]:
        """The plain numbers that a program may ask for, by name; t is set step by step."""
        return {"learning_rate": self.learning_rate, "seed": self.seed, "t": 0}

    def order(self, epoch: int) -> Any:
        """The rows of an epoch in their order."""
        return _drawn(self.n_rows, self.seed, epoch) if self.shuffle else np.arange(self.n_rows)

    def batch(self, leaves: Sequence[Node], at: Any) -> list[Any]:
        """The inputs for some rows, in the kinds of number that the program names."""
        rows = at if self.row_indices is None else self.row_indices[at]
        return [
            np.asarray(self.values[x][rows] if x.is_batched else self.values[x], dtype=x.dtype)
            for x in leaves
        ]


@functools.lru_cache(maxsize=2)
def _drawn(n_rows: int, seed: int, epoch: int) -> Any:
    return philox.permutation(n_rows, seed, philox.SHUFFLE, 0, epoch)


class Trainer(Protocol):
    """A program of a training step, ready to run many of them."""

    @property
    def program(self) -> Program:
        """What is run."""
        ...

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """Run the steps: an array (steps done, figures) of float64."""
        ...

    def bytes_needed(self, work: Work) -> int:
        """Memory that such steps take, beside the arrays of the work."""
        ...

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep beside parameters and slots: arrays by name."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        ...

    def release(self) -> None:
        """Let threads go; the next run makes them anew."""
        ...


class Predictor(Protocol):
    """A program of a prediction, ready to run for any number of rows."""

    @property
    def program(self) -> Program:
        """What is run."""
        ...

    def predict(self, inputs: Sequence[Any], parameters: Reading, batch_size: int) -> list[Any]:
        """The outputs for all rows of the inputs.

        batch_size  rows that are worked on together; native code knows better
        """
        ...

    @property
    def plain(self) -> PlainRows | None:
        """What predicts plain rows more quickly; None where nothing does."""
        ...

    def apart(self) -> Predictor:
        """The same with memory of its own, for parameters that stay."""
        ...


class PlainRows(Protocol):
    """Predicts plain rows of a network with one input: finite numbers in an array."""

    def __call__(self, rows: Any, parameters: Reading) -> Any:
        """The output for rows (n, ...), or a list of several; None where `predict` must look."""
        ...

    def of_row(self) -> Callable[[Any, Reading], Any]:
        """The same for one row, (...) as well as (1, ...), where nobody looks at the shape."""
        ...


class Engine(Protocol):
    """A way to run programs; UnsupportedError where it cannot run one."""

    name: str

    def trainer(self, program: Program) -> Trainer:
        """Ready to train."""
        ...

    def predictor(self, program: Program) -> Predictor:
        """Ready to predict."""
        ...
