"""Activations: plain functions in graph ops, from z to a. Write your own in the same way.

Where definitions differ between frameworks, PyTorch's holds.
"""

from __future__ import annotations

from collections.abc import Callable

from glassnet import graph as g
from glassnet.graph import Node

Activation = Callable[[Node], Node]


def linear(z: Node) -> Node:
    """z."""
    return z


def sigmoid(z: Node) -> Node:
    """1 / (1 + e^-z)."""
    return g.sigmoid(z)


def hard_sigmoid(z: Node) -> Node:
    """z / 6 + 1/2, held between 0 and 1."""
    return g.clip(z / 6 + 0.5, 0, 1)


def tanh(z: Node) -> Node:
    """(e^z - e^-z) / (e^z + e^-z)."""
    return g.tanh(z)


def relu(z: Node) -> Node:
    """max(z, 0)."""
    return g.relu(z)


def leaky_relu(z: Node) -> Node:
    """z, and 0.01 z below zero."""
    return g.where(z > 0, z, 0.01 * z)


def elu(z: Node) -> Node:
    """z, and e^z - 1 below zero (Clevert et al., 2016)."""
    return g.where(z > 0, z, _expm1_below_zero(z))


def selu(z: Node) -> Node:
    """A scaled elu that keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return scale * g.where(z > 0, z, alpha * _expm1_below_zero(z))


def _expm1_below_zero(z: Node) -> Node:
    """e^z - 1 up to zero, and there with slope 1, which minimum(z, 0) would not have."""
    return g.expm1(g.where(z > 0, 0, z))


def gelu(z: Node) -> Node:
    """z times the normal distribution function, exactly (Hendrycks & Gimpel, 2016)."""
    return z * g.normal_cdf(z)


def silu(z: Node) -> Node:
    """z sigmoid(z), also called swish."""
    return z * g.sigmoid(z)


def mish(z: Node) -> Node:
    """z tanh(softplus(z)) (Misra, 2019)."""
    return z * g.tanh(g.softplus(z))


def softplus(z: Node) -> Node:
    """ln(1 + e^z)."""
    return g.softplus(z)


def softsign(z: Node) -> Node:
    """z / (1 + |z|)."""
    return z / (1 + g.abs(z))


def softmax(z: Node) -> Node:
    """e^z / sum(e^z) over the last axis: positive numbers that sum to 1."""
    return g.softmax(z, axis=-1)


ACTIVATIONS: dict[str, Activation] = {
    f.__name__: f
    for f in (linear, sigmoid, hard_sigmoid, tanh, relu, leaky_relu, elu, selu, gelu, silu, mish,
              softplus, softsign, softmax)
}  # fmt: skip
