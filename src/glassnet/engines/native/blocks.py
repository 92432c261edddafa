"""Many rows, in blocks that stay in the caches.

Each thread has an arena of its own, weights included, and rows of its own: nobody waits for
anybody before the end. The compiled code is the same for any number of rows above LANES.

Where a network is large and its rows are long, a block is a table of a few rows: to bring long rows
into lanes takes longer than to multiply them. Else samples are lanes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.engines.native.arena import fill, new_arena, state_views
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.fixed_rows import of_fixed_rows
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.loading.array_format import fitting, format_of
from glassnet.engines.native.machine import CodeSource, CompiledCode
from glassnet.engines.native.threads.abi import address
from glassnet.engines.native.threads.pool import ThreadPool, available, wanted_threads
from glassnet.engines.native.thresholds import (
    ARENA_BYTES,
    BLOCK_BYTES,
    BLOCK_PRODUCTS,
    FEWEST_ROWS,
    FEWEST_WEIGHTS,
    FIXED_ROWS,
    MOST_ROWS,
    MOST_WEIGHTS,
)
from glassnet.errors import UnsupportedError
from glassnet.graph.cost import multiply_adds
from glassnet.nn.parameters import Reading
from glassnet.program import Program
from glassnet.spec import known_size


def block_of(program: Program) -> int:
    """How many rows are worked on before the next are fetched: more of them in small networks."""
    enough = 2 ** math.ceil(math.log2(BLOCK_PRODUCTS / max(1, weights_of(program))))
    return min(max(FEWEST_ROWS, min(MOST_ROWS, int(enough))), _fitting_rows(program))


def _fitting_rows(program: Program) -> int:
    """How many rows are held by the memory of a block: images leave few."""
    numbers = sum(known_size(s.value.shape) for s in program.statements() if s.value.is_batched)
    fitting = BLOCK_BYTES // (8 * max(1, numbers))
    return max(2 * LANES, 1 << max(0, fitting.bit_length() - 1))


def weights_of(program: Program) -> int:
    """How many numbers the parameters have."""
    return sum(math.prod(map(int, leaf.shape)) for leaf in program.parameters.values())


class Blocks:
    """A prediction program for arrays of any number of rows.

    size  rows of a block
    """

    def __init__(self, source: CodeSource, threads: int | None, cpu: str | None, size: int) -> None:
        self.program, self.size = source.program, size
        self._source, self._threads, self._cpu = source, threads, cpu
        self._codes: dict[Sequence[str], tuple[Kernel, CompiledCode]] = {}
        self._ready: dict[Sequence[str], _Ready] = {}

    def code(self, formats: Sequence[str]) -> tuple[Kernel, CompiledCode]:
        """Compiled code for arrays of these formats."""
        if formats not in self._codes:
            self._codes[formats] = self._source.made(self.size, formats, self._cpu)
        return self._codes[formats]

    def run(
        self, inputs: Sequence[Any], parameters: Reading, outputs: Sequence[Any], *, plain: bool
    ) -> bool:
        """Put the outputs into arrays (n, ...) or longer ones, for inputs (n, ...).

        True unless `plain` and a number of the inputs is not finite.
        """
        leaves = self.program.inputs
        rows = [fitting(a, leaf) for a, leaf in zip(inputs, leaves, strict=True)]
        formats, steps = tuple(map(format_of, rows)), -(-len(rows[0]) // self.size)
        ready = self._ready.get(formats)
        if ready is None or (ready.may_grow and steps > len(ready.views)):
            ready = self._ready[formats] = self._made(formats, steps)
        is_finite = ready.run(rows, parameters, outputs)
        if plain and not is_finite:
            del self._ready[formats]  # it lies in its memory
        return is_finite or not plain

    def _made(self, formats: Sequence[str], steps: int) -> _Ready:
        kernel, code = self.code(formats)
        most = max(1, min(self._threads or available(), ARENA_BYTES // kernel.layout.size))
        arena = new_arena(kernel, self.size, copies=min(most, steps))
        views = [state_views(self.program, kernel, own) for own in arena.copies]
        pool, may_grow = ThreadPool(code, arena.whole), most > len(views)
        operations = kernel.operations // (self.program.n_rows or 1)
        marks = [None] * len(views)
        return _Ready(operations, pool, views, marks, self.size, self._threads, may_grow)


def blocks_of_samples(
    source: CodeSource, threads: int | None, cpu: str | None
) -> tuple[Blocks, Blocks]:
    """For few rows, and for many: samples are lanes."""
    size = block_of(source.program)
    return Blocks(source, threads, cpu, LANES), Blocks(source, threads, cpu, size)


def uses_weights_once(program: Program) -> bool:
    """True where a row meets each weight about once: dense layers, and no places or steps.

    Where weights are used again at each place, as by convolutions and attention, they lie in the
    caches anyway, and samples as lanes fill every register.
    """
    return multiply_adds(program.results) <= 2 * weights_of(program)


def blocks_of_tables(program: Program, threads: int | None, cpu: str | None) -> Blocks | None:
    """Blocks as tables; None where these are slower, or cannot be."""
    is_large = FEWEST_WEIGHTS <= weights_of(program) <= MOST_WEIGHTS
    if not (is_large and uses_weights_once(program)):
        return None
    try:
        source = CodeSource(of_fixed_rows(program, FIXED_ROWS[-1]))
        source.check()
    except UnsupportedError:
        return None
    return Blocks(source, threads, cpu, FIXED_ROWS[-1])


@dataclass
class _Ready:
    """Compiled code with the memory that it works in, for arrays of some formats.

    operations  of one row
    views   of the parameters, for each thread's arena
    marks   of the parameters that lie there
    size    rows of a block
    may_grow  True where more rows could use more threads, each with an arena
    """

    operations: int
    pool: ThreadPool
    views: Sequence[Sequence[Any]]
    marks: list[Any]
    size: int
    threads: int | None
    may_grow: bool

    def run(self, rows: Sequence[Any], parameters: Reading, outputs: Sequence[Any]) -> bool:
        """Put the outputs for all rows into arrays; True where all that arrived is finite."""
        n_rows = len(rows[0])
        steps = -(-n_rows // self.size)
        addresses = np.array([address(o) for o in outputs], np.int64)
        looked = np.zeros(len(self.views))
        known = {
            "stop": steps, "n_rows": n_rows, "batch": self.size, "drawn": -1,
            "outputs": address(addresses), "results": address(looked),
        }  # fmt: skip
        counts = self._counts(n_rows, steps)
        with self.pool.held():
            self._take_up(parameters, counts[0])
            self.pool.timed(known, rows, counts, steps)
        return bool(looked.sum() == 0)

    def _take_up(self, parameters: Reading, threads: int) -> None:
        """Copy the parameters to where they do not lie yet."""
        mark = parameters.mark
        for i, own in enumerate(self.views[:threads]):
            if self.marks[i] is not mark or mark is None:
                fill(own, parameters.arrays)
                self.marks[i] = mark

    def _counts(self, n_rows: int, steps: int) -> Sequence[int]:
        """The numbers of threads that may be worth so many rows."""
        counts = [self.threads] if self.threads else wanted_threads(self.operations, n_rows)
        return sorted({min(count, steps, len(self.views)) for count in counts}, reverse=True)
