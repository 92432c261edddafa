"""The NumPy engine: runs the very text that program.source("numpy") prints."""

from __future__ import annotations

import linecache
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.engines.engine import Work
from glassnet.nn.parameters import Reading
from glassnet.program import Program
from glassnet.program.execute import indices_named
from glassnet.spec import BATCH, itemsize


@dataclass
class NumpyProgram:
    """A program and the function that its text defines: a trainer and a predictor alike."""

    program: Program
    function: Callable[..., Any]

    def call(
        self, inputs: Sequence[Any], arrays: Sequence[Any], **settings: Any
    ) -> tuple[Any, ...]:
        """Run the program once; inputs must have the kinds and shapes that it names."""
        plain = [settings[leaf.name] for leaf in self.program.settings]
        with np.errstate(over="ignore"), indices_named():
            found = self.function(*inputs, *arrays, *plain)
        return found if isinstance(found, tuple) else (found,)

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """Step after step."""
        settings = {leaf.name: work.settings[leaf.name] for leaf in self.program.settings}
        n_inputs = len(self.program.inputs)
        state = [work.values[leaf] for leaf in self.program.state]
        arguments: list[Any] = [None] * n_inputs + [*state, *settings.values()]
        at_t = list(settings).index("t") - len(settings) if "t" in settings else None
        function, found = self.function, []
        # training looks at NaN in the results itself, and says more
        with np.errstate(all="ignore"), indices_named():
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
            batch = work.batch(leaves, slice(0, work.n_rows))
            for _ in range(work.start, work.stop):
                yield batch
            return
        epoch, order = -1, None
        for step in range(work.start, work.stop):
            if step // per_epoch != epoch:
                epoch = step // per_epoch
                order = work.order(epoch) if work.shuffle else None
            first = step % per_epoch * size
            rows = slice(first, min(first + size, work.n_rows))
            yield work.batch(leaves, rows if order is None else order[rows])

    def predict(self, inputs: Sequence[Any], parameters: Reading, batch_size: int) -> list[Any]:
        """The outputs for all rows of the inputs."""
        leaves = self.program.inputs
        parts = []
        for first in range(0, len(inputs[0]), batch_size):
            batch = [
                np.asarray(a[first : first + batch_size], dtype=leaf.dtype)
                for a, leaf in zip(inputs, leaves, strict=True)
            ]
            parts.append(self.call(batch, parameters.arrays))
        columns = zip(*parts, strict=True)
        return [np.array(c[0]) if len(c) == 1 else np.concatenate(c) for c in columns]

    @property
    def plain(self) -> None:
        """Nothing is quicker for plain rows than `predict`."""

    def apart(self) -> NumpyProgram:
        """It has no memory."""
        return self

    def bytes_needed(self, work: Work) -> int:
        """The values of all statements; NumPy keeps them until the step ends."""
        shapes = [(s.value.shape, s.value.dtype) for s in self.program.statements()]
        return sum(
            math.prod(work.batch_size if n == BATCH else int(n) for n in shape) * itemsize(dtype)
            for shape, dtype in shapes
        )

    def state(self) -> dict[str, Any]:
        """Nothing: every draw is a function of the step."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """There is nothing to take up."""

    def release(self) -> None:
        """There are no threads."""


@dataclass
class NumpyEngine:
    """Runs the printed text."""

    name: str = "numpy"

    def prepare(self, program: Program) -> NumpyProgram:
        """Define the function of the program; tracebacks show its lines."""
        text = program.source("numpy")
        where = f"<glassnet {program.function} {hash(text):x}>"
        linecache.cache[where] = (len(text), None, text.splitlines(keepends=True), where)
        scope: dict[str, Any] = {}
        exec(compile(text, where, "exec"), scope)
        return NumpyProgram(program, scope[program.function])

    def trainer(self, program: Program) -> NumpyProgram:
        """Ready to train."""
        return self.prepare(program)

    def predictor(self, program: Program) -> NumpyProgram:
        """Ready to predict."""
        return self.prepare(program)
