"""Pooling: of each window of an image one number, its largest or its mean; or of the whole image.

Sequences are (B, T, C), images (B, H, W, C), volumes (B, D, H, W, C).
"""

from __future__ import annotations

from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.sliding import Sliding
from glassnet.nn.layer import Layer
from glassnet.nn.sliding import check_padding, counts_of, images_of, padding_of, sizes_of

_LOWEST = -1e30  # below whatever a layer gives
_CURE = "Take a smaller pool_size, or pool less often before."


class _Pooling(Layer):
    """What pooling over windows shares."""

    axes: ClassVar[int]

    pool_size: Any = 2
    strides: Any = None
    padding: Any = "valid"

    def __post_init__(self) -> None:
        sizes_of(self, "pool_size", self.pool_size, self.axes)
        if self.strides is not None:
            sizes_of(self, "strides", self.strides, self.axes)
        check_padding(self, self.padding, self.axes, ("valid", "same"))

    def settings(self, x: Node) -> dict[str, Any]:
        """The settings of the graph's pooling, without those that are as usual."""
        sizes = images_of(x.spec, self.axes)
        size = sizes_of(self, "pool_size", self.pool_size, self.axes)
        strides = self.pool_size if self.strides is None else self.strides
        slid = Sliding.of(size, self.axes, sizes_of(self, "strides", strides, self.axes))
        slid = slid._replace(padding=padding_of(self.padding, slid, sizes))
        counts_of(x.spec, slid, _CURE)
        found: dict[str, Any] = {"size": size}
        if slid.stride != size:
            found["stride"] = slid.stride
        if any(map(any, slid.padding)):
            found["padding"] = slid.padding
        return found


class _MaxPooling(_Pooling):
    """The largest number of each window."""

    def formula(self, x: Node) -> Node:
        """max_pool(x)."""
        return g.max_pool(x, **self.settings(x)).named("p")


class _AveragePooling(_Pooling):
    """The mean of each window."""

    def formula(self, x: Node) -> Node:
        """avg_pool(x)."""
        return g.avg_pool(x, **self.settings(x)).named("p")


class MaxPooling1D(_MaxPooling, library=True):
    """The largest number of each window: (B, T, C) -> (B, T', C). Settings as in MaxPooling2D."""

    axes: ClassVar[int] = 1


class MaxPooling2D(_MaxPooling, library=True):
    """The largest number of each window: (B, H, W, C) -> (B, H', W', C).

    pool_size  of a window: one number, or one for each axis
    strides    from window to window; None is pool_size: windows side by side
    padding    "valid": none, and rows that fill no window are left out; "same": H' = H / stride,
               rounded up; or numbers, as in gn.Conv2D. It is never the largest number.

    Of equal numbers the first takes the gradient, as in PyTorch.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.MaxPooling2D()], input_shape=(2, 2, 1))
    >>> net.predict([[[[1], [5]], [[2], [3]]]]).tolist()
    [[[[5.0]]]]
    """

    axes: ClassVar[int] = 2


class MaxPooling3D(_MaxPooling, library=True):
    """The largest number of each window: (B, D, H, W, C) -> (B, D', H', W', C).

    Settings as in MaxPooling2D.
    """

    axes: ClassVar[int] = 3


class AveragePooling1D(_AveragePooling, library=True):
    """The mean of each window: (B, T, C) -> (B, T', C). Settings as in AveragePooling2D."""

    axes: ClassVar[int] = 1


class AveragePooling2D(_AveragePooling, library=True):
    """The mean of each window: (B, H, W, C) -> (B, H', W', C).

    Settings as in gn.MaxPooling2D. Padding does not count in a mean (as in Keras; PyTorch has it
    with count_include_pad=False).

    >>> import glassnet as gn
    >>> net = gn.Network([gn.AveragePooling2D()], input_shape=(2, 2, 1))
    >>> net.predict([[[[1], [5]], [[2], [4]]]]).tolist()
    [[[[3.0]]]]
    """

    axes: ClassVar[int] = 2


class AveragePooling3D(_AveragePooling, library=True):
    """The mean of each window: (B, D, H, W, C) -> (B, D', H', W', C).

    Settings as in AveragePooling2D.
    """

    axes: ClassVar[int] = 3


class _Whole(Layer):
    """What pooling over whole images shares."""

    axes: ClassVar[int]

    def over(self, x: Node) -> Any:
        """The axes of the image."""
        images_of(x.spec, self.axes)
        return tuple(range(1, self.axes + 1)) if self.axes > 1 else 1


class _GlobalMaxPooling(_Whole):
    """The largest number of each channel."""

    def formula(self, x: Node) -> Node:
        """x.max over all places."""
        return g.max(x, axis=self.over(x)).named("p")


class _GlobalAveragePooling(_Whole):
    """The mean of each channel."""

    def formula(self, x: Node) -> Node:
        """x.mean over all places."""
        return g.mean(x, axis=self.over(x)).named("p")


class GlobalMaxPooling1D(_Whole, library=True):
    """The largest number of each channel: (B, T, C) -> (B, C). Equal ones share the gradient.

    Steps that are only filling (gn.Masking, gn.Embedding(mask_zero=True)) are never the largest;
    where nothing else is, the result is 0.
    """

    axes: ClassVar[int] = 1
    takes_mask: ClassVar[bool] = True
    takes_empty: ClassVar[bool] = True

    def formula(self, x: Node, mask: Node | None = None) -> Node:
        """x.max over all steps that count."""
        axis = self.over(x)
        if mask is None:
            return g.max(x, axis=axis).named("p")
        steps = g.where(g.expand_dims(mask, -1), x, _LOWEST).named("steps")
        largest = g.max(steps, axis=axis).named("largest")
        return g.where(largest > _LOWEST, largest, 0).named("p")


class GlobalMaxPooling2D(_GlobalMaxPooling, library=True):
    """The largest number of each channel: (B, H, W, C) -> (B, C).

    Equal ones share the gradient, as in PyTorch's amax.
    """

    axes: ClassVar[int] = 2


class GlobalMaxPooling3D(_GlobalMaxPooling, library=True):
    """The largest number of each channel: (B, D, H, W, C) -> (B, C).

    Equal ones share the gradient, as in PyTorch's amax.
    """

    axes: ClassVar[int] = 3


class GlobalAveragePooling1D(_Whole, library=True):
    """The mean of each channel: (B, T, C) -> (B, C).

    Steps that are only filling (gn.Masking, gn.Embedding(mask_zero=True)) are left out of the
    mean, as in Keras; where nothing is left, the result is 0.

    >>> import glassnet as gn
    >>> codes = gn.Input((3,), dtype="int64")
    >>> h = gn.Embedding(4, 1, weight_init="ones", mask_zero=True)(codes)
    >>> net = gn.Network(inputs=codes, outputs=gn.GlobalAveragePooling1D()(h))
    >>> net.predict([[2, 1, 0], [0, 0, 0]]).tolist()
    [[1.0], [0.0]]
    """

    axes: ClassVar[int] = 1
    takes_mask: ClassVar[bool] = True
    takes_empty: ClassVar[bool] = True

    def formula(self, x: Node, mask: Node | None = None) -> Node:
        """x.mean over all steps that count."""
        axis = self.over(x)
        if mask is None:
            return g.mean(x, axis=axis).named("p")
        counts = g.expand_dims(g.cast(mask, dtype=x.dtype), -1).named("counted")
        length = g.maximum(g.sum(counts, axis=1), 1.0).named("length")
        return (g.sum(x * counts, axis=axis) / length).named("p")


class GlobalAveragePooling2D(_GlobalAveragePooling, library=True):
    """The mean of each channel: (B, H, W, C) -> (B, C).

    >>> import glassnet as gn
    >>> net = gn.Network([gn.GlobalAveragePooling2D()], input_shape=(2, 2, 1))
    >>> net.predict([[[[1], [5]], [[2], [4]]]]).tolist()
    [[3.0]]
    """

    axes: ClassVar[int] = 2


class GlobalAveragePooling3D(_GlobalAveragePooling, library=True):
    """The mean of each channel: (B, D, H, W, C) -> (B, C)."""

    axes: ClassVar[int] = 3
