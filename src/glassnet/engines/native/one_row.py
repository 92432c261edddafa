"""One row, predicted again and again: lanes are outputs, and nothing is made but the result.

Where a batch has one row, its axis is one more axis of one. So the prediction is a program over
tables: the row is a table, the sums of a layer lie side by side in the registers, and the weights
are read in the order in which they lie. Each sum has the order that it has for many rows, and so
have the bits.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from glassnet import graph
from glassnet.engines.native.arena import fill, new_arena, state_views, view
from glassnet.engines.native.machine import CodeSource, CompiledCode
from glassnet.engines.native.threads.abi import address
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.graph import Node, in_order
from glassnet.program import Program
from glassnet.program.program import Statement
from glassnet.spec import BATCH, Spec, itemsize


def of_one_row(program: Program) -> Program:
    """The same program for a batch of one row, known beforehand."""
    new: dict[Node, Node] = {}
    for node in in_order([*program.arguments, *program.roots()]):
        new[node] = _narrowed(node, new)
    body = tuple(
        Statement(s.section, s.name, new[s.value], None if s.target is None else new[s.target])
        for s in program.statements()
    )
    return replace(
        program, body=body, inputs=tuple(new[leaf] for leaf in program.inputs),
        parameters={name: new[leaf] for name, leaf in program.parameters.items()},
        outputs=tuple(replace(o, node=new[o.node]) for o in program.outputs),
    )  # fmt: skip


def _narrowed(node: Node, new: dict[Node, Node]) -> Node:
    """A node of the program for one row, from those of its arguments."""
    if node.op.name == "batch_size":
        return graph.constant(1)
    if node.is_leaf:
        return replace(node, spec=Spec(_one(node.shape), node.dtype))
    settings = {
        name: _one(value) if isinstance(value, tuple) else value
        for name, value in node.settings.items()
    }
    args = tuple(new[arg] for arg in node.args)
    spec = node.op.spec(*(arg.spec for arg in args), **settings)
    return replace(node, args=args, settings=settings, spec=spec)


def _one(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(1 if isinstance(size, str) and size == BATCH else size for size in shape)


_LARGE = 1e76  # a sum of squares below it is of numbers that float32 holds
_zeros: dict[Any, Any] = {}


def is_plain(rows: Any, dtype: Any) -> bool:
    """True where all numbers are finite, also as the kind in which they are computed with.

    By one product: zero times what is not finite is NaN. What is seldom counts as not plain.
    """
    if rows.dtype.itemsize < itemsize("float32"):
        return False
    flat = rows.reshape(-1)
    try:
        if rows.dtype != dtype:
            return float(flat.dot(flat)) < _LARGE
        zeros = _zeros.get(dtype)
        if zeros is None or len(zeros) < len(flat):
            zeros = _zeros[dtype] = np.zeros(max(len(flat), 1024), dtype)
        return bool(flat.dot(zeros[: len(flat)]) == 0)
    except RuntimeWarning:  # where warnings are errors
        return False


@dataclass
class OneRow:
    """The outputs of a network with one input, for one row at a time.

    It has memory of its own, and belongs to one thread at a time. Parameters are those of its
    making.
    """

    code: CompiledCode
    arena: Any
    state: list[Any]
    source: Any
    targets: Sequence[Any]
    _arguments: Any = field(init=False)
    _given: tuple[Any, Any] = field(init=False)
    _only: Any = field(init=False)
    _flat: Any = field(init=False)
    _same: Any = field(init=False)
    _times_zero: Any = field(init=False)

    def __post_init__(self) -> None:
        known = {"stop": 1, "n_rows": 1, "batch": 1, "drawn": -1, "threads": 1}
        self._arguments = call_arguments(known, [])
        self._given = address(self.arena), address(self._arguments)
        self._only = self.targets[0] if len(self.targets) == 1 else None
        self._is_real, self._lock = self.source.dtype.kind == "f", threading.Lock()
        self._flat = self.source.reshape(-1)
        is_dense = np.shares_memory(self._flat, self.source)  # a view, where no gaps lie between
        self._same = self.source.dtype if is_dense and self._is_real else None
        self._times_zero = np.zeros(len(self._flat), self.source.dtype).dot

    @staticmethod
    def of(program: Program, arrays: Sequence[Any], cpu: str | None = None) -> OneRow:
        """Ready for a prediction program with these parameters; compiles it, or finds it compiled.

        Raises UnsupportedError where it cannot be lowered.
        """
        narrow = of_one_row(program)
        found = CodeSource(narrow)
        found.check()
        kernel, code = found.made(1, (), cpu)
        arena = new_arena(kernel, 1).whole
        state = state_views(narrow, kernel, arena)
        fill(state, arrays)
        (source,) = (_shaped(arena, kernel, leaf) for leaf in narrow.inputs)
        targets = [_shaped(arena, kernel, leaf, i) for i, leaf in enumerate(narrow.results)]
        return OneRow(code, arena, state, source, targets)

    def each(self, rows: Any) -> list[Any]:
        """The outputs for some rows (n, ...), one after another."""
        found = [np.empty((len(rows), *target.shape[1:]), target.dtype) for target in self.targets]
        for i, row in enumerate(rows):
            self.source[...] = row
            self.code.function(*self._given)
            for output, target in zip(found, self.targets, strict=True):
                output[i] = target[0]
        return found

    def __call__(self, row: Any) -> Any:
        """The output (1, ...) for a row (1, ...), or a list of several; no shape is looked at.

        None where the row is not plain, or amid another call: of another thread, or under a signal.
        """
        is_same = row.dtype is self._same
        if self._is_real and not is_same and not is_plain(row, self.source.dtype):
            return None
        if not self._lock.acquire(False):
            return None
        try:
            self.source[...] = row
            if is_same and self._times_zero(self._flat) != 0:
                return None  # zero times what is not finite is NaN
            self.code.function(*self._given)
            if self._only is not None:
                return self._only.copy()
            return [target.copy() for target in self.targets]
        except RuntimeWarning:  # of such a product, where warnings are errors
            return None
        finally:
            self._lock.release()


def _shaped(arena: Any, kernel: Any, node: Node, output: int | None = None) -> Any:
    """The array of a node in the arena, with the axes of one that its buffer has not."""
    lowered = kernel.lowered
    found = view(arena, kernel, lowered.leaves[node] if output is None else lowered.outputs[output])
    if all(size == 1 for size in node.shape):
        return found.reshape(node.shape)
    return found[tuple(None if size == 1 else slice(None) for size in node.shape)]
