"""How a window slides: its size, stride, dilation and padding for each axis, and what they give.

Images are (B, H, W, C), sequences (B, T, C), volumes (B, D, H, W, C): the axes between the batch
and the channels are those along which a window slides. Of one such axis with n places

    reach = (size - 1) * dilation + 1                 places that a window covers
    count = (n + before + behind - reach) // stride + 1           windows that there are

and places that the last window does not reach are left out (Keras' and PyTorch's rule).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from glassnet.errors import ShapeError
from glassnet.spec import Shape, shape_text

Sizes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


def each(value: Any, rank: int) -> Sizes:
    """A number for each axis, of one that is for all or of one for each."""
    found = (value,) * rank if isinstance(value, int) else value
    if not isinstance(found, tuple | list) or len(found) != rank or not all(
        isinstance(n, int) for n in found
    ):  # fmt: skip
        raise ShapeError(f"{value!r} must be a whole number, or {rank} of them, one for each axis")
    return tuple(found)


def pairs(value: Any, rank: int) -> Pairs:
    """(before, behind) for each axis, of one number for all, one for each, or pairs."""
    sides = (value,) * rank if isinstance(value, int) else value
    return tuple((side, side) if isinstance(side, int) else tuple(side) for side in sides)


class Sliding(NamedTuple):
    """A window on its way, for each axis."""

    size: Sizes
    stride: Sizes
    dilation: Sizes
    padding: Pairs

    @staticmethod
    def of(size: Any, rank: int, stride: Any = 1, dilation: Any = 1, padding: Any = 0) -> Sliding:
        """From settings, in which one number may stand for all axes."""
        return Sliding(each(size, rank), each(stride, rank), each(dilation, rank),
                       pairs(padding, rank))  # fmt: skip

    @property
    def reach(self) -> Sizes:
        """How many places a window covers."""
        return tuple((n - 1) * d + 1 for n, d in zip(self.size, self.dilation, strict=True))

    @property
    def apart(self) -> bool:
        """True where no two windows share a place, and none is left out between them."""
        return self.stride == self.size and set(self.dilation) == {1}

    def padded(self, sizes: Sequence[int]) -> Sizes:
        """Sizes with their padding."""
        return tuple(n + sum(pair) for n, pair in zip(sizes, self.padding, strict=True))

    def counts(self, sizes: Sequence[Any]) -> Sizes:
        """How many windows there are along each axis; ShapeError where not even one fits."""
        room = self.padded(whole(sizes))
        found = tuple(
            (n - reach) // stride + 1
            for n, reach, stride in zip(room, self.reach, self.stride, strict=True)
        )
        if min(found) < 1:
            padded = f", padded to {shape_text(room)}" if room != tuple(sizes) else ""
            dilated = f" that covers {shape_text(self.reach)}" if self.reach != self.size else ""
            raise ShapeError(
                f"a window of {shape_text(self.size)}{dilated} does not fit into images of "
                f"{shape_text(tuple(sizes))}{padded}"
            )
        return found


def whole(sizes: Sequence[Any]) -> Sizes:
    """Sizes that are known; ShapeError where the batch is among them."""
    if not all(isinstance(n, int) for n in sizes):
        raise ShapeError("no window slides along the batch axis: each row stands for itself")
    return tuple(sizes)


def spatial(shape: Shape) -> Sizes:
    """The sizes between the batch and the channels."""
    return whole(shape[1:-1])


def rank_of(shape: Shape, what: str = "x") -> int:
    """How many axes a window slides along: 1, 2 or 3."""
    rank = len(shape) - 2
    if rank not in {1, 2, 3}:
        raise ShapeError(
            f"{what} must be (B, T, C), (B, H, W, C) or (B, D, H, W, C), got {shape_text(shape)}"
        )
    return rank
