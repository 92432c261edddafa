"""Convolutions: kernels that slide over sequences, images and volumes.

z[n, i, j, o] = sum of x[n, i + k, j + l, c] * weight[k, l, c, o] + bias[o]

Sequences are (B, T, C), images (B, H, W, C), volumes (B, D, H, W, C). The weight is
(*kernel_size, C / groups, O) with O = filters. As the field does, the kernel is not turned round.
"""

from __future__ import annotations

from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.graph.sliding import Sliding
from glassnet.nn.activation import as_layer
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.nn.sliding import check_padding, counts_of, images_of, padding_of, sizes_of
from glassnet.spec import Spec, shape_text

_CURE = "Take a smaller kernel_size or larger images, or padding='same'."


def call_settings(slid: Sliding, groups: int = 1) -> dict[str, Any]:
    """The settings of a graph's convolution, without those that are as usual."""
    found: dict[str, Any] = {
        "stride": slid.stride, "dilation": slid.dilation, "padding": slid.padding,
        "groups": groups,
    }  # fmt: skip
    usual = {
        "stride": (1,) * len(slid.size), "dilation": (1,) * len(slid.size),
        "padding": ((0, 0),) * len(slid.size), "groups": 1,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value != usual[name]}


def check_groups(x: Spec, groups: int, filters: int) -> None:
    """Raise unless channels and filters fall into so many groups."""
    channels = int(x.shape[-1])
    if channels % groups or filters % groups:
        raise ShapeError(
            f"groups={groups} must divide the {channels} channels of {shape_text(x.shape)} and the "
            f"{filters} filters. Groups that divide both: {_common(channels, filters)}."
        )


def _common(a: int, b: int) -> str:
    return ", ".join(str(n) for n in range(1, min(a, b) + 1) if a % n == b % n == 0)


def check_window(layer: Any, axes: int = 2, words: tuple[str, ...] = ("valid", "same")) -> None:
    """Raise unless a kernel can slide by the fields of this layer."""
    for name in ("kernel_size", "strides", "dilation_rate"):
        sizes_of(layer, name, getattr(layer, name), axes)
    check_padding(layer, layer.padding, axes, words)


class _Convolution(Layer):
    """What Conv1D, Conv2D and Conv3D share: they differ in their number of axes."""

    axes: ClassVar[int]
    words: ClassVar[tuple[str, ...]] = ("valid", "same")

    filters: int
    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
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
        check_window(self, self.axes, self.words)
        as_layer(self.activation)

    def sliding(self, x: Spec) -> Sliding:
        """How the kernel slides over such images."""
        kernel, strides, dilation = (
            sizes_of(self, name, getattr(self, name), self.axes)
            for name in ("kernel_size", "strides", "dilation_rate")
        )
        slid = Sliding.of(kernel, self.axes, strides, dilation)
        return slid._replace(padding=padding_of(self.padding, slid, images_of(x, self.axes)))

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (*kernel_size, C / groups, O), bias (O,), and those of the activation."""
        (x,) = specs
        slid = self.sliding(x)
        counts = counts_of(x, slid, _CURE)
        channels = int(x.shape[-1])
        check_groups(x, self.groups, self.filters)
        shape = (*slid.size, channels // self.groups, self.filters)
        found = {
            "weight": Parameter(
                shape, self.weight_init, self.weight_regularizer, self.weight_constraint
            )
        }
        if self.use_bias:
            found["bias"] = Parameter((self.filters,), self.bias_init, self.bias_regularizer)
        z = x.with_shape((x.shape[0], *counts, self.filters))
        return found | as_layer(self.activation).parameters(z)

    def formula(self, x: Node, weight: Node, bias: Node | None = None, **others: Node) -> Node:
        """activation(conv(x, weight) + bias)."""
        z = g.conv(x, weight, **call_settings(self.sliding(x.spec), self.groups))
        return activated(self.activation, z, bias, others)


def activated(activation: Any, z: Node, bias: Node | None, others: dict[str, Node]) -> Node:
    """activation(z + bias)."""
    if bias is not None:
        z = z + bias
    return as_layer(activation).formula(z.named("z"), **others)


class Conv1D(_Convolution, library=True):
    """a = activation(conv(x, weight) + bias): kernels that slide over sequences.

    x (B, T, C), weight (K, C / groups, O), bias (O,), result (B, T', O) with O = filters. All
    settings are those of Conv2D; padding="causal" puts all padding in front, so that no result
    sees what comes after it.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Conv1D(4, 3, padding="causal")], input_shape=(10, 2))
    >>> net.parameters["conv1d.weight"].shape
    (3, 2, 4)
    """

    axes: ClassVar[int] = 1
    words: ClassVar[tuple[str, ...]] = ("valid", "same", "causal")


class Conv2D(_Convolution, library=True):
    """a = activation(conv(x, weight) + bias): kernels that slide over images.

    x (B, H, W, C), weight (K, K, C / groups, O), bias (O,), result (B, H', W', O), O = filters.

    kernel_size, strides, dilation_rate  one number, or one for each axis
    padding     "valid": none, H' = (H - K) // stride + 1, and rows that the last window does not
                reach are left out; "same": H' = H / stride, rounded up; a number of zeros around
                the image; or ((before, behind), (before, behind))
    groups      channels and filters fall into so many groups that know nothing of one another
    activation  name, or function in graph ops, or layer; the rest as in gn.Dense

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Conv2D(6, 5, activation="relu")], input_shape=(28, 28, 1))
    >>> net.parameters["conv2d.weight"].shape
    (5, 5, 1, 6)
    """

    axes: ClassVar[int] = 2


class Conv3D(_Convolution, library=True):
    """a = activation(conv(x, weight) + bias): kernels that slide over volumes.

    x (B, D, H, W, C), weight (K, K, K, C / groups, O), bias (O,), result (B, D', H', W', O). All
    settings are those of Conv2D.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Conv3D(2, 3)], input_shape=(5, 6, 7, 1))
    >>> net.prediction_program().results[0].shape
    ('B', 3, 4, 5, 2)
    """

    axes: ClassVar[int] = 3


class DepthwiseConv2D(Layer, library=True):
    """Each channel has kernels of its own: a convolution in as many groups as there are channels.

    x (B, H, W, C), weight (K, K, 1, C * depth_multiplier), bias (C * depth_multiplier,). Results
    c * depth_multiplier and those behind it are of channel c, as in Keras, whose weight
    (K, K, C, depth_multiplier) has the same numbers in the same order.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.DepthwiseConv2D(3)], input_shape=(8, 8, 4))
    >>> net.parameters["depthwise_conv2d.weight"].shape
    (3, 3, 1, 4)
    """

    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
    depth_multiplier: int = 1
    dilation_rate: Any = 1
    activation: Any = "linear"
    use_bias: bool = True
    weight_init: Any = "glorot_uniform"
    bias_init: Any = "zeros"
    weight_regularizer: Any = None
    bias_regularizer: Any = None
    weight_constraint: Any = None

    def __post_init__(self) -> None:
        check_units(self, "depth_multiplier", self.depth_multiplier)
        check_window(self)
        self._inner(1)

    def _inner(self, channels: int) -> Conv2D:
        """The convolution in groups that this is."""
        return Conv2D(
            channels * self.depth_multiplier, self.kernel_size, self.strides, self.padding,
            self.dilation_rate, channels, self.activation, self.use_bias, self.weight_init,
            self.bias_init, self.weight_regularizer, self.bias_regularizer,
            self.weight_constraint, name=self.name or type(self).__name__,
        )  # fmt: skip

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (K, K, 1, C * depth_multiplier), bias (C * depth_multiplier,)."""
        images_of(specs[0], 2)
        return self._inner(int(specs[0].shape[-1])).parameters(*specs)

    def formula(self, x: Node, weight: Node, bias: Node | None = None, **others: Node) -> Node:
        """activation(conv(x, weight, groups=C) + bias)."""
        return self._inner(int(x.shape[-1])).formula(x, weight, bias, **others)


class SeparableConv2D(Layer, library=True):
    """A convolution of each channel on its own, then a product over the channels at each place.

    h = conv(x, depthwise, groups=C), a = activation(conv(h, pointwise) + bias).

    x (B, H, W, C), depthwise (K, K, 1, C * depth_multiplier), pointwise (1, 1,
    C * depth_multiplier, O), bias (O,), result (B, H', W', O) with O = filters. It has far fewer
    weights than Conv2D (Chollet, 2017).

    >>> import glassnet as gn
    >>> net = gn.Network([gn.SeparableConv2D(5, 3)], input_shape=(8, 8, 4))
    >>> [array.shape for array in net.parameters.values()]
    [(3, 3, 1, 4), (1, 1, 4, 5), (5,)]
    """

    filters: int
    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
    depth_multiplier: int = 1
    dilation_rate: Any = 1
    activation: Any = "linear"
    use_bias: bool = True
    weight_init: Any = "glorot_uniform"
    bias_init: Any = "zeros"
    weight_regularizer: Any = None
    bias_regularizer: Any = None

    def __post_init__(self) -> None:
        check_units(self, "filters", self.filters)
        check_units(self, "depth_multiplier", self.depth_multiplier)
        check_window(self)
        as_layer(self.activation)

    def _depthwise(self) -> DepthwiseConv2D:
        """The convolution of each channel on its own."""
        return DepthwiseConv2D(
            self.kernel_size, self.strides, self.padding, self.depth_multiplier,
            self.dilation_rate, use_bias=False, weight_init=self.weight_init,
            weight_regularizer=self.weight_regularizer, name=self.name or type(self).__name__,
        )  # fmt: skip

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """depthwise (K, K, 1, C * m), pointwise (1, 1, C * m, O), bias (O,)."""
        depthwise = self._depthwise().parameters(*specs)["weight"]
        shape = (1, 1, depthwise.shape[-1], self.filters)
        found = {
            "depthwise": depthwise,
            "pointwise": Parameter(shape, self.weight_init, self.weight_regularizer),
        }
        if self.use_bias:
            found["bias"] = Parameter((self.filters,), self.bias_init, self.bias_regularizer)
        z = specs[0].with_shape((*specs[0].shape[:-1], self.filters))
        return found | as_layer(self.activation).parameters(z)

    def formula(
        self, x: Node, depthwise: Node, pointwise: Node, bias: Node | None = None, **others: Node
    ) -> Node:
        """activation(conv(conv(x, depthwise, groups=C), pointwise) + bias)."""
        h = self._depthwise().formula(x, depthwise).named("h")
        return activated(self.activation, g.conv(h, pointwise), bias, others)
