"""What an engine is: it prepares a program, and what it has prepared runs many steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from glassnet import philox
from glassnet.graph import Node
from glassnet.program import Program


@dataclass
class Work:
    """A stretch of training: steps `start` .. `stop` - 1, counted from 0 over all epochs.

    rows        arrays of row inputs by their place in program.inputs, as the user gave them
    whole       inputs that are no rows (class weights), likewise
    arrays      parameters, then slots, in the program's order; changed in place
    shuffle     rows in an order drawn for each epoch, instead of 0 .. n - 1
    n_rows, batch_size  rows of an epoch and of a step; the last step of an epoch may have fewer
    chosen      which n_rows of the arrays' rows take part, as int64; None is the first of them
    """

    rows: dict[int, Any]
    whole: dict[int, Any]
    arrays: Sequence[Any]
    shuffle: bool
    n_rows: int
    batch_size: int
    start: int
    stop: int
    learning_rate: float
    seed: int
    chosen: Any = None

    @property
    def steps_per_epoch(self) -> int:
        """How many steps go through all rows once."""
        return -(-self.n_rows // self.batch_size)

    def order(self, epoch: int) -> Any:
        """The rows of an epoch in their order."""
        return _drawn(self.n_rows, self.seed, epoch) if self.shuffle else np.arange(self.n_rows)

    def batch(self, leaves: Sequence[Node], places: Any) -> list[Any]:
        """The inputs for rows at these places, in the kinds of number that the program names."""
        at = places if self.chosen is None else self.chosen[places]
        return [
            self.whole[i] if i in self.whole else np.asarray(self.rows[i][at], dtype=leaf.dtype)
            for i, leaf in enumerate(leaves)
        ]


@functools.lru_cache(maxsize=2)
def _drawn(n_rows: int, seed: int, epoch: int) -> Any:
    return philox.permutation(n_rows, seed, philox.SHUFFLE, 0, epoch)


class Prepared(Protocol):
    """A program, ready to run."""

    @property
    def program(self) -> Program:
        """What is run."""
        ...

    def call(
        self, inputs: Sequence[Any], arrays: Sequence[Any], **settings: Any
    ) -> tuple[Any, ...]:
        """Run the program once on these inputs; the outputs in the program's order."""
        ...

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """Run the steps: an array (steps done, outputs) of float64."""
        ...


class Engine(Protocol):
    """A way to run programs."""

    name: str

    def prepare(self, program: Program) -> Prepared:
        """Make a program ready to run."""
        ...
