"""How alike two inputs are: sums of their products, and the cosine of the angle between them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer
from glassnet.spec import shape_text

_LEAST = 1e-8  # of a length, as in PyTorch's cosine_similarity
_LETTERS = "acdefghijklmnopqrstuvwxyz"


class Dot(Layer, library=True):
    """Sums of products of two inputs along an axis of each, row by row of the batch.

    x (B, I) and y (B, I) give (B, 1); x (B, T, I) and y (B, S, I) with axes=(2, 2) give (B, T, S).

    axes       the axis of both, or (axis of x, axis of y); 0 is the batch, which stays
    normalize  True divides both by their length along the axis first: the cosine of their angle

    >>> import glassnet as gn
    >>> a, b = gn.Input((2,), name="a"), gn.Input((2,), name="b")
    >>> net = gn.Network(inputs=[a, b], outputs=gn.Dot(axes=1)(a, b))
    >>> net.predict([[[5.0, 1.0]], [[2.0, 2.0]]]).tolist()
    [[12.0]]
    """

    axes: Any
    normalize: bool = False

    def __post_init__(self) -> None:
        listed = (self.axes, self.axes) if isinstance(self.axes, Integral) else self.axes
        is_pair = isinstance(listed, Sequence) and len(listed) == 2
        if not is_pair or not all(_is_axis(axis) for axis in listed):
            raise SettingError(
                "Dot: axes must be a whole number other than 0 (the batch), or two of them, got "
                f"{self.axes!r}."
            )
        self.axes = tuple(int(axis) for axis in listed)

    def formula(self, *inputs: Node) -> Node:
        """(x * y).sum(axis=1) of rows; of more axes einsum("bti,bsi->bts") and its like."""
        x, y = _two(self, inputs)
        i, j = (_axis(v, axis) for v, axis in zip((x, y), self.axes, strict=True))
        if x.shape[i] != y.shape[j]:
            raise ShapeError(
                f"axis {i} of {shape_text(x.shape)} has {x.shape[i]} numbers and axis {j} of "
                f"{shape_text(y.shape)} has {y.shape[j]}. Give axes of one size: axes=(i, j)."
            )
        if self.normalize:
            x, y = _unit(x, i, _LEAST), _unit(y, j, _LEAST)
        if x.ndim == y.ndim == 2:
            return g.sum(x * y, axis=1, keepdims=True).named("h")
        one, other = _subscripts(x.ndim, y.ndim, i, j)
        kept = "".join(c for c in one[1:] + other[1:] if c != one[i])
        return g.einsum(x, y, subscripts=f"{one},{other}->b{kept}").named("h")


class CosineSimilarity(Layer, library=True):
    """sum(x * y) / (|x| * |y|) along an axis: 1 where they point the same way, -1 where opposite.

    x (B, ..., I) and y (B, ..., I) of one shape, result (B, ..., 1): the axis stays, with size 1.

    axis     along which the sums go; 0 is the batch, which stays
    epsilon  lengths below it count as it, as in PyTorch

    >>> import glassnet as gn
    >>> a, b = gn.Input((2,), name="a"), gn.Input((2,), name="b")
    >>> net = gn.Network(inputs=[a, b], outputs=gn.CosineSimilarity()(a, b))
    >>> net.predict([[[3.0, 0.0]], [[2.0, 0.0]]]).round(3).tolist()
    [[1.0]]
    """

    axis: int = -1
    epsilon: float = _LEAST

    def __post_init__(self) -> None:
        if not _is_axis(self.axis):
            raise SettingError(
                "CosineSimilarity: axis must be a whole number other than 0 (the batch), got "
                f"{self.axis!r}."
            )
        self.axis = int(self.axis)
        if not isinstance(self.epsilon, Real) or not self.epsilon > 0:
            raise SettingError(
                f"CosineSimilarity: epsilon must be a number above 0, got {self.epsilon!r}."
            )

    def formula(self, *inputs: Node) -> Node:
        """sum(x * y) / (|x| * |y|)."""
        x, y = _two(self, inputs)
        axis = _axis(x, self.axis)
        if x.shape != y.shape:
            raise ShapeError(
                f"the inputs must have one shape, got {shape_text(x.shape)} and "
                f"{shape_text(y.shape)}. Bring them to one size by gn.Dense, or gn.Reshape."
            )
        product = g.sum(x * y, axis=axis, keepdims=True)
        length_x, length_y = _length(x, axis, self.epsilon), _length(y, axis, self.epsilon)
        return (product / (length_x * length_y)).named("h")


def _two(layer: Layer, inputs: tuple[Node, ...]) -> tuple[Node, Node]:
    if len(inputs) != 2:
        raise ShapeError(
            f"it takes two inputs, as in gn.{type(layer).__name__}(...)(a, b), got {len(inputs)}."
        )
    return inputs[0], inputs[1]


def _is_axis(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value != 0


def _axis(x: Node, axis: int) -> int:
    """The axis counted from 0; it must be one of x, and not the batch."""
    if not (1 <= axis < x.ndim or 1 - x.ndim <= axis <= -1):
        raise ShapeError(
            f"there is no axis {axis} in {shape_text(x.shape)}, beside the batch. "
            f"Take one from 1 to {x.ndim - 1}."
        )
    return axis % x.ndim


def _subscripts(rank_x: int, rank_y: int, i: int, j: int) -> tuple[str, str]:
    """The letters of both, b the batch; the axis that is summed has one letter."""
    one = "b" + _LETTERS[: rank_x - 1]
    other = "b" + _LETTERS[rank_x - 1 : rank_x + rank_y - 2]
    return one, other[:j] + one[i] + other[j + 1 :]


def _length(x: Node, axis: int, least: float) -> Node:
    """The root of the sum of squares, and at least so much; its slope is 0 there."""
    square = g.sum(x**2, axis=axis, keepdims=True).named("square")
    return g.sqrt(g.maximum(square, float(f"{least**2:.12g}"))).named("length")


def _unit(x: Node, axis: int, least: float) -> Node:
    return (x / _length(x, axis, least)).named("unit")
