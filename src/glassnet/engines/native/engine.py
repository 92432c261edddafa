"""The native engine: the whole loop compiled by LLVM for this CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from glassnet.engines.engine import Work
from glassnet.engines.native.arena import RowsView, fill, new_arena, rows_views, state_views, view
from glassnet.engines.native.codegen.layout import plain_sizes
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.loading.array_format import fitting, format_of
from glassnet.engines.native.machine import CodeSource
from glassnet.engines.native.predict import NativePredictor
from glassnet.engines.native.threads.abi import WORKSPACE, address, signed
from glassnet.engines.native.threads.pool import ThreadPool, wanted_threads
from glassnet.program import Program

_MOST_KEPT = 2  # sizes of batches for which code and memory stay when a fit has ended


class _Ready(NamedTuple):
    """Compiled code with the memory that it works in, for one size of batch and some formats."""

    kernel: Kernel
    arena: Any
    pool: ThreadPool
    state: list[Any]  # views of the parameters and slots
    carried: list[RowsView]  # of what a batch leaves for the next


@dataclass
class NativeTrainer:
    """A program and its compiled code, made for each size of batch and formats of arrays."""

    program: Program
    threads: int | None = None
    cpu: str | None = None
    code: CodeSource = field(init=False)
    _workspace: Any = field(default_factory=lambda: np.zeros(0, np.uint64))
    _drawn: tuple[Any, ...] = ()  # of which epoch, and of which rows, the order lies there
    _made: dict[Any, _Ready] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What cannot be lowered raises UnsupportedError."""
        self.code = CodeSource(self.program)
        self.code.check()

    def run(self, work: Work, should_stop: Callable[[], bool]) -> Any:
        """The steps of the work, in stretches of a few hundredths of a second."""
        rows = self._rows(work)
        ready = self._ready(work.batch_size, rows)
        arrays = [work.values[leaf] for leaf in self.program.state]
        state, carried = arrays[: len(ready.state)], arrays[len(ready.state) :]
        fill(ready.state, state)
        for rows_view, array in zip(ready.carried, carried, strict=True):
            rows_view.fill(array)
        self._set_numbers(ready, work)
        results = np.zeros((work.stop - work.start, len(self.program.outputs)))
        if work.shuffle and len(self._workspace) != WORKSPACE * work.n_rows:
            self._workspace, self._drawn = np.zeros(WORKSPACE * work.n_rows, np.uint64), ()
        done, tuner = work.start, ready.pool.tuner
        counts = self._counts(ready.kernel, work.batch_size)
        while done < work.stop:
            threads, steps = tuner.next(counts)
            stop = min(work.stop, done + steps)
            known = {
                "start": done, "stop": stop, "n_rows": work.n_rows, "batch": work.batch_size,
                "seed": signed(work.seed), "drawn": self._drawn_epoch(work),
                "workspace": address(self._workspace) if work.shuffle else 0,
                "results": address(results[done - work.start :]),
                "row_indices": 0 if work.row_indices is None else address(work.row_indices),
            }  # fmt: skip
            began = time.perf_counter()
            ready.pool(known, rows, threads)
            tuner.note(threads, stop - done, time.perf_counter() - began)
            done = stop
            self._drawn = self._order(work, (stop - 1) // work.steps_per_epoch)
            if should_stop():
                break
        for own, array in zip(ready.state, state, strict=True):
            array[...] = own.reshape(array.shape)
        for rows_view, array in zip(ready.carried, carried, strict=True):
            rows_view.take(array)
        return results[: done - work.start]

    @staticmethod
    def _order(work: Work, epoch: int) -> tuple[Any, ...]:
        """What decides the order of an epoch's rows."""
        return epoch, work.seed, id(work.row_indices)

    def _drawn_epoch(self, work: Work) -> int:
        """The epoch whose order lies in the workspace already; -1 for none."""
        if not self._drawn or self._order(work, self._drawn[0]) != self._drawn:
            return -1
        epoch: int = self._drawn[0]
        return epoch

    def _rows(self, work: Work) -> list[Any]:
        """The inputs that are rows, in the shapes of their leaves."""
        batched = [leaf for leaf in self.program.inputs if leaf.is_batched]
        return [fitting(work.values[leaf], leaf) for leaf in batched]

    def bytes_needed(self, work: Work) -> int:
        """The arena, and what shuffling takes."""
        ready = self._ready(work.batch_size, self._rows(work))
        return int(ready.kernel.layout.size) + 8 * WORKSPACE * work.n_rows * work.shuffle

    def state(self) -> dict[str, Any]:
        """Nothing: every draw is a function of the step."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """There is nothing to take up."""

    def release(self) -> None:
        """Let threads go, and what belongs to the rows that were trained on."""
        self._workspace, self._drawn = np.zeros(0, np.uint64), ()
        while len(self._made) > _MOST_KEPT:
            del self._made[next(iter(self._made))]
        for ready in self._made.values():
            ready.pool.release()

    def _counts(self, kernel: Kernel, batch_size: int) -> Sequence[int]:
        """The number of threads that was asked for, or those that may be worth it."""
        return [self.threads] if self.threads else wanted_threads(kernel.operations, batch_size)

    def _ready(self, batch_size: int, rows: Sequence[Any]) -> _Ready:
        key = batch_size, tuple(map(format_of, rows))
        if key in self._made:
            self._made[key] = self._made.pop(key)  # the last used stand at the end
        else:
            kernel, code = self.code.made(batch_size, key[1], self.cpu)
            (arena,) = new_arena(kernel, batch_size).copies
            state = state_views(self.program, kernel, arena)
            carried = rows_views(self.program, kernel, arena)
            self._made[key] = _Ready(kernel, arena, ThreadPool(code, arena), state, carried)
        return self._made[key]

    def _set_numbers(self, ready: _Ready, work: Work) -> None:
        """Inputs that are no rows, and plain numbers."""
        kernel, arena = ready.kernel, ready.arena
        for leaf in self.program.inputs:
            if not leaf.is_batched:
                buffer = kernel.lowered.leaves[leaf]
                view(arena, kernel, buffer)[...] = work.values[leaf].reshape(plain_sizes(buffer))
        settings = {**work.settings, "seed": signed(work.seed)}
        for leaf in self.program.settings:
            view(arena, kernel, kernel.lowered.leaves[leaf])[...] = settings[leaf.name]


@dataclass
class NativeEngine:
    """Compiles programs.

    threads  None takes as many as the work is worth
    cpu      a level to compile for, such as "x86-64-v3"; None is this CPU
    """

    threads: int | None = None
    cpu: str | None = None
    name: str = "native"

    def trainer(self, program: Program) -> NativeTrainer:
        """Ready to be compiled when the first batch is known; what cannot be lowered raises now."""
        return NativeTrainer(program, self.threads, self.cpu)

    def predictor(self, program: Program) -> NativePredictor:
        """Ready to be compiled when the first rows are known; what cannot be lowered raises now."""
        return NativePredictor(program, self.threads, self.cpu)
