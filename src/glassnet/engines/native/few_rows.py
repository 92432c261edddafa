"""A few plain rows at a time, copied to where compiled code looks for them.

So a call has nothing to prepare. A row of the caller's array would have to be described anew in
every call: its kind of number, its address, its strides. That takes longer than to predict it.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any

import numpy as np

from glassnet.engines.native.arena import fill, new_arena, state_views
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.machine import CompiledCode
from glassnet.engines.native.one_row import OneRow
from glassnet.engines.native.threads.abi import ARGUMENTS, address
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.engines.native.thresholds import (
    BLOCK_PRODUCTS,
    FEWEST_ROWS,
    MOST_ROWS,
    SINGLY,
    SINGLY_NUMBERS,
    STAGED_BYTES,
)
from glassnet.program import Program
from glassnet.spec import FLOATS, itemsize, sizes

_LARGE = 1e76  # a sum of squares below it is of numbers that float32 holds
_N_ROWS = ARGUMENTS.index("n_rows")


def block_of(program: Program) -> int:
    """How many rows are worked on before the next are fetched: more of them in small networks."""
    enough = 2 ** math.ceil(math.log2(BLOCK_PRODUCTS / max(1, weights_of(program))))
    return max(FEWEST_ROWS, min(MOST_ROWS, int(enough)))


def weights_of(program: Program) -> int:
    """How many numbers the parameters have."""
    return sum(math.prod(map(int, leaf.shape)) for leaf in program.parameters.values())


class ForkSafeLock:
    """A lock that nobody holds in the child of a fork."""

    def __init__(self) -> None:
        self._lock, self._process = threading.Lock(), os.getpid()

    def held(self) -> threading.Lock:
        """The lock, for a `with`."""
        if self._process != os.getpid():
            self._lock, self._process = threading.Lock(), os.getpid()
        return self._lock


@dataclass
class FewRows:
    """Up to `most` rows of a network with one input, on the caller's thread.

    parameters  that are meant by every call; None: each call brings its own
    """

    program: Program
    kernel: Kernel
    code: CompiledCode
    most: int
    block: int
    parameters: Sequence[Any] | None
    _state: list[Any] = field(init=False)
    _known: list[Any] = field(default_factory=list)
    _pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (leaf,), kernel, self._lock = self.program.inputs, self.kernel, ForkSafeLock()
        self._source = np.zeros((self.most, *sizes(leaf.shape[1:])), leaf.dtype)
        self._targets = [
            np.zeros((self.most, *sizes(node.shape[1:])), buffer.dtype)
            for node, buffer in zip(self.program.results, kernel.lowered.outputs, strict=True)
        ]
        self._addresses = np.array([address(t) for t in self._targets], np.int64)
        known = {
            "stop": 1, "batch": self.block, "drawn": -1, "threads": 1,
            "outputs": address(self._addresses),
        }  # fmt: skip
        self._arguments = call_arguments(known, [self._source])
        self._arena = new_arena(kernel, self.block).whole
        self._given = address(self._arena), address(self._arguments)
        self._state = state_views(self.program, kernel, self._arena)
        if self.parameters is not None:
            fill(self._state, self.parameters)

    def _fill(self, arrays: Sequence[Any]) -> None:
        """Copy the parameters; those of the call before have been brought into shape."""
        if len(arrays) != len(self._known) or not all(map(is_, arrays, self._known)):
            shaped = [a.reshape(own.shape) for own, a in zip(self._state, arrays, strict=True)]
            self._pairs = list(zip(self._state, shaped, strict=True))
            are_views = all(map(np.may_share_memory, shaped, arrays))
            self._known = list(arrays) if are_views else []
        for own, array in self._pairs:
            own[...] = array

    def __call__(self, x: Any, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for rows (n, ...), of a shape and a kind that fit."""
        n = len(x)
        with self._lock.held():
            if self.parameters is None:
                self._fill(arrays)
            self._source[:n] = x
            self._arguments[_N_ROWS] = n
            self.code.function(*self._given)
            return [target[:n].copy() for target in self._targets]


def _is_plain(x: Any) -> bool:
    """True where all numbers are finite, also as float32."""
    flat = x.reshape(-1)
    return float(np.dot(flat, flat)) < _LARGE


@dataclass
class Staging:
    """Few rows of any number: one by one, as the lanes of one register, or as a small block.

    code_of  compiled code for blocks of so many rows, in these formats
    """

    program: Program
    code_of: Callable[[int, Sequence[str]], tuple[Kernel, CompiledCode]]
    cpu: str | None
    parameters: Sequence[Any] | None
    _made: dict[bool, FewRows] = field(default_factory=dict)
    _one: OneRow | None = None

    def __post_init__(self) -> None:
        leaf = self.program.inputs[0]
        self._is_plain = len(self.program.inputs) == 1 and leaf.dtype in FLOATS
        self._row = tuple(leaf.shape[1:])
        size = math.prod(map(int, self._row)) * itemsize(leaf.dtype)
        self._most = max(LANES, min(block_of(self.program), STAGED_BYTES // max(1, size)))
        self._singly = SINGLY if weights_of(self.program) >= SINGLY_NUMBERS else 0
        self._lock = ForkSafeLock()

    def __call__(self, x: Any, arrays: Sequence[Any]) -> list[Any] | None:
        """The outputs for rows that are finite numbers of the right shape; None for others."""
        if not self._is_plain or x.shape[1:] != self._row or x.dtype.kind != "f":
            return None
        n = len(x)
        if not 0 < n <= self._most or not _is_plain(x):
            return None
        if n <= self._singly:
            return self._one_by_one(x, arrays)
        is_small = n <= LANES
        found = self._made.get(is_small)
        if found is None:
            found = self._made[is_small] = self._few(is_small=is_small)
        return found(x, arrays)

    def _few(self, *, is_small: bool) -> FewRows:
        block = LANES if is_small else block_of(self.program)
        most = LANES if is_small else self._most
        kernel, code = self.code_of(block, [self.program.inputs[0].dtype])
        return FewRows(self.program, kernel, code, most, block, self.parameters)

    def _one_by_one(self, x: Any, arrays: Sequence[Any]) -> list[Any]:
        with self._lock.held():
            if self._one is None:
                self._one = OneRow.of(self.program, self.parameters or arrays, self.cpu)
            elif self.parameters is None:
                fill(self._one.state, arrays)
            return self._one.each(x)
