"""One row, predicted again and again: lanes are outputs, and nothing is made but the result.

Where a batch has one row, its axis is one more axis of one. So the prediction is a program over
tables: the row is a table, the sums of a layer lie side by side in the registers, and the weights
are read in the order in which they lie. Each sum has the order that it has for many rows, and so
have the bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glassnet import graph
from glassnet.engines.native.arena import fill, new_arena, state_views, view
from glassnet.engines.native.machine import CodeSource, CompiledCode
from glassnet.engines.native.threads.abi import address
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.engines.native.thresholds import SHORT_OPERATIONS
from glassnet.graph import Node, in_order
from glassnet.program import Program
from glassnet.program.program import Output, Role, Statement
from glassnet.spec import BATCH, FLOATS, Spec, itemsize


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


def _looking_at(program: Program) -> Program:
    """The same program with one number more: zero where all that arrives is finite.

    Zero times what is not finite is NaN, and so is a sum with it.
    """
    (leaf,) = program.inputs
    looked = graph.sum(graph.mul(leaf, graph.constant(0)))
    return replace(
        program, body=(*program.body, Statement("forward", "looked", looked)),
        outputs=(*program.outputs, Output("looked", looked, Role.CHECK)),
    )  # fmt: skip


@dataclass
class OneRow:
    """The outputs of a network with one input, for one row at a time.

    It has memory of its own, and belongs to one thread at a time. Parameters are those of its
    making.

    looked  the number that is zero where a row's numbers are finite; None: it has whole numbers
    is_short  True where no other thread of Python need run meanwhile
    """

    code: CompiledCode
    arena: Any
    state: list[Any]
    source: Any
    targets: Sequence[Any]
    looked: Any = None
    is_short: bool = False

    def __post_init__(self) -> None:
        known = {"stop": 1, "n_rows": 1, "batch": 1, "drawn": -1, "threads": 1}
        if self.looked is not None:
            known["results"] = address(self.looked)
        self._arguments = call_arguments(known, [])
        self._given = address(self.arena), address(self._arguments)
        self._function = self.code.short if self.is_short else self.code.function
        self._copied = self.targets[0].copy if len(self.targets) == 1 else None
        self._number = int if self.looked is None else self.looked.item
        self._dtype = self.source.dtype
        self._turn = [True]  # taken by who calls: pop and append happen at once, or not at all

    @staticmethod
    def of(program: Program, arrays: Sequence[Any], cpu: str | None = None) -> OneRow:
        """Ready for a prediction program with these parameters; compiles it, or finds it compiled.

        Raises UnsupportedError where it cannot be lowered.
        """
        narrow = of_one_row(program)
        (leaf,), results = narrow.inputs, narrow.results
        is_real = leaf.dtype in FLOATS
        narrow = _looking_at(narrow) if is_real else narrow
        found = CodeSource(narrow)
        found.check()
        kernel, code = found.made(1, (), cpu)
        arena = new_arena(kernel, 1).whole
        state = state_views(narrow, kernel, arena)
        fill(state, arrays)
        source = _shaped(arena, kernel, leaf)
        targets = [_shaped(arena, kernel, node, i) for i, node in enumerate(results)]
        is_short = kernel.operations < SHORT_OPERATIONS
        looked = np.zeros(1) if is_real else None
        return OneRow(code, arena, state, source, targets, looked, is_short)

    def each(self, rows: Any) -> list[Any]:
        """The outputs for some rows (n, ...), one after another."""
        found = [np.empty((len(rows), *target.shape[1:]), target.dtype) for target in self.targets]
        for i, row in enumerate(rows):
            self.source[...] = row
            self._function(*self._given)
            for output, target in zip(found, self.targets, strict=True):
                output[i] = target[0]
        return found

    def __call__(self, row: Any) -> Any:
        """The output (1, ...) for a row (1, ...), or a list of several; no shape is looked at.

        None where the row is not plain, or amid another call: of another thread, or under a signal.
        """
        if row.dtype is not self._dtype and not self._can_take(row):
            return None
        try:
            turn = self._turn.pop()
        except IndexError:
            return None
        try:
            self.source[...] = row
            self._function(*self._given)
            if self._number() != 0:
                return None
            if self._copied is not None:
                return self._copied()
            return [target.copy() for target in self.targets]
        finally:
            self._turn.append(turn)

    def _can_take(self, row: Any) -> bool:
        """True for a row of another kind that can be computed with as one of this kind."""
        if self.looked is None:
            return row.dtype.kind in "iub"
        return row.dtype.kind in "fiub" and is_plain(row, self._dtype)


def _shaped(arena: Any, kernel: Any, node: Node, output: int | None = None) -> Any:
    """The array of a node in the arena, with the axes of one that its buffer has not."""
    lowered = kernel.lowered
    found = view(arena, kernel, lowered.leaves[node] if output is None else lowered.outputs[output])
    if all(size == 1 for size in node.shape):
        return found.reshape(node.shape)
    return found[tuple(None if size == 1 else slice(None) for size in node.shape)]
