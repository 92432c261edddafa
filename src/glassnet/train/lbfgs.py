"""Runs L-BFGS: the program gives loss and gradients, the search walks with them."""

from __future__ import annotations

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
        leaves = list(self.program.parameters.values())
        n = len(self.program.figures)
        moved = [i for i, leaf in enumerate(leaves) if f"d{leaf.name}" in self.program.outputs]
        batch = [
            work.whole[i] if i in work.whole else np.asarray(work.rows[i][:], dtype=leaf.dtype)
            for i, leaf in enumerate(self.program.inputs)
        ]
        known = {"learning_rate": work.learning_rate, "seed": work.seed, "t": work.start + 1}
        settings = {leaf.name: known[leaf.name] for leaf in self.program.settings}
        results = np.zeros((work.stop - work.start, len(self.program.outputs) - len(names)))

        def function(point: Any) -> tuple[float, Any]:
            _spread(point, [work.arrays[i] for i in moved])
            outputs = self.inner.call(batch, work.arrays, **settings)
            self._figures = outputs[: results.shape[1]]
            flat = np.concatenate([np.ravel(d) for d in outputs[results.shape[1] :]])
            return float(outputs[0]), flat.astype(np.float64)

        point = np.concatenate([work.arrays[i].ravel() for i in moved]).astype(np.float64)
        for i in range(len(results)):
            loss, point = self.search.advance(function, point, work.learning_rate)
            _spread(point, [work.arrays[j] for j in moved])
            results[i] = (loss, *self._figures[1:])
            if should_stop():
                return results[: i + 1]
        return results

    _figures: tuple[Any, ...] = ()

    def memory(self) -> dict[str, Any]:
        """What a checkpoint keeps of the search."""
        if self.search.value is None:
            return {}
        empty = np.zeros((0, len(self.search.gradient)))
        return {
            "steps": np.array(self.search.steps) if self.search.steps else empty,
            "changes": np.array(self.search.changes) if self.search.changes else empty,
            "gradient": self.search.gradient,
            "value": np.array(self.search.value),
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        self.search.steps, self.search.changes = list(memory["steps"]), list(memory["changes"])
        self.search.gradient, self.search.value = memory["gradient"], float(memory["value"])


def _spread(point: Any, arrays: Sequence[Any]) -> None:
    first = 0
    for array in arrays:
        array[...] = point[first : first + array.size].reshape(array.shape)
        first += array.size
