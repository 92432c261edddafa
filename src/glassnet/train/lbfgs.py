"""Runs L-BFGS: the program gives loss and gradients, the search walks with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.engines import Prepared, Work
from glassnet.optim.lbfgs import LBFGS, Search


@dataclass
class LbfgsRunner:
    """A prepared program whose step is one step of the search."""

    inner: Prepared
    optimizer: LBFGS
    search: Search = field(init=False)
    _figures: Any = None  # loss and metrics at the point where the search stands

    def __post_init__(self) -> None:
        self.search = Search(self.optimizer.memory)

    @property
    def program(self) -> Any:
        """The program of loss and gradients."""
        return self.inner.program

    def call(
        self, inputs: Sequence[Any], arrays: Sequence[Any], **settings: Any
    ) -> tuple[Any, ...]:
        """Loss and gradients once."""
        return self.inner.call(inputs, arrays, **settings)

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """Steps of the search on the whole batch."""
        slopes = self.program.place_of_gradients()
        moved = [i for i, name in enumerate(self.program.parameters) if name in slopes]
        batch = work.batch(self.program.inputs, slice(None))
        names = [leaf.name for leaf in self.program.settings]
        results = np.zeros((work.stop - work.start, len(self.program.figures)))
        for i in range(len(results)):
            known = {
                "learning_rate": work.learning_rate,
                "seed": work.seed,
                "t": work.start + i + 1,
            }
            if "t" in names:  # other masks, another loss: what is known of the point is void
                self.search.value = None
            call = functools.partial(
                self.inner.call, batch, work.arrays, **{name: known[name] for name in names}
            )
            results[i] = self._step(call, [work.arrays[j] for j in moved], work.learning_rate)
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

    def memory(self) -> dict[str, Any]:
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

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        self.search.steps, self.search.changes = list(memory["steps"]), list(memory["changes"])
        self.search.gradient, self._figures = memory["gradient"], memory["figures"]
        self.search.value = float(self._figures[0])


def _spread(point: Any, arrays: Sequence[Any]) -> None:
    first = 0
    for array in arrays:
        array[...] = point[first : first + array.size].reshape(array.shape)
        first += array.size
