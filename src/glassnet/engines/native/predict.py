"""Predictions for many rows in native code, in blocks that stay in the caches.

Each thread has an arena of its own, weights included, and rows of its own: nobody waits for
anybody before the end. The compiled code is the same for any number of rows above LANES.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.engines.native.arena import fill, new_arena, state_views
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.few_rows import Staging, block_of
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.loading.array_format import fitting, format_of
from glassnet.engines.native.machine import CodeSource, CompiledCode
from glassnet.engines.native.one_row import OneRow
from glassnet.engines.native.threads.abi import address
from glassnet.engines.native.threads.pool import ThreadPool, available, wanted_threads
from glassnet.engines.native.thresholds import ARENA_BYTES, MOST_ROWS
from glassnet.errors import UnsupportedError
from glassnet.graph import in_order
from glassnet.program import Program


def _check_rows_alone(program: Program) -> None:
    """Raise where an answer depends on the rows beside it: blocks are not the caller's batch."""
    for node in in_order(program.roots()):
        joins = not node.is_batched and any(arg.is_batched for arg in node.args)
        if joins or node.op.name == "batch_size":
            raise UnsupportedError("native: a prediction that depends on the other rows.")


@dataclass
class NativePredictor:
    """A prediction program in native code; UnsupportedError where it cannot be lowered.

    parameters  that are meant by every call, where they are known; else each call brings its own
    """

    program: Program
    threads: int | None = None
    cpu: str | None = None
    parameters: Sequence[Any] | None = None
    code: CodeSource | None = None
    _ready: dict[Any, _Ready] = field(default_factory=dict)
    _codes: dict[Any, tuple[Kernel, CompiledCode]] = field(default_factory=dict)
    _few: Staging | None = None

    def __post_init__(self) -> None:
        """What cannot be lowered raises UnsupportedError."""
        if self.code is None:
            _check_rows_alone(self.program)
            self.code = CodeSource(self.program)
            self.code.check()
        self._source = self.code

    def predict(
        self, inputs: Sequence[Any], arrays: Sequence[Any], batch_size: int = MOST_ROWS
    ) -> list[Any]:
        """The outputs for all rows of the inputs, in blocks of its own size."""
        leaves = self.program.inputs
        rows = [fitting(a, leaf) for a, leaf in zip(inputs, leaves, strict=True)]
        block = LANES if len(rows[0]) <= LANES else block_of(self.program)
        key = block, tuple(map(format_of, rows))
        steps = -(-len(rows[0]) // block)
        ready = self._ready.get(key)
        if ready is None or (ready.may_grow and steps > len(ready.views)):
            ready = self._ready[key] = self._made(*key, steps)
        return ready(rows, arrays if self.parameters is None else None)

    def _made(self, block: int, formats: Sequence[str], steps: int) -> _Ready:
        kernel, code = self._code(block, formats)
        if not all(b.batched for b in kernel.lowered.outputs):
            raise UnsupportedError("native: an output that is the same for all rows.")
        most = max(1, min(self.threads or available(), ARENA_BYTES // kernel.layout.size))
        arena = new_arena(kernel, block, copies=min(most, steps))
        shapes = [tuple(node.shape[1:]) for node in self.program.results]
        views = [state_views(self.program, kernel, own) for own in arena.copies]
        for own in views if self.parameters is not None else ():
            fill(own, self.parameters or ())
        pool = ThreadPool(code, arena.whole)
        return _Ready(kernel, pool, views, shapes, block, self.threads, most > len(views))

    def _code(self, block: int, formats: Sequence[str]) -> tuple[Kernel, CompiledCode]:
        key = block, tuple(formats)
        if key not in self._codes:
            self._codes[key] = self._source.made(block, formats, self.cpu)
        return self._codes[key]

    def few(self, x: Any, arrays: Sequence[Any]) -> list[Any] | None:
        """The outputs for an array of a few plain rows; None for any other."""
        if self._few is None:
            self._few = Staging(self.program, self._code, self.cpu, self.parameters)
        return self._few(x, arrays)

    def bound(self, arrays: Sequence[Any]) -> NativePredictor:
        """The same for these parameters alone."""
        return NativePredictor(self.program, self.threads, self.cpu, arrays, self.code)

    def single_row(self, arrays: Sequence[Any]) -> Callable[[Any], Any] | None:
        """Ready to predict single rows with these parameters; None where it cannot."""
        try:
            return OneRow.of(self.program, arrays, self.cpu)
        except UnsupportedError:
            return None


@dataclass
class _Ready:
    """Compiled code with the memory that it works in, for arrays of some formats.

    views   of the parameters, for each thread's arena
    shapes  of each output's row
    may_grow  True where more rows could use more threads, each with an arena
    """

    kernel: Kernel
    pool: ThreadPool
    views: Sequence[Sequence[Any]]
    shapes: Sequence[tuple[Any, ...]]
    block: int
    threads: int | None
    may_grow: bool

    def __call__(self, rows: Sequence[Any], parameters: Sequence[Any] | None) -> list[Any]:
        """The outputs for all rows; parameters that are None lie in the arenas already."""
        n_rows, buffers = len(rows[0]), self.kernel.lowered.outputs
        outputs = [
            np.empty((n_rows, *shape), b.dtype)
            for b, shape in zip(buffers, self.shapes, strict=True)
        ]
        addresses = np.array([address(o) for o in outputs], np.int64)
        steps = -(-n_rows // self.block)
        known = {
            "stop": steps, "n_rows": n_rows, "batch": self.block, "drawn": -1,
            "outputs": address(addresses),
        }  # fmt: skip
        counts = self._counts(n_rows, steps)
        with self.pool.held():
            for own in self.views[: counts[0]] if parameters is not None else ():
                fill(own, parameters or ())
            self.pool.timed(known, rows, counts, steps)
        return outputs

    def _counts(self, n_rows: int, steps: int) -> Sequence[int]:
        """The numbers of threads that may be worth so many rows."""
        counts = [self.threads] if self.threads else wanted_threads(self.kernel.operations, n_rows)
        return sorted({min(count, steps, len(self.views)) for count in counts}, reverse=True)
