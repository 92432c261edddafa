"""The native engine: the whole loop compiled by LLVM for this CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.engines.engine import Work
from glassnet.engines.native.arena import fill, new_arena, state_views, view
from glassnet.engines.native.codegen.layout import plain_sizes
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.loading.array_format import fitting, form_of
from glassnet.engines.native.machine import Machine, Recipe
from glassnet.engines.native.predict import block_of, predicted
from glassnet.engines.native.threads.abi import WORKSPACE, address
from glassnet.engines.native.threads.pool import Crew, wanted_threads
from glassnet.engines.numpy_engine import NumpyEngine
from glassnet.program import Program

if TYPE_CHECKING:
    from glassnet.engines.native.one_row import OneRow


@dataclass
class NativeProgram:
    """A program and its machine code, made anew for each size of batch and forms of arrays."""

    program: Program
    threads: int | None = None
    cpu: str | None = None
    recipe: Recipe = field(init=False)
    _workspace: Any = field(default_factory=lambda: np.zeros(0, np.uint64))
    _drawn: int = -1
    _made: dict[Any, tuple[Kernel, Machine, Any]] = field(default_factory=dict)
    _crews: dict[int, Crew] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What cannot be lowered raises UnsupportedError."""
        self.recipe = Recipe(self.program)
        self.recipe.check()

    def call(
        self, inputs: Sequence[Any], arrays: Sequence[Any], **settings: Any
    ) -> tuple[Any, ...]:
        """Run the program once, by NumPy."""
        return NumpyEngine().prepare(self.program).call(inputs, arrays, **settings)

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """The steps of the work, in stretches of a few hundredths of a second."""
        leaves = [leaf for i, leaf in enumerate(self.program.inputs) if i not in work.whole]
        given = [work.rows[i] for i in range(len(self.program.inputs)) if i not in work.whole]
        rows = [fitting(a, leaf) for a, leaf in zip(given, leaves, strict=True)]
        kernel, machine, arena = self._prepared(work.batch_size, rows)
        views = state_views(self.program, kernel, arena)
        fill(views, work.arrays)
        self._set_numbers(kernel, arena, work)
        results = np.zeros((work.stop - work.start, len(self.program.outputs)))
        if work.shuffle and len(self._workspace) != WORKSPACE * work.n_rows:
            self._workspace, self._drawn = np.zeros(WORKSPACE * work.n_rows, np.uint64), -1
        crew, done = self._crew(machine, arena), work.start
        counts = self._counts(kernel, work.batch_size)
        while done < work.stop:
            threads, steps = crew.pace.next(counts)
            stop = min(work.stop, done + steps)
            words = {
                "start": done, "stop": stop, "n_rows": work.n_rows, "batch": work.batch_size,
                "seed": work.seed, "workspace": address(self._workspace) if work.shuffle else 0,
                "drawn": self._drawn, "results": address(results[done - work.start :]),
                "chosen": 0 if work.chosen is None else address(work.chosen),
            }  # fmt: skip
            began = time.perf_counter()
            crew(words, rows, threads)
            crew.pace.note(threads, stop - done, time.perf_counter() - began)
            done, self._drawn = stop, (stop - 1) // work.steps_per_epoch
            if should_stop():
                break
        for own, array in zip(views, work.arrays, strict=True):
            array[...] = own.reshape(array.shape)
        return results[: done - work.start]

    def predict(self, inputs: Sequence[Any], arrays: Sequence[Any]) -> list[Any]:
        """The outputs for all rows of the inputs."""
        rows = self._fitting(inputs)
        batch_size = min(block_of(self.program), len(rows[0]))
        kernel, machine, arena = self._prepared(batch_size, rows)
        fill(state_views(self.program, kernel, arena), arrays)
        shapes = [tuple(leaf.shape[1:]) for leaf in self.program.results]
        counts = self._counts(kernel, batch_size)
        crew = self._crew(machine, arena)
        return predicted(kernel, crew, rows, shapes, counts, batch_size)

    def one_row(self, arrays: Sequence[Any]) -> OneRow:
        """Ready to predict single rows with these parameters; UnsupportedError where it cannot."""
        from glassnet.engines.native.one_row import OneRow  # who only trains need not load it

        return OneRow.of(self.program, arrays, self.cpu)

    def _fitting(self, inputs: Sequence[Any]) -> list[Any]:
        leaves = self.program.inputs
        return [fitting(a, leaf) for a, leaf in zip(inputs, leaves, strict=True)]

    def _crew(self, machine: Machine, arena: Any) -> Crew:
        """Those who run this machine code; their threads stay for as long as the program does."""
        return self._crews.setdefault(address(arena), Crew(machine, arena))

    def _counts(self, kernel: Kernel, batch_size: int) -> Sequence[int]:
        """The number of threads that was asked for, or those that may be worth it."""
        return [self.threads] if self.threads else wanted_threads(kernel.operations, batch_size)

    def _prepared(self, batch_size: int, rows: Sequence[Any]) -> tuple[Kernel, Machine, Any]:
        key = batch_size, tuple(form_of(a) for a in rows)
        if key not in self._made:
            kernel, machine = self.recipe.made(batch_size, key[1], self.cpu)
            self._made[key] = kernel, machine, new_arena(kernel, batch_size)
        return self._made[key]

    def _set_numbers(self, kernel: Kernel, arena: Any, work: Work) -> None:
        known = {"learning_rate": work.learning_rate, "seed": work.seed, "t": 0}
        for i, leaf in enumerate(self.program.inputs):
            if i in work.whole:
                buffer = kernel.lowered.leaves[leaf]
                view(arena, kernel, buffer)[...] = work.whole[i].reshape(plain_sizes(buffer))
        for leaf in self.program.settings:
            view(arena, kernel, kernel.lowered.leaves[leaf])[...] = known[leaf.name]


@dataclass
class NativeEngine:
    """Compiles programs.

    threads  None takes as many as the work is worth
    cpu      a level to compile for, such as "x86-64-v3"; None is this CPU
    """

    threads: int | None = None
    cpu: str | None = None
    name: str = "native"

    def prepare(self, program: Program) -> NativeProgram:
        """Ready to be compiled when the first batch is known; what cannot be lowered raises now."""
        return NativeProgram(program, self.threads, self.cpu)
