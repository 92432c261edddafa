"""Losses of amounts: numbers, counts, directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.losses.loss import Loss, ln


@dataclass(frozen=True)
class SumSquaredError(Loss):
    """sum((y - p)^2) over everything: the tutorials' loss."""

    title: ClassVar[str] = "sum of squares"
    total: ClassVar[bool] = True

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        return (p - y).named("error") ** 2


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """mean((y - p)^2)."""

    title: ClassVar[str] = "mean squared error"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        return (p - y).named("error") ** 2


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """mean(|y - p|)."""

    title: ClassVar[str] = "mean absolute error"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        return g.abs((p - y).named("error"))


@dataclass(frozen=True)
class Huber(Loss):
    """Half the square of small errors, `delta` times the size of large ones (Huber, 1964)."""

    title: ClassVar[str] = "Huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise SettingError(f"Huber: delta must be more than 0, got {self.delta!r}.")

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        error = (p - y).named("error")
        size = g.abs(error).named("size")
        far = self.delta * (size - self.delta / 2)
        return g.where(size <= self.delta, error**2 / 2, far)


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss, whose best answer is the quantile `q` of the target."""

    title: ClassVar[str] = "quantile"
    q: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.q < 1:
            raise SettingError(f"Quantile: q must be between 0 and 1, got {self.q!r}.")

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        error = (y - p).named("error")
        return g.maximum(self.q * error, (self.q - 1) * error)


@dataclass(frozen=True)
class LogCosh(Loss):
    """mean(ln(cosh(p - y))), as e + softplus(-2 e) - ln 2, which does not overflow."""

    title: ClassVar[str] = "log cosh"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        error = (p - y).named("error")
        return error + g.softplus(-2 * error) - math.log(2)


@dataclass(frozen=True)
class Poisson(Loss):
    """mean(p - y ln(p)) for counts y and a positive p (an output with softplus, say)."""

    title: ClassVar[str] = "Poisson"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...): the logarithm of e^z is z."""
        return p - y * (p.args[0] if p.op is g.exp else ln(p))


@dataclass(frozen=True)
class CosineSimilarity(Loss):
    """-cos of the angle between y and p, row by row: -1 where they point the same way.

    Of one unit it is -1, 0 or 1, whose slope is 0: nothing can be learnt from it.
    """

    title: ClassVar[str] = "cosine similarity"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        if p.shape[-1] == 1:
            return -(g.sign(y) * g.sign(p))
        return -(g.sum(y * p, axis=-1) / (_length(y) * _length(p)))


def _length(x: Node) -> Node:
    """The length of a vector, and 1e-8 for one that is shorter."""
    return g.sqrt(g.maximum(g.sum(x**2, axis=-1), 1e-16))
