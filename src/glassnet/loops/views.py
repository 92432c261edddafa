"""Views: ops that compute nothing, but read their argument at another index."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.shape import full_index
from glassnet.graph.windows import sliding_of
from glassnet.loops.index import Affine, linear, unravel
from glassnet.spec import BATCH


class Sample(enum.Enum):
    """The index along the batch: the sample at hand."""

    HERE = "n"


Index = tuple[Affine | Sample, ...]  # one for each axis


def affine(index: Affine | Sample) -> Affine:
    """An index that can be computed with; UnsupportedError for the one along the batch."""
    if isinstance(index, Sample):
        raise UnsupportedError("native: the batch axis is indexed; engine='numpy' can.")
    return index


def affines(index: Sequence[Affine | Sample]) -> tuple[Affine, ...]:
    """Indices that can be computed with."""
    return tuple(map(affine, index))


def at_index(arg: Node, index: Sequence[Affine | Sample]) -> Index:
    """Axes of size 1 are always read at 0."""
    return tuple(Affine() if size == 1 else i for size, i in zip(arg.shape, index, strict=True))


def broadcast(arg: Node, index: Index) -> Index:
    """The index of an argument from that of an element-wise result."""
    return at_index(arg, index[len(index) - arg.ndim :] if arg.ndim else ())


def _transposed(node: Node, index: Index) -> Index:
    x = node.args[0]
    axes = node.settings.get("axes") or tuple(range(x.ndim))[::-1]
    by_axis = {axis % x.ndim: i for i, axis in zip(index, axes, strict=True)}
    return tuple(by_axis[axis] for axis in range(x.ndim))


def _reshaped(node: Node, index: Index) -> Index:
    x = node.args[0]
    if x.shape[:1] == (BATCH,) and node.shape[:1] == (BATCH,):
        old, new = whole_sizes(x.shape[1:]), whole_sizes(node.shape[1:])
        return (index[0], *unravel(linear(affines(index[1:]), new), old))
    if BATCH in x.shape:
        raise UnsupportedError("native: a reshape that moves the batch axis.")
    return unravel(linear(affines(index), whole_sizes(node.shape)), whole_sizes(x.shape))


def whole_sizes(shape: Sequence[int | str]) -> tuple[int, ...]:
    """Sizes without the batch."""
    return tuple(int(n) for n in shape)


def _sliced(node: Node, index: Index) -> Index:
    x = node.args[0]
    rest = iter(index)
    found: list[Affine | Sample] = []
    for entry, size in zip(full_index(node.settings["index"], x.shape), x.shape, strict=True):
        if isinstance(entry, int):
            found.append(Affine((), entry % int(size)))
        elif size == BATCH:
            found.append(next(rest))
        else:
            start, _, step = entry.indices(int(size))
            found.append(affine(next(rest)) * step + start)
    return tuple(found)


def _windowed(node: Node, index: Index) -> Index:
    """i * stride + k * dilation along the axes on which windows slide."""
    x, slid, axes = node.args[0], sliding_of(node.settings), node.settings["axes"]
    found = list(index[: x.ndim])
    for i, axis in enumerate(axes):
        place = affine(index[x.ndim + i]) * slid.dilation[i]
        found[axis] = affine(index[axis]) * slid.stride[i] + place
    return tuple(found)


VIEWS: dict[str, Callable[[Node, Index], Index]] = {
    "transpose": _transposed,
    "reshape": _reshaped,
    "slice": _sliced,
    "windows": _windowed,
    "expand": lambda node, index: broadcast(node.args[0], index),
    "stop_gradient": lambda node, index: index,
    "some_steps": lambda node, index: index,
}
