"""Convolutions the other way: from few places to many, as in generators and segmentation.

z[n, i * stride + k, j * stride + l, o] is a sum of x[n, i, j, c] * weight[k, l, o, c]: what a
convolution from z to x does with gradients, as x @ W.T is beside x @ W.
"""

from __future__ import annotations

from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.graph.sliding import Sizes, Sliding
from glassnet.nn.activation import as_layer
from glassnet.nn.convolution import activated, call_settings, check_groups, check_window
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.nn.sliding import check_padding, images_of, padding_of, sizes_of
from glassnet.spec import Spec, shape_text


class _Transposed(Layer):
    """What Conv1DTranspose and Conv2DTranspose share."""

    axes: ClassVar[int]

    filters: int
    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
    output_padding: Any = None
    dilation_rate: Any = 1
    groups: int = 1
    activation: Any = "linear"
    use_bias: bool = True
    weight_init: Any = "glorot_uniform"
    bias_init: Any = "zeros"
    weight_regularizer: Any = None
    bias_regularizer: Any = None
    weight_constraint: Any = None

    def __post_init__(self) -> None:
        check_units(self, "filters", self.filters)
        check_units(self, "groups", self.groups)
        check_window(self, self.axes)
        if self.output_padding is not None:
            check_padding(self, self.output_padding, self.axes, (), name="output_padding")
        as_layer(self.activation)

    def made(self, x: Spec) -> tuple[Sliding, Sizes]:
        """How the kernel of the convolution slides that this is the transpose of, and its images.

        "valid": (n - 1) * stride + reach places, or n * stride where the stride is larger;
        "same": n * stride; with numbers, as many less as they are.
        """
        kernel, strides, dilation = (
            sizes_of(self, name, getattr(self, name), self.axes)
            for name in ("kernel_size", "strides", "dilation_rate")
        )
        slid = Sliding.of(kernel, self.axes, strides, dilation)
        counts = images_of(x, self.axes)
        steps = tuple(n * stride for n, stride in zip(counts, slid.stride, strict=True))
        if self.padding == "same":
            return slid._replace(padding=padding_of("same", slid, steps)), steps
        slid = slid._replace(padding=padding_of(self.padding, slid, counts))
        more = self._output_padding(slid)
        sizes = tuple(
            (n - 1) * stride + reach - sum(pair) + extra
            for n, stride, reach, pair, extra in zip(
                counts, slid.stride, slid.reach, slid.padding, more, strict=True
            )
        )
        if min(sizes) < 1:
            raise ShapeError(
                f"padding={self.padding!r} leaves nothing of the {shape_text(x.shape)}: images of "
                f"{shape_text(sizes)}. Take less padding."
            )
        return slid, sizes

    def _output_padding(self, slid: Sliding) -> Sizes:
        """How many places more there are at the end, which no window of the convolution reaches."""
        if self.output_padding is None:
            if self.padding != "valid":
                return (0,) * self.axes
            return tuple(max(0, s - r) for s, r in zip(slid.stride, slid.reach, strict=True))
        more = self.output_padding
        found = (int(more),) * self.axes if isinstance(more, int) else tuple(map(int, more))
        if len(found) != self.axes or not all(
            0 <= n < s for n, s in zip(found, slid.stride, strict=True)
        ):
            raise ShapeError(
                f"output_padding={more!r} must be less than the strides, {slid.stride}, for each "
                "axis."
            )
        return found

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (*kernel_size, O / groups, C), bias (O,), and those of the activation."""
        (x,) = specs
        slid, sizes = self.made(x)
        channels = int(x.shape[-1])
        check_groups(x, self.groups, self.filters)
        shape = (*slid.size, self.filters // self.groups, channels)
        found = {
            "weight": Parameter(
                shape, self.weight_init, self.weight_regularizer, self.weight_constraint
            )
        }
        if self.use_bias:
            found["bias"] = Parameter((self.filters,), self.bias_init, self.bias_regularizer)
        z = x.with_shape((x.shape[0], *sizes, self.filters))
        return found | as_layer(self.activation).parameters(z)

    def formula(self, x: Node, weight: Node, bias: Node | None = None, **others: Node) -> Node:
        """activation(conv_transpose(x, weight) + bias)."""
        slid, sizes = self.made(x.spec)
        z = g.conv_transpose(x, weight, size=sizes, **call_settings(slid, self.groups))
        return activated(self.activation, z, bias, others)


class Conv1DTranspose(_Transposed, library=True):
    """A convolution the other way: each number of a sequence goes through a kernel to a window.

    x (B, T, C), weight (K, O / groups, C), bias (O,), result (B, T', O); all settings are those of
    Conv2DTranspose.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Conv1DTranspose(3, 4, strides=2)], input_shape=(5, 2))
    >>> net.prediction_program().results[0].shape
    ('B', 12, 3)
    """

    axes: ClassVar[int] = 1


class Conv2DTranspose(_Transposed, library=True):
    """A convolution the other way: each number of an image goes through a kernel to a window.

    x (B, H, W, C), weight (K, K, O / groups, C), bias (O,), result (B, H', W', O), O = filters. The
    weight is that of the convolution from the result to x, as in Keras.

    padding         "valid": H' = (H - 1) * stride + K, or H * stride where the stride is larger;
                    "same": H' = H * stride; numbers: so much less at each side (as in PyTorch)
    output_padding  how many rows and columns more there are at the end, less than the stride
    The rest is as in gn.Conv2D.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Conv2DTranspose(3, 4, 2, "same")], input_shape=(7, 7, 8))
    >>> net.prediction_program().results[0].shape
    ('B', 14, 14, 3)
    """

    axes: ClassVar[int] = 2
