"""Normalisation: values with mean 0 and deviation 1, then a scale and a shift that are learnt.

BatchNormalization   each channel over the rows of the batch and all positions
LayerNormalization   each row and position over its channels
GroupNormalization   each row over its positions and a group of channels
RMSNormalization     each row and position over its channels, without a mean
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.spec import BATCH, FLOATS, Spec, shape_text, sizes

Mean = Callable[[Any], Node]


class BatchNormalization(Layer, library=True):
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, channel by channel.

    x (B, ..., C), the four arrays (C,). In training mean and variance are those of the batch, over
    its rows and all positions, each row with its weight; every step moves the running figures:

        mean += momentum * (batch mean - mean)            variance likewise

    In prediction, and in training where the layer is frozen (`trainable = False`), the running
    figures are used, and stay as they are.

    momentum  PyTorch's: the share of the batch; Keras' is 1 - momentum
    epsilon   is added to the variance, so that nothing is divided by 0

    As in PyTorch the formula has the biased variance (divided by n) and the running figure the
    unbiased one (by n - 1); of weights (w) n is sum(w)^2 / sum(w^2), so that only their ratios
    count. A batch of one row has variance 0, where PyTorch refuses it: its output is `shift`, no
    gradient flows below, and the running variance is left as it is. (Ioffe and Szegedy, 2015.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.BatchNormalization(0.5), gn.Dense(1)], input_shape=(2,))
    >>> _ = net.fit([[0.0, 1], [2, 1]], [0, 1], epochs=1, verbose=0)
    >>> net.parameters["batch_normalization.mean"].tolist()
    [0.5, 0.5]
    """

    momentum: float = 0.1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        _check_share(self, "momentum", self.momentum)
        _check_positive(self, "epsilon", self.epsilon)

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """scale, shift, and the running mean and variance: (C,)."""
        channels = _channels(*specs)
        return {
            **_scale_and_shift(channels),
            "mean": Parameter(channels, "zeros", trainable=False),
            "variance": Parameter(channels, "ones", trainable=False),
        }

    def formula(self, x: Node, scale: Node, shift: Node, mean: Node, variance: Node) -> Node:
        """With the moments of the batch in training, else with the running figures."""
        running = _affine((x - mean) / _deviation(variance, self.epsilon), scale, shift)
        if not self.trainable:
            return running
        _, centred, batch_variance = _moments(x, _over_rows(x))
        normalized = (centred / _deviation(batch_variance, self.epsilon)).named("normalized")
        return g.when_training(_affine(normalized, scale, shift), running)

    def updates(
        self, x: Node, scale: Node, shift: Node, mean: Node, variance: Node
    ) -> dict[str, Node]:
        """The running figures, a share nearer to the batch's."""
        batch_mean, _, batch_variance = _moments(x, _over_rows(x))
        positions = prod(sizes(x.shape[1:-1]))
        n = g.row_count()
        if positions > 1:
            n = (positions * n).named("count")
            change = (n * batch_variance / (n - 1)).named("unbiased") - variance
        else:  # one row says nothing of the variance, which stays
            free = (n - 1).named("free")
            unbiased = (n * batch_variance / g.maximum(free, 1)).named("unbiased")
            change = unbiased - g.minimum(free, 1) * variance
        return {
            "mean": mean + self.momentum * (batch_mean - mean),
            "variance": variance + self.momentum * change,
        }


class LayerNormalization(Layer, library=True):
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, each row and position by itself.

    x (B, ..., C), mean and variance (biased) over the last axis; scale and shift (C,). It is the
    same in training and prediction. (Ba, Kiros and Hinton, 2016.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.LayerNormalization()], input_shape=(2,))
    >>> net.predict([[1.0, 3.0]]).round(3).tolist()
    [[-1.0, 1.0]]
    """

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        _check_positive(self, "epsilon", self.epsilon)

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """scale and shift (C,)."""
        return _scale_and_shift(_channels(*specs))

    def formula(self, x: Node, scale: Node, shift: Node) -> Node:
        """normalised over the last axis."""
        return _affine(_normalized(x, -1, self.epsilon), scale, shift)


class GroupNormalization(Layer, library=True):
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, each row and group by itself.

    x (B, ..., C): neighbouring channels form `groups` groups of one size; mean and variance
    (biased) go over all positions and the channels of a group. scale and shift (C,). With
    groups = C it is instance normalisation. (Wu and He, 2018.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.GroupNormalization(2)], input_shape=(4,))
    >>> net.predict([[1.0, 3.0, 0.0, 10.0]]).round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    groups: int
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        check_units(self, "groups", self.groups)
        _check_positive(self, "epsilon", self.epsilon)

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """scale and shift (C,)."""
        channels = _channels(*specs)
        if channels[0] % self.groups:
            raise ShapeError(
                f"{channels[0]} channels do not make {self.groups} groups of one size. Take a "
                f"number of groups that divides {channels[0]}: {_divisors(channels[0])}."
            )
        return _scale_and_shift(channels)

    def formula(self, x: Node, scale: Node, shift: Node) -> Node:
        """normalised over positions and the channels of a group."""
        *positions, channels = sizes(x.shape[1:])
        split = (BATCH, prod(positions), self.groups, channels // self.groups)
        grouped = g.reshape(x, shape=split).named("grouped")  # (B, P, G, C / G)
        normalized = _normalized(grouped, (1, 3), self.epsilon)
        return _affine(g.reshape(normalized, shape=x.shape).named("joined"), scale, shift)


class RMSNormalization(Layer, library=True):
    """x / sqrt(mean(x^2) + epsilon) * scale, each row and position by itself.

    x (B, ..., C), the mean over the last axis; scale (C,).

    epsilon  None is the distance from 1 to the next number of the network's kind, as in PyTorch

    (Zhang and Sennrich, 2019.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.RMSNormalization()], input_shape=(2,))
    >>> net.predict([[3.0, -3.0]]).round(3).tolist()
    [[1.0, -1.0]]
    """

    epsilon: float | None = None

    def __post_init__(self) -> None:
        if self.epsilon is not None:
            _check_positive(self, "epsilon", self.epsilon)

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """scale (C,)."""
        return {"scale": Parameter(_channels(*specs), "ones")}

    def formula(self, x: Node, scale: Node) -> Node:
        """x / root of the mean square * scale."""
        epsilon = float(np.finfo(g.float_kind()).eps) if self.epsilon is None else self.epsilon
        square = g.mean(x**2, axis=-1, keepdims=True)
        root = g.sqrt(square + epsilon).named("root")
        return ((x / root).named("normalized") * scale).named("h")


def _over_rows(x: Node) -> Mean:
    """The mean over all axes but the last, each row with its weight."""
    axes = tuple(range(x.ndim - 1))
    return lambda values: g.row_mean(values, axis=axes if len(axes) > 1 else 0)


def _moments(x: Node, mean: Mean) -> tuple[Node, Node, Node]:
    """Mean, distances from it, and their mean square."""
    batch_mean = mean(x).named("batch_mean")
    centred = (x - batch_mean).named("centred")
    return batch_mean, centred, mean(centred**2).named("batch_variance")


def _normalized(x: Node, axis: int | tuple[int, ...], epsilon: float) -> Node:
    """x with mean 0 and deviation 1 over some axes."""
    centred = (x - g.mean(x, axis=axis, keepdims=True)).named("centred")
    variance = g.mean(centred**2, axis=axis, keepdims=True)
    return (centred / _deviation(variance, epsilon)).named("normalized")


def _deviation(variance: Node, epsilon: float) -> Node:
    return g.sqrt(variance + epsilon).named("deviation")


def _affine(x: Node, scale: Node, shift: Node) -> Node:
    return (x * scale + shift).named("h")


def _scale_and_shift(channels: tuple[int, ...]) -> dict[str, Parameter]:
    return {"scale": Parameter(channels, "ones"), "shift": Parameter(channels, "zeros")}


def _channels(*specs: Spec) -> tuple[int]:
    """The size of the last axis, as a shape."""
    (x,) = specs
    if x.rank < 2:
        raise ShapeError(
            f"a row must have at least one axis, got {shape_text(x.shape)}. Say how many columns "
            "there are: input_shape=(10,)."
        )
    if x.dtype not in FLOATS:
        raise ShapeError(f"only floats can be normalised, got {x}. Put gn.Embedding before it.")
    return (int(x.shape[-1]),)


def _divisors(n: int) -> str:
    return ", ".join(str(i) for i in range(1, n + 1) if n % i == 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _check_positive(layer: Layer, name: str, value: Any) -> None:
    if not _is_number(value) or not 0 < value < float("inf"):
        raise SettingError(
            f"{type(layer).__name__}: {name} must be a number above 0, got {value!r}."
        )


def _check_share(layer: Layer, name: str, value: Any) -> None:
    if not _is_number(value) or not 0 <= value <= 1:
        raise SettingError(
            f"{type(layer).__name__}: {name} must be from 0 to 1, got {value!r}. It is the share "
            "of the batch in the running figures: 0.1 here is 0.9 in Keras."
        )
