"""Losses of classes: cross-entropies and their kin, on the logits where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.losses.loss import LEAST, Loss, ln


def logit(p: Node) -> Node:
    """What the sigmoid was taken of, or ln(p / (1 - p))."""
    return p.args[0] if p.op is g.sigmoid else ln(p) - ln(1 - p)


def log_probabilities(p: Node) -> Node:
    """What the softmax was taken of, or ln(p): equal up to a number for each row."""
    return p.args[0] if p.op is g.softmax else ln(p)


@dataclass(frozen=True)
class BinaryCrossentropy(Loss):
    """-mean(y ln(p) + (1 - y) ln(1 - p)) for y of 0 and 1 and p from a sigmoid.

    label_smoothing moves y towards 1/2 by this share.
    """

    title: ClassVar[str] = "binary cross-entropy, on the logit"
    textbook: ClassVar[str] = "-{mean}({y} ln {p} + (1 - {y}) ln(1 - {p}))"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        _check_share("label_smoothing", self.label_smoothing)

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...): softplus(z) - y z, with the logit z."""
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / 2
        z = logit(p)
        return g.softplus(z) - y * z


@dataclass(frozen=True)
class CategoricalCrossentropy(Loss):
    """-sum(y ln(p)) over the classes, for rows y that sum to 1 and p from a softmax.

    label_smoothing spreads this share of y evenly over the classes.
    """

    title: ClassVar[str] = "categorical cross-entropy, on the logits"
    textbook: ClassVar[str] = "-{mean}(sum of {y} ln {p} over the classes)"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        _check_share("label_smoothing", self.label_smoothing)

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...): logsumexp(z) - sum(y z), with the logits z."""
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / int(p.shape[-1])
        z = log_probabilities(p)
        return g.logsumexp(z, axis=-1) - g.sum(y * z, axis=-1)


@dataclass(frozen=True)
class SparseCategoricalCrossentropy(Loss):
    """-ln(p[y]) for class numbers y (0, 1, ...) and p from a softmax.

    y has the shape of p without its last axis. label_smoothing as in CategoricalCrossentropy.
    """

    title: ClassVar[str] = "sparse categorical cross-entropy, on the logits"
    textbook: ClassVar[str] = "-{mean}(ln {p}[{y}])"
    target: ClassVar[str] = "class"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        _check_share("label_smoothing", self.label_smoothing)

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...): logsumexp(z) - z[y], with the logits z."""
        z = log_probabilities(p)
        of_class = g.pick(z, y)
        if self.label_smoothing:
            s = self.label_smoothing
            of_class = (1 - s) * of_class + s * g.mean(z, axis=-1)
        return g.logsumexp(z, axis=-1) - of_class


@dataclass(frozen=True)
class Focal(Loss):
    """Binary cross-entropy times (1 - p_t)^gamma, p_t being the probability of what is true.

    Rows that are already right count less (Lin et al., 2017). alpha weighs the positives, and
    1 - alpha the negatives; None weighs both alike.
    """

    title: ClassVar[str] = "focal, on the logit"
    gamma: float = 2.0
    alpha: float | None = 0.25

    def __post_init__(self) -> None:
        if not self.gamma >= 0:
            raise SettingError(f"Focal: gamma must be 0 or more, got {self.gamma!r}.")
        if self.alpha is not None:
            _check_share("alpha", self.alpha)

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        z = logit(p)
        miss = (y * g.sigmoid(-z) + (1 - y) * g.sigmoid(z)).named("miss")
        if self.gamma < 1:
            miss = g.maximum(miss, LEAST)  # where the power's slope would be infinite
        value = miss**self.gamma * (g.softplus(z) - y * z)
        if self.alpha is not None:
            value = (y * self.alpha + (1 - y) * (1 - self.alpha)) * value
        return value


@dataclass(frozen=True)
class Hinge(Loss):
    """mean(max(1 - y p, 0)) for y of -1 and 1."""

    title: ClassVar[str] = "hinge"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        return g.relu(1 - y * p)


@dataclass(frozen=True)
class KlDivergence(Loss):
    """sum(y ln(y / p)) over the classes, for rows y and p that sum to 1."""

    title: ClassVar[str] = "Kullback-Leibler divergence"
    textbook: ClassVar[str] = "{mean}(sum of {y} ln({y} / {p}) over the classes)"

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...). A y of 0 adds nothing."""
        ln_p = g.log_softmax(p.args[0], **p.settings) if p.op is g.softmax else ln(p)
        return g.sum(y * (ln(y) - ln_p), axis=-1)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise SettingError(f"{name} must be from 0 to 1, got {value!r}.")
