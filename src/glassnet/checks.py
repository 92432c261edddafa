"""Checks that ship with the library, for its own parts and for yours.

    gn.checks.check_gradients(net, x, y)

compares every derived gradient with central differences of the loss, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet import philox
from glassnet.calls import checked
from glassnet.errors import GlassnetError
from glassnet.graph import Node
from glassnet.graph.walk import with_args
from glassnet.nn.model import Model
from glassnet.program import simplify
from glassnet.program.index_sites import guarded, index_sites
from glassnet.program.measure import measured_loss
from glassnet.program.trace import trace
from glassnet.spec import FLOATS

__all__ = ["GradientCheck", "check_gradients"]

_STEP = 1e-5  # relative to the size of the number: about the cube root of float64's precision
_TOLERANCE = 1e-6
_KINK = 0.01  # one-sided slopes that differ by this share belong to no smooth function
_CANCELS = 0.01  # of the terms of a sum that is smaller, that much is its size
_ROUNDING = 1e-8  # relative error that one unit in the last place of the loss may come to
_MOST = 200  # numbers of one array that are tried


@dataclass(frozen=True)
class GradientCheck:
    """The result of a check.

    errors  the worst relative error of each gradient, by parameter
    """

    errors: dict[str, float]

    @property
    def worst(self) -> float:
        """The worst of all."""
        return max(self.errors.values(), default=0.0)

    def __str__(self) -> str:
        width = max((len(name) for name in self.errors), default=0)
        lines = [f"{name.ljust(width)}  {error:.1e}" for name, error in self.errors.items()]
        return "\n".join(["worst relative error of each derived gradient", *lines])


@checked
def check_gradients(
    net: Model, x: Any, y: Any, *, loss: Any = "auto", tolerance: float = _TOLERANCE
) -> GradientCheck:
    """Compare the derived gradient of each trainable parameter with central differences.

    x, y       a few rows are enough (at most 200 numbers of each array are tried)
    tolerance  the largest relative error that passes; GlassnetError names the parameter else

    Everything is computed in float64, whatever the network's own kind. Numbers that sit on a kink
    (relu at exactly 0), where there is no one slope, are passed over.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(3, "tanh"), gn.Dense(1)], input_shape=(2,))
    >>> float(gn.checks.check_gradients(net, [[0.5, -1.0]], [[2.0]]).worst) < 1e-6
    True
    """
    from glassnet.train.evaluate import as_rows
    from glassnet.train.indices import check_indices
    from glassnet.train.objectives import fitted_objectives

    found = fitted_objectives(net, loss, (), y)
    rows = as_rows(net, found, x, y, None)
    forward = trace(net.topology, "float64", training=True)
    total, leaves = measured_loss(found.each, forward, net.topology)
    (total,) = simplify(guarded([total]))
    arrays = dict(zip([*forward.inputs, *leaves], [*rows.inputs, *rows.targets], strict=True))
    check_indices(index_sites([total]), arrays)
    values: dict[Node, Any] = {leaf: np.asarray(a, dtype=leaf.dtype) for leaf, a in arrays.items()}
    values |= {g.SEED: net.seed, g.STEP: 1}
    values |= {leaf: net.parameters[k].astype(np.float64) for k, leaf in forward.parameters.items()}
    names = list(forward.trainable)
    wrt = [forward.parameters[name] for name in names]
    checked = GradientCheck(dict(zip(names, errors(total, wrt, values, rows.count), strict=True)))
    for name, error in checked.errors.items():
        if not error <= tolerance:
            raise GlassnetError(
                f"The derived gradient of {name} differs from central differences by "
                f"{error:.1e} (relative), more than {tolerance:.1e}. Look at the gradient rules "
                "of the ops in that layer, or at kinks in the data."
            )
    return checked


def __dir__() -> list[str]:
    return __all__


def errors(
    loss: Node, wrt: Sequence[Node], values: dict[Node, Any], batch: int | None = None
) -> list[float]:
    """The worst relative error of each derived gradient of `loss`, against central differences."""
    derived = g.gradients(loss, wrt)
    found = g.evaluate([*derived, *map(terms, derived)], values, batch)
    n = len(wrt)

    def at(leaf: Node, value: Any) -> float:
        return float(g.evaluate([loss], {**values, leaf: value}, batch)[0])

    return [
        _worst(lambda value, leaf=leaf: at(leaf, value), values[leaf], gradient, sizes)  # type: ignore[misc]
        for leaf, gradient, sizes in zip(wrt, found[:n], found[n:], strict=True)
    ]


def terms(gradient: Node) -> Node:
    """The size of what is summed up in a gradient: the same sums, with every term made positive.

    db = sum(dz) and dz = da - mean(da) give sum(|da| + mean(|da|)): db is 0 but for rounding, and
    this says beside what. It goes back through sums, views and products of matrices, and no
    further, so that it stays near the gradient where nothing cancels.
    """
    sizes: dict[Node, Node] = {}

    def size(node: Node) -> Node:
        return sizes[node] if node in sizes else g.abs(node)

    for node in g.in_order([gradient]):
        if node.dtype not in FLOATS or node.is_leaf:
            continue
        name, args = node.op.name, node.args
        if name in {"add", "sub"}:
            sizes[node] = g.add(size(args[0]), size(args[1]))
        elif name == "neg":
            sizes[node] = size(args[0])
        elif name in {"sum", "mean"} or node.op.kind in {"view", "contract"}:
            sizes[node] = with_args(node, tuple(map(size, args)))
        elif name in {"mul", "div"} and not args[1].shape:
            sizes[node] = with_args(node, (size(args[0]), g.abs(args[1])))
    return size(gradient)


def _worst(function: Callable[[Any], float], value: Any, gradient: Any, sizes: Any) -> float:
    """The largest difference, relative to the largest gradient.

    A gradient whose terms cancel is held to their size, and one that is lost in the rounding of
    the loss to the size at which it would be seen.
    """
    flat = np.asarray(gradient, dtype=np.float64).ravel()
    here = function(value)
    scale = max(np.abs(flat).max(initial=0.0), _CANCELS * np.max(sizes, initial=0.0), 1e-7)
    worst = 0.0
    for i in _chosen(value.size):
        step = _STEP * max(1.0, abs(float(value.flat[i])))
        up, down = value.copy(), value.copy()
        up.flat[i] += step
        down.flat[i] -= step
        above, below = function(up), function(down)
        right, left = (above - here) / step, (here - below) / step
        if abs(right - left) > _KINK * max(abs(right), abs(left), scale):
            continue  # a kink such as relu at exactly 0: there is no one slope
        width = up.flat[i] - down.flat[i]
        rounding = np.finfo(np.float64).eps * max(abs(above), abs(below)) / width
        apart = abs((above - below) / width - flat[i])
        worst = max(worst, float(apart / max(scale, rounding / _ROUNDING)))
    return worst


def _chosen(size: int) -> Any:
    if size <= _MOST:
        return range(size)
    return np.sort(philox.permutation(size, 0, philox.SPLIT)[:_MOST])
