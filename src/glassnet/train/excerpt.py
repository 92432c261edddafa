"""An array in a few lines: whole where it is small, or else its range and a part that fits.

Of the (64, 10, 10, 4) feature maps z1 the walkthrough shows

    smallest -2.31, mean 0.0123, largest 3.1
    z1[0, :, :, 0]:
    [[ 0.12573  -0.132105  0.640423 ... -1.265422 -0.623274  0.041326]
     ...

the first row's first channel; of the (64, 50, 8) array h1 that a loop fills, its first step and its
last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.program import Program
from glassnet.program.program import Loop, ProcedureCall

WIDTH = 76  # columns, without the 4 in front of every line of numbers
_ROWS = 8  # lines of an array's part, and of a whole array of more than two axes
_MATRIX_ROWS = 24  # lines of a whole matrix or vector
_WHOLE = 200  # numbers of a whole array
_DIGITS = 6  # behind the point
_FIXED = 1e8
_MATRIX = 2


class Axes(Enum):
    """Which two axes of an array of more are its picture."""

    ROWS = "row, step, unit, or row, height, width, channel: all but the first and the channels"
    WEIGHTS = "height, width, inputs, outputs: the first two"
    MATRICES = "row, head, step, step: the last two"


@dataclass(frozen=True)
class View:
    """What is shown of a value.

    name       how the program calls it
    has_steps  True for what the steps of a loop leave: (B, T, ...)
    """

    name: str
    axes: Axes = Axes.ROWS
    has_steps: bool = False

    def lines(self, values: Any) -> list[str]:
        """The lines for these numbers."""
        values = np.asarray(values)
        limit = _MATRIX_ROWS if values.ndim <= _MATRIX else _ROWS
        if values.size <= _WHOLE and len(whole := _written(values)) <= limit:
            return whole
        if np.all(values == values.flat[0]):
            return [f"all {float(values.flat[0]) + 0.0:.6g}"]
        has_steps = self.has_steps and values.ndim > _MATRIX
        return [_range(values), *(self._steps if has_steps else self._picture)(values)]

    def _steps(self, values: Any) -> list[str]:
        """The first row at the first step and at the last one."""
        last = values.shape[1] - 1
        first, *others = [self._step(values, t) for t in sorted({0, last})]
        between = [f"... {last - 1} step{'s' * (last > _MATRIX)} between"] if last > 1 else []
        return [first, *between, *others]

    def _step(self, values: Any, t: int) -> str:
        index = (0, t, *[0] * (values.ndim - 3))
        start = f"{self._at(index)}: "
        return start + _cut(values[index], 1, WIDTH - len(start))[0]

    def _picture(self, values: Any) -> list[str]:
        """Two axes of the array, the others at 0."""
        if values.ndim <= _MATRIX:
            return _cut(values, _ROWS if values.ndim > 1 else 1, WIDTH)
        kept = _picture_axes(values.shape, self.axes)
        index = tuple(slice(None) if axis in kept else 0 for axis in range(values.ndim))
        return [f"{self._at(index)}:", *_cut(values[index], _ROWS, WIDTH)]

    def _at(self, index: tuple[Any, ...]) -> str:
        """As Python writes it, x[0, :, :, 0], without the colons at the end."""
        text = ", ".join(":" if i == slice(None) else str(i) for i in index)
        return f"{self.name}[{text.rstrip(', :')}]"


def views(program: Program) -> dict[str, View]:
    """What is shown of each value of a program, by its name."""
    nodes = {node: node.name for node in program.arguments}
    loops: set[str] = set()
    for entry in program.body:
        if isinstance(entry, ProcedureCall):
            continue  # it changes arguments
        results = entry.results if isinstance(entry, Loop) else [entry]
        nodes |= {s.value: s.name for s in results if s.target is None}
        loops |= {s.name for s in entry.arrays()} if isinstance(entry, Loop) else set()
    layers = _layers_of_matrices(program)
    return {name: View(name, _axes(node, layers), name in loops) for node, name in nodes.items()}


def _layers_of_matrices(program: Program) -> set[str]:
    """The layers that multiply matrices of each row and head, as attention does."""
    return {
        node.layer for node in g.in_order(program.roots())
        if node.op.name == "matmul" and min(arg.ndim for arg in node.args) > _MATRIX + 1
    }  # fmt: skip


def _axes(node: Node, layers: set[str]) -> Axes:
    if not node.is_batched:
        return Axes.WEIGHTS
    return Axes.MATRICES if node.layer in layers else Axes.ROWS


def _picture_axes(shape: tuple[int, ...], axes: Axes) -> list[int]:
    """The two axes to show; one of size 1 shows nothing and is passed over."""
    free = [axis for axis, size in enumerate(shape) if size > 1]
    if axes is Axes.WEIGHTS:
        return free[:2]
    within = [axis for axis in free if axis] if len(free) > _MATRIX else free
    has_channels = axes is Axes.ROWS and len(within) > _MATRIX
    return within[-3:-1] if has_channels else within[-2:]


def _range(values: Any) -> str:
    finite = values[np.isfinite(values)].astype(np.float64)
    others = values.size - finite.size
    parts = [f"{others} not finite"] if others else []
    if finite.size:
        named = [("smallest", finite.min()), ("mean", finite.mean()), ("largest", finite.max())]
        parts = [*(f"{name} {number + 0.0:.3g}" for name, number in named), *parts]
    return ", ".join(parts) or "nothing in it"


def _cut(values: Any, n_lines: int, width: int) -> list[str]:
    """A vector or matrix with "..." where it would be too long or too wide."""
    choices = (None, 3, 2, 1) if values.size <= _WHOLE else (3, 2, 1)
    for ends in choices:
        lines = _written(values, ends)
        if len(lines) <= n_lines and max(map(len, lines)) <= width:
            break
    return lines


def _written(values: Any, ends: int | None = None) -> list[str]:
    """NumPy's text: as many numbers at both ends of each axis, or all of them in lines that fit."""
    text = np.array2string(
        _without_minus_zero(values), precision=_DIGITS, suppress_small=True,
        threshold=values.size if ends is None else 0, edgeitems=ends or 3,
    )  # fmt: skip
    return [line.rstrip() for line in text.splitlines()]


def _without_minus_zero(values: Any) -> Any:
    """The numbers as they are, but 0 for those that would be shown as -0."""
    if values.dtype.kind != "f":
        return values
    # From 1e8 on NumPy writes exponents, and then the digits of the small ones too.
    finite = values[np.isfinite(values)]
    is_fixed = np.max(np.abs(finite), initial=0) < _FIXED
    return np.where(np.abs(values) < 0.5 * 10.0**-_DIGITS if is_fixed else values == 0, 0, values)
