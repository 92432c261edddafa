"""A few rows of a number known beforehand: lanes are outputs, and nothing is made but the result.

Where the number of rows is known, their axis is one more axis of a table. So the prediction is a
program over tables: the sums of a layer lie side by side in the registers, and the weights are
read in the order in which they lie, once for all rows. Each sum has the order that it has for many
rows, and so have the bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import graph
from glassnet.engines.native.arena import fill, new_arena, state_views, view
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.machine import CodeSource
from glassnet.engines.native.threads.abi import address
from glassnet.engines.native.threads.pool import call_arguments
from glassnet.engines.native.thresholds import SHORT_OPERATIONS
from glassnet.graph import Node, in_order
from glassnet.graph.loop import Body
from glassnet.nn.parameters import Reading
from glassnet.program import Program
from glassnet.program.program import Output, Role, Statement
from glassnet.spec import BATCH, FLOATS, Spec


def of_fixed_rows(program: Program, n: int) -> Program:
    """The same program for a batch of n rows, known beforehand."""
    new: dict[Node, Node] = {}
    for node in in_order([*program.arguments, *program.roots()]):
        new[node] = _narrowed(node, new, n)
    body = tuple(
        Statement(s.section, s.name, new[s.value], None if s.target is None else new[s.target])
        for s in program.statements()
    )
    return replace(
        program, body=body, inputs=tuple(new[leaf] for leaf in program.inputs),
        parameters={name: new[leaf] for name, leaf in program.parameters.items()},
        outputs=tuple(replace(o, node=new[o.node]) for o in program.outputs), n_rows=n,
    )  # fmt: skip


def _narrowed(node: Node, new: dict[Node, Node], n: int) -> Node:
    """A node of the program for n rows, from those of its arguments."""
    if node.op.name == "batch_size":
        return graph.constant(n)
    if node.op.kind == "loop":
        return _loop(node, new, n)
    settings = {name: _known(value, n) for name, value in node.settings.items()}
    if node.is_leaf:
        return replace(node, settings=settings, spec=_known(node.spec, n))
    found = _rebuilt(node, [new[arg] for arg in node.args], settings)
    return _turned(found) if node.op.kind == "result" and _is_stack(node) else found


def _loop(node: Node, new: dict[Node, Node], n: int) -> Node:
    """A loop for n rows: the steps of what has no batch are its first axis, so they go there."""
    body: Body = node.settings["body"]

    def narrowed(nodes: list[Node]) -> list[Node]:
        for one in in_order(nodes, set(new)):
            new[one] = _narrowed(one, new, n)
        return [new[one] for one in nodes]

    args = [
        _turned(new[arg]) if leaf in body.inputs and leaf.is_batched else new[arg]
        for arg, leaf in zip(node.args, body.leaves, strict=True)
    ]
    return _rebuilt(node, args, {**node.settings, "body": body.mapped(narrowed)})


def _rebuilt(node: Node, args: Sequence[Node], settings: dict[str, Any]) -> Node:
    spec = node.op.spec(*(arg.spec for arg in args), **settings)
    return replace(node, args=tuple(args), settings=settings, spec=spec)


def _is_stack(result: Node) -> bool:
    """True for all steps of what a loop gives for each row."""
    body: Body = result.args[0].settings["body"]
    return result.settings["which"] >= len(body.carried) and result.is_batched


def _turned(sequence: Node) -> Node:
    """Rows and steps the other way round; a view, so it takes no time."""
    return graph.transpose(sequence, axes=(1, 0, *range(2, sequence.ndim)))


def _known(value: Any, n: int) -> Any:
    """A shape, a spec or another setting with n rows instead of a batch."""
    if isinstance(value, Spec):
        return value.with_shape(_known(value.shape, n))
    if not isinstance(value, tuple):
        return value
    return tuple(n if isinstance(size, str) and size == BATCH else size for size in value)


_LARGE = 1e76  # a sum of squares below it is of numbers that float32 holds


def can_take(rows: Any, dtype: Any) -> bool:
    """True for rows of another kind whose numbers this kind holds, so that copying says nothing."""
    if np.can_cast(rows.dtype, dtype):
        return True
    if dtype.kind != "f" or rows.dtype.kind not in "fiu":
        return False
    flat = rows.reshape(-1)
    try:
        return float(flat.dot(flat)) < _LARGE
    except RuntimeWarning:  # where warnings are errors
        return False


def _looking_at(program: Program) -> Program:
    """The same program with one number more: zero where all that arrives is finite.

    Zero times what is not finite is NaN, and so is a sum with it.
    """
    (leaf,) = program.inputs
    zeros = graph.sum(graph.mul(leaf, graph.constant(0)), axis=0)
    count = math.prod(map(int, zeros.shape))
    if count % LANES == 0:  # as many sums beside each other as a register holds
        zeros = graph.sum(graph.reshape(zeros, shape=(count // LANES, LANES)), axis=0)
    looked = graph.sum(zeros)
    return replace(
        program, body=(*program.body, Statement("forward", "looked", looked)),
        outputs=(*program.outputs, Output("looked", looked, Role.CHECK)),
    )  # fmt: skip


class TableCode:
    """Compiled code for n rows as a table, with memory for parameters of one moment.

    Raises UnsupportedError where the program cannot be lowered.
    """

    def __init__(self, program: Program, n: int, cpu: str | None = None) -> None:
        narrow = of_fixed_rows(program, n)
        (leaf,), results = narrow.inputs, narrow.results
        narrow = _looking_at(narrow) if leaf.dtype in FLOATS else narrow
        found = CodeSource(narrow)
        found.check()
        kernel, self._code = found.made(1, (), cpu)
        self._arena, self.looked = new_arena(kernel, 1).whole, np.zeros(1)
        known = {"stop": 1, "batch": 1, "n_rows": 1, "results": address(self.looked)}
        self._arguments = call_arguments({**known, "drawn": -1, "threads": 1}, [])
        self.given = address(self._arena), address(self._arguments)
        is_short = kernel.operations < SHORT_OPERATIONS
        self.function = self._code.short if is_short else self._code.function
        self.source = _shaped(self._arena, kernel, leaf)
        self.targets = [_shaped(self._arena, kernel, node, i) for i, node in enumerate(results)]
        self._state = state_views(narrow, kernel, self._arena)
        self.mark: Any = None
        # Who calls takes the turn: to pop and to append happen at once or not at all, whatever
        # other threads and signals do. In the child of a fork amid a call there is none for ever.
        self.turn = [True]

    def fill(self, parameters: Reading) -> None:
        """Take up parameters that are not those of the call before."""
        fill(self._state, parameters.arrays)
        self.mark = parameters.mark


class FixedRows:
    """The outputs for n rows of a network with one input, in code for n rows or more."""

    def __init__(self, code: TableCode, n: int) -> None:
        self._code, self._function, self._given, self._turn = (
            code, code.function, code.given, code.turn,
        )  # fmt: skip
        self._source, self._dtype = code.source[:n], code.source.dtype
        self._number = code.looked.item
        copies = [target[:n].copy for target in code.targets]
        self._copy = copies[0] if len(copies) == 1 else lambda: [copy() for copy in copies]

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
            if self._code.mark is not parameters.mark or parameters.mark is None:
                self._code.fill(parameters)
            self._source[...] = rows
            self._function(*self._given)
            if self._number() != 0:
                self._source[...] = 0  # nor do later calls with fewer rows meet them
                return None
            return self._copy()
        finally:
            self._turn.append(turn)


def _shaped(arena: Any, kernel: Kernel, node: Node, output: int | None = None) -> Any:
    """The array of a node in the arena, with the axes of one that its buffer has not."""
    lowered = kernel.lowered
    found = view(arena, kernel, lowered.leaves[node] if output is None else lowered.outputs[output])
    if all(size == 1 for size in node.shape):
        return found.reshape(node.shape)
    return found[tuple(None if size == 1 else slice(None) for size in node.shape)]
