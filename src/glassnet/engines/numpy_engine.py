"""The NumPy engine: runs the very text that program.source("numpy") prints."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.engines.engine import Work
from glassnet.program import Program


@dataclass
class NumpyProgram:
    """A program and the function that its text defines."""

    program: Program
    function: Callable[..., Any]

    def call(
        self, inputs: Sequence[Any], arrays: Sequence[Any], **settings: Any
    ) -> tuple[Any, ...]:
        """Run the program once; inputs must have the kinds and shapes that it names."""
        plain = [settings[leaf.name] for leaf in self.program.settings]
        with np.errstate(over="ignore"):
            found = self.function(*inputs, *arrays, *plain)
        return found if isinstance(found, tuple) else (found,)

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """Step after step."""
        known = {"learning_rate": work.learning_rate, "seed": work.seed, "t": 0}
        settings = {leaf.name: known[leaf.name] for leaf in self.program.settings}
        n_inputs = len(self.program.inputs)
        arguments: list[Any] = [None] * n_inputs + [*work.arrays, *settings.values()]
        at_t = list(settings).index("t") - len(settings) if "t" in settings else None
        function, found = self.function, []
        with np.errstate(all="ignore"):  # training looks at the results itself, and says more
            for t, batch in enumerate(self._batches(work), work.start + 1):
                arguments[:n_inputs] = batch
                if at_t is not None:
                    arguments[at_t] = t
                found.append(function(*arguments))
                if should_stop():
                    break
        return np.array(found, dtype=np.float64).reshape(len(found), len(self.program.outputs))

    def _batches(self, work: Work) -> Iterator[list[Any]]:
        """The program's inputs for each step."""
        per_epoch, size, leaves = work.steps_per_epoch, work.batch_size, self.program.inputs
        if not work.shuffle and per_epoch == 1:
            batch = work.batch(leaves, slice(None))
            for _ in range(work.start, work.stop):
                yield batch
            return
        epoch, order = -1, None
        for step in range(work.start, work.stop):
            if step // per_epoch != epoch:
                epoch = step // per_epoch
                order = work.order(epoch) if work.shuffle else None
            first = step % per_epoch * size
            rows = slice(first, first + size)
            yield work.batch(leaves, rows if order is None else order[rows])


class NumpyEngine:
    """Runs the printed text."""

    name = "numpy"

    def prepare(self, program: Program) -> NumpyProgram:
        """Define the function of the program; tracebacks show its lines."""
        text = program.source("numpy")
        where = f"<glassnet {program.function} {hash(text):x}>"
        linecache.cache[where] = (len(text), None, text.splitlines(keepends=True), where)
        scope: dict[str, Any] = {}
        exec(compile(text, where, "exec"), scope)
        return NumpyProgram(program, scope[program.function])
