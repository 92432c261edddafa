"""Runs L-BFGS: the program gives loss and gradients, the search walks with them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.engines import NumpyProgram, Work
from glassnet.optim.lbfgs import LBFGS, Search
from glassnet.program import Program
from glassnet.spec import sizes


@dataclass
class LbfgsTrainer:
    """Trains with a program of loss and gradients: a step of the fit is one of the search."""

    inner: NumpyProgram
    optimizer: LBFGS
    search: Search = field(init=False)
    _figures: Any = None  # loss and metrics at the point where the search stands

    def __post_init__(self) -> None:
        self.search = Search(self.optimizer.memory)

    @property
    def program(self) -> Program:
        """The program of loss and gradients."""
        return self.inner.program

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """Steps of the search on the whole batch."""
        slopes = self.program.place_of_gradients()
        moved = [i for i, name in enumerate(self.program.parameters) if name in slopes]
        batch = work.batch(self.program.inputs, slice(None))
        names = [leaf.name for leaf in self.program.settings]
        arrays = [work.values[leaf] for leaf in self.program.state]
        results = np.zeros((work.stop - work.start, len(self.program.figures)))
        for i in range(len(results)):
            known = {**work.settings, "t": work.start + i + 1}
            if "t" in names:  # other masks, another loss: what is known of the point is void
                self.search.value = None
            call = functools.partial(
                self.inner.call, batch, arrays, **{name: known[name] for name in names}
            )
            results[i] = self._step(call, [arrays[j] for j in moved], work.learning_rate)
            if should_stop():
                return results[: i + 1]
        return results

    def _step(self, evaluate: Callable[[], Any], arrays: Sequence[Any], rate: float) -> Any:
        """One step of the search; the loss and metrics from before it.

        It begins at the arrays as they are, rounded to their kind of number, so that it is the same
        step whether or not the fit was interrupted before it.
        """
        n = len(self.program.figures)
        seen = {self.search.value: self._figures}

        def function(point: Any) -> tuple[float, Any]:
            _spread(point, arrays)
            outputs = evaluate()
            loss = float(outputs[0])
            seen[loss] = np.array(outputs[:n], dtype=np.float64)
            return loss, np.concatenate([np.ravel(d) for d in outputs[n:]]).astype(np.float64)

        start = np.concatenate([array.ravel() for array in arrays]).astype(np.float64)
        loss, point = self.search.advance(function, start, rate)
        _spread(point, arrays)
        self._figures = seen[self.search.value]
        return seen[loss]

    def bytes_needed(self, work: Work) -> int:
        """A step's values, and what the search remembers."""
        numbers = sum(math.prod(sizes(leaf.shape)) for leaf in self.program.state)
        return self.inner.bytes_needed(work) + 8 * (2 * self.optimizer.memory + 4) * numbers

    def release(self) -> None:
        """There are no threads."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the search."""
        if self.search.value is None:
            return {}
        empty = np.zeros((0, len(self.search.gradient)))
        return {
            "steps": np.array(self.search.steps) if self.search.steps else empty,
            "changes": np.array(self.search.changes) if self.search.changes else empty,
            "gradient": self.search.gradient,
            "figures": self._figures,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        if not state:
            return
        self.search.steps, self.search.changes = list(state["steps"]), list(state["changes"])
        self.search.gradient, self._figures = state["gradient"], state["figures"]
        self.search.value = float(self._figures[0])


def _spread(point: Any, arrays: Sequence[Any]) -> None:
    first = 0
    for array in arrays:
        array[...] = point[first : first + array.size].reshape(array.shape)
        first += array.size
