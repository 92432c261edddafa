"""Ops that take many numbers to one along some axes: sums, means, extremes, softmax and its kin."""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.elementwise import _real, cast, equal, exp
from glassnet.graph.node import Node
from glassnet.graph.op import Op, batch_size, lift
from glassnet.graph.registry import numpy_formula
from glassnet.graph.shape import reshape, stretch
from glassnet.spec import BATCH, Dim, Shape, Spec, known_size

Axis = int | tuple[int, ...] | None


def normal_axes(axis: Axis, rank: int) -> tuple[int, ...]:
    """The axes as sorted numbers from 0; None is all of them."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in axes:
        if not -rank <= one < rank:
            raise ShapeError(f"there is no axis {one} in an array of {rank} axes")
    return tuple(sorted({one % rank for one in axes}))


def _reduced(x: Spec, axis: Axis = None, keepdims: bool = False) -> Spec:
    axes = normal_axes(axis, x.rank)
    if keepdims:
        return x.with_shape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return x.with_shape(tuple(n for i, n in enumerate(x.shape) if i not in axes))


def _summed(x: Spec, axis: Axis = None, keepdims: bool = False) -> Spec:
    """Truth values are counted."""
    spec = _reduced(x, axis, keepdims)
    return Spec(spec.shape, "int64") if spec.dtype == "bool" else spec


def _reduced_real(x: Spec, axis: Axis = None, keepdims: bool = False) -> Spec:
    return _real(_reduced(x, axis, keepdims))


def _reduced_index(x: Spec, axis: Axis = None) -> Spec:
    if axis is not None and not isinstance(axis, int):
        raise ShapeError("argmax takes one axis")
    return Spec(_reduced(x, axis).shape, "int64")


def _same(x: Spec, axis: int = -1) -> Spec:
    normal_axes(axis, x.rank)
    return _real(x)


def restore(g: Node, shape: Shape, axis: Axis, keepdims: bool) -> Node:
    """Undo the loss of axes in a reduction: g again with sizes 1 where `axis` was summed."""
    if keepdims or g.ndim == len(shape) or g.shape == ():
        return g
    axes = normal_axes(axis, len(shape))
    return reshape(g, shape=tuple(1 if i in axes else n for i, n in enumerate(shape)))


def count(shape: Shape, axis: Axis) -> Node:
    """How many numbers a reduction takes together, the batch counted when the program runs."""
    sizes: list[Dim] = [shape[i] for i in normal_axes(axis, len(shape))]
    known, batches = known_size(tuple(sizes)), sizes.count(BATCH)
    if not batches:
        return lift(known)
    size = batch_size() if batches == 1 else batch_size() ** batches
    return size if known == 1 else known * size


def _spread(g: Node, x: Node, axis: Axis, keepdims: bool) -> Node:
    return stretch(restore(g, x.shape, axis, keepdims), x.shape, x.dtype)


def _sum_gradient(g: Node, y: Node, x: Node, axis: Axis = None, keepdims: bool = False) -> Any:
    return (_spread(g, x, axis, keepdims),)


def _mean_gradient(g: Node, y: Node, x: Node, axis: Axis = None, keepdims: bool = False) -> Any:
    return (_spread(g / count(x.shape, axis), x, axis, keepdims),)


def _extreme_gradient(g: Node, y: Node, x: Node, axis: Axis = None, keepdims: bool = False) -> Any:
    """Where several numbers are the extreme one, each gets an equal part."""
    found = cast(equal(x, restore(y, x.shape, axis, keepdims)), dtype=x.dtype)
    shared = sum(found, axis=axis, keepdims=True)
    return (restore(g, x.shape, axis, keepdims) * found / shared,)


def _logsumexp_gradient(
    g: Node, y: Node, x: Node, axis: Axis = None, keepdims: bool = False
) -> Any:
    g, y = restore(g, x.shape, axis, keepdims), restore(y, x.shape, axis, keepdims)
    if isinstance(axis, int):
        return (g * softmax(x, axis=axis),)
    return (g * exp(x - y),)


def _softmax_gradient(g: Node, y: Node, x: Node, axis: int = -1) -> Any:
    return (y * (g - sum(g * y, axis=axis, keepdims=True)),)


def _log_softmax_gradient(g: Node, y: Node, x: Node, axis: int = -1) -> Any:
    return (g - softmax(x, axis=axis) * sum(g, axis=axis, keepdims=True),)


def _write_axes(function: str, method: bool) -> Any:
    def write(parts: list[str], settings: dict[str, Any], node: Node) -> str:
        words = [] if method else [parts[0]]
        axis = settings.get("axis")
        if axis is not None and not (axis == -1 and function.endswith("softmax")):
            words.append(f"axis={axis}")
        if settings.get("keepdims") and node.args[0].ndim:
            words.append("keepdims=True")
        return f"{parts[0] + '.' if method else ''}{function}({', '.join(words)})"

    return write


sum = Op("sum", _write_axes("sum", method=True), _summed, _sum_gradient, kind="reduce")
mean = Op("mean", _write_axes("np.mean", method=False), _reduced_real, _mean_gradient,
          kind="reduce")  # fmt: skip
max = Op("max", _write_axes("max", method=True), _reduced, _extreme_gradient, kind="reduce",
         letter="top")  # fmt: skip
min = Op("min", _write_axes("min", method=True), _reduced, _extreme_gradient, kind="reduce")
argmax = Op("argmax", _write_axes("argmax", method=True), _reduced_index, None, kind="reduce")
logsumexp = Op("logsumexp", _write_axes("logsumexp", method=False), _reduced_real,
               _logsumexp_gradient, kind="reduce", helper='''\
def logsumexp(x, axis=None, keepdims=False):
    """ln(sum(e^x)) without overflow: the largest x is taken out first."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: ln(0) below is the right answer
    with np.errstate(divide="ignore", over="ignore"):
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis=axis)
''')  # fmt: skip
softmax = Op("softmax", _write_axes("softmax", method=False), _same, _softmax_gradient,
             kind="reduce", letter="p", helper='''\
def softmax(x, axis=-1):
    """e^x / sum(e^x) without overflow: the largest x is taken out first."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
''')  # fmt: skip
log_softmax = Op("log_softmax", _write_axes("log_softmax", method=False), _same,
                 _log_softmax_gradient, kind="reduce", helper='''\
def log_softmax(x, axis=-1):
    """ln(softmax(x)) without overflow and without ln(0)."""
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
''')  # fmt: skip


@numpy_formula
def variance(x: Any, axis: Axis = None, keepdims: bool = False) -> Node:
    """Mean square of the distance from the mean (divided by n, not n - 1)."""
    x = lift(x)
    return mean((x - mean(x, axis=axis, keepdims=True)) ** 2, axis=axis, keepdims=keepdims)
