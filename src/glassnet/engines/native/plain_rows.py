"""Plain rows of a network with one input: finite numbers in an array of the right shape.

Few of them are copied to where compiled code looks for them, so a call has nothing to prepare. An
array of the caller would have to be described anew in every call: its kind of number, its address,
its strides. That takes longer than to predict it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from glassnet.engines.native.arena import fill, new_arena, state_views
from glassnet.engines.native.blocks import Blocks, blocks_of_tables, uses_weights_once
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.fixed_rows import FixedRows, TableCode, can_take
from glassnet.engines.native.threads.abi import ARGUMENTS, address
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.engines.native.thresholds import FIXED_ROWS, LONG_BYTES, STAGED_BYTES
from glassnet.errors import UnsupportedError
from glassnet.nn.parameters import Reading
from glassnet.program import Program
from glassnet.spec import FLOATS, itemsize, sizes

_SOME, _MANY = 1 << 62, 1 << 63  # instead of numbers of rows
_STOP, _N_ROWS, _SOURCE = ARGUMENTS.index("stop"), ARGUMENTS.index("n_rows"), len(ARGUMENTS)


def outputs_for(program: Program, n: int) -> list[Any]:
    """Empty arrays for the outputs of n rows."""
    return [np.empty((n, *sizes(node.shape[1:])), node.dtype) for node in program.results]


class StagedRows:
    """Up to `most` rows, on the caller's thread.

    rest  what predicts the rows that fill no block; None: a block may have fewer
    """

    def __init__(self, blocks: Blocks, most: int, rest: Rest | None = None) -> None:
        program, self._size, self._rest = blocks.program, blocks.size, rest
        (leaf,) = program.inputs
        kernel, self._code = blocks.code((leaf.dtype,))  # the code lives as long as its object
        self._function, self._dtype, self._most = self._code.function, np.dtype(leaf.dtype), most
        self._source = np.zeros((most, *sizes(leaf.shape[1:])), leaf.dtype)
        self._targets, self._looked = outputs_for(program, most), np.zeros(1)
        self._addresses = np.array([address(t) for t in self._targets], np.int64)
        known = {
            "batch": blocks.size, "drawn": -1, "threads": 1,
            "outputs": address(self._addresses), "results": address(self._looked),
        }  # fmt: skip
        self._arguments = call_arguments(known, [self._source])
        self._here = address(self._source)
        self._arena = new_arena(kernel, blocks.size).whole
        self._given = address(self._arena), address(self._arguments)
        self._state = state_views(program, kernel, self._arena)
        self._mark: Any = None
        self._turn = [True]  # as TableCode's

    def __call__(self, rows: Any, parameters: Reading) -> Any:
        """The output (n, ...) for rows (n, ...), or a list of several; no shape is looked at.

        None where the rows are not plain, or amid another call: of another thread, or under a
        signal.
        """
        if rows.dtype is not self._dtype and not can_take(rows, self._dtype):
            return None
        try:
            turn = self._turn.pop()
        except IndexError:
            return None
        try:
            if self._mark is not parameters.mark or parameters.mark is None:
                fill(self._state, parameters.arrays)
                self._mark = parameters.mark
            n = len(rows)
            left = 0 if self._rest is None else n % self._size
            if not self._run(rows[: n - left] if left else rows):
                return None
            if left and self._rest is not None:
                last = self._rest(left)(rows[n - left :], parameters)
                if last is None:
                    return None
                for target, some in zip(self._targets, _listed(last), strict=True):
                    target[n - left : n] = some
            found = [target[:n].copy() for target in self._targets]
            return found[0] if len(found) == 1 else found
        finally:
            self._turn.append(turn)

    def _run(self, rows: Any) -> bool:
        """Put the outputs where they belong; False where the rows are not finite."""
        n, given = len(rows), self._arguments
        flags = rows.flags
        as_it_lies = rows.nbytes >= LONG_BYTES and flags.c_contiguous and flags.aligned
        if as_it_lies and rows.dtype is self._dtype:
            given[_SOURCE] = address(rows)
        else:
            self._source[:n] = rows
            given[_SOURCE] = self._here
        self._steps(n)
        if self._looked.item() == 0:
            return True
        self._source[...] = 0
        given[_SOURCE] = self._here
        self._steps(self._most)  # nor do later calls with fewer rows meet them
        return False

    def _steps(self, n: int) -> None:
        self._arguments[_STOP], self._arguments[_N_ROWS] = -(-n // self._size), n
        self._function(*self._given)


class InBlocks:
    """Any number of rows, in blocks where they lie.

    rest  what predicts the rows that fill no block; None: a block may have fewer
    """

    def __init__(self, blocks: Blocks, rest: Rest | None = None) -> None:
        (leaf,) = blocks.program.inputs
        self._blocks, self._rest, self._dtype = blocks, rest, np.dtype(leaf.dtype)

    def __call__(self, rows: Any, parameters: Reading) -> Any:
        """The output (n, ...) for rows (n, ...), or a list of several; no shape is looked at.

        None where the rows are not plain.
        """
        if not _is_readable(rows.dtype, self._dtype):
            return None
        n = len(rows)
        outputs = outputs_for(self._blocks.program, n)
        left = n % self._blocks.size if self._rest is not None else 0
        if not self._blocks.run([rows[: n - left]], parameters, outputs, plain=True):
            return None
        if left and self._rest is not None:
            found = self._rest(left)(rows[n - left :], parameters)
            if found is None:
                return None
            for output, last in zip(outputs, _listed(found), strict=True):
                output[n - left :] = last
        return outputs[0] if len(outputs) == 1 else outputs


def _is_readable(dtype: Any, wanted: Any) -> bool:
    """True for numbers that native code reads as they lie, and can compute with as another kind."""
    if wanted.kind != "f":
        return bool(np.can_cast(dtype, wanted))
    return dtype.kind in "fiub" and dtype.isnative


Ready = FixedRows | StagedRows | InBlocks
Rest = Callable[[int], Ready]


class PlainRows:
    """What predicts plain rows, made for their number when it is first asked for.

    few, many  blocks of samples
    """

    def __init__(self, few: Blocks, many: Blocks, threads: int | None, cpu: str | None) -> None:
        self._few, self._many, self._threads, self._cpu = few, many, threads, cpu
        self._program = many.program
        (self._leaf,) = self._program.inputs
        self._row = tuple(map(int, self._leaf.shape[1:]))
        size = math.prod(self._row) * itemsize(self._leaf.dtype)
        self.staged = max(LANES, min(many.size, STAGED_BYTES // max(1, size)))
        self._most_fixed = FIXED_ROWS[-1 if uses_weights_once(self._program) else -2]
        self._tables: dict[int, TableCode] = {}
        self._ready: dict[int, Ready] = {}
        self._tabled: tuple[Blocks, Rest | None] | None = None

    def __call__(self, rows: Any, parameters: Reading) -> Any:
        """The output for rows (n, ...), or a list of several; None for rows that are not plain."""
        shape = rows.shape
        if shape[1:] != self._row or not shape or not shape[0]:
            return None
        return self.of(shape[0])(rows, parameters)

    def of(self, n: int) -> Ready:
        """What predicts n rows; it looks at no shape."""
        key = n if n <= FIXED_ROWS[-1] else _SOME if n <= self.staged else _MANY
        if key not in self._ready:
            self._ready[key] = self._made(key)
        return self._ready[key]

    def of_row(self) -> Ready | Callable[[Any, Reading], Any]:
        """What predicts a single row, (...) as well as (1, ...); it looks at no shape."""
        ready = self.of(1)
        if isinstance(ready, FixedRows):
            return ready  # which fills the one row that it has from either
        row = self._row
        return lambda rows, parameters: ready(rows.reshape(1, *row), parameters)

    def _made(self, n: int) -> Ready:
        if n <= self._most_fixed:
            with suppress(UnsupportedError):
                return self._fixed(n)
        if n <= LANES:
            return self._staged(self._few, LANES)
        if self._tabled is None:
            tables = blocks_of_tables(self._program, self._threads, self._cpu)
            self._tabled = (self._many, None) if tables is None else (tables, self.of)
        blocks, rest = self._tabled
        return self._staged(blocks, self.staged, rest) if n == _SOME else InBlocks(blocks, rest)

    def _fixed(self, n: int) -> FixedRows:
        held = next(count for count in FIXED_ROWS if n <= count)
        if held not in self._tables:
            self._tables[held] = TableCode(self._program, held, self._cpu)
        return FixedRows(self._tables[held], n)

    def _staged(self, blocks: Blocks, most: int, rest: Rest | None = None) -> Ready:
        if self._leaf.dtype not in FLOATS:
            return InBlocks(blocks, rest)
        return StagedRows(blocks, most, rest)


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]
