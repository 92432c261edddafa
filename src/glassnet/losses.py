"""Losses: how far the output p is from the target y.

A loss gives one number for each row, `(B,)`; what is minimised is their mean over the batch,
weighted where there are weights (weights are summed, not counted). `SumSquaredError` alone sums
over everything. A loss of your own is a plain function (y, p) in graph ops that gives a number for
each row, for each number of a row (these are averaged), or one number for the whole batch.

Cross-entropies are computed on the logits where the output is a sigmoid or a softmax, which is
exact and never meets ln(0). Of any other output the logarithm is taken of no less than 1e-30.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from glassnet import graph as g
from glassnet.calls import CheckedFields
from glassnet.errors import SettingError, ShapeError, UnknownAttributeError, look_up
from glassnet.graph import Node
from glassnet.graph.rows import total_weight
from glassnet.spec import BATCH, shape_text
from glassnet.spelling import snake

_LEAST = 1e-30  # of what a logarithm is taken: a float32 still holds it, and 1 / it

LOSSES: dict[str, type[Loss]] = {}


@dataclass(frozen=True)
class Loss(CheckedFields):
    """The base of all losses. `weight` is this loss's share where there are several outputs."""

    title: ClassVar[str] = ""
    textbook: ClassVar[str] = ""  # formula on {p}, of a loss that is computed on p's logits
    target: ClassVar[str] = "like"  # shape of y: "like" the output, or "class" numbers
    total: ClassVar[bool] = False  # True: summed over everything instead of averaged
    weight: float = field(default=1.0, kw_only=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        LOSSES[snake(cls.__name__)] = cls

    @property
    def name(self) -> str:
        """The name by which the loss can be asked for."""
        return snake(type(self).__name__)

    def formula(self, y: Node, p: Node) -> Node:
        """One number a row."""
        raise NotImplementedError


def row_mean(values: Node) -> Node:
    """(B, ...) -> (B,): the mean of each row."""
    return g.mean(values, axis=tuple(range(1, values.ndim))) if values.ndim > 1 else values


def row_sum(values: Node) -> Node:
    """(B, ...) -> (B,): the sum of each row."""
    return g.sum(values, axis=tuple(range(1, values.ndim))) if values.ndim > 1 else values


def _ln(p: Node) -> Node:
    """ln(p), finite where p is 0."""
    return g.log(g.maximum(p, _LEAST))


def logit(p: Node) -> Node:
    """What the sigmoid was taken of, or ln(p / (1 - p))."""
    return p.args[0] if p.op is g.sigmoid else _ln(p) - _ln(1 - p)


def log_probabilities(p: Node) -> Node:
    """What the softmax was taken of, or ln(p): equal up to a number for each row."""
    return p.args[0] if p.op is g.softmax else _ln(p)


@dataclass(frozen=True)
class SumSquaredError(Loss):
    """sum((y - p)^2) over everything: the tutorials' loss."""

    title: ClassVar[str] = "sum of squares"
    total: ClassVar[bool] = True

    def formula(self, y: Node, p: Node) -> Node:
        """(B,): the sum over each row."""
        return row_sum((p - y).named("error") ** 2)


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """mean((y - p)^2)."""

    title: ClassVar[str] = "mean squared error"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        return row_mean((p - y).named("error") ** 2)


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """mean(|y - p|)."""

    title: ClassVar[str] = "mean absolute error"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        return row_mean(g.abs((p - y).named("error")))


@dataclass(frozen=True)
class Huber(Loss):
    """Half the square of small errors, `delta` times the size of large ones (Huber, 1964)."""

    title: ClassVar[str] = "Huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise SettingError(f"Huber: delta must be more than 0, got {self.delta!r}.")

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        error = (p - y).named("error")
        size = g.abs(error).named("size")
        far = self.delta * (size - self.delta / 2)
        return row_mean(g.where(size <= self.delta, error**2 / 2, far))


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss, whose best answer is the quantile `q` of the target."""

    title: ClassVar[str] = "quantile"
    q: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.q < 1:
            raise SettingError(f"Quantile: q must be between 0 and 1, got {self.q!r}.")

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        error = (y - p).named("error")
        return row_mean(g.maximum(self.q * error, (self.q - 1) * error))


@dataclass(frozen=True)
class LogCosh(Loss):
    """mean(ln(cosh(p - y))), as e + softplus(-2 e) - ln 2, which does not overflow."""

    title: ClassVar[str] = "log cosh"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        error = (p - y).named("error")
        return row_mean(error + g.softplus(-2 * error) - math.log(2))


@dataclass(frozen=True)
class Poisson(Loss):
    """mean(p - y ln(p)) for counts y and a positive p (an output with softplus, say)."""

    title: ClassVar[str] = "Poisson"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,): the logarithm of e^z is z."""
        return row_mean(p - y * (p.args[0] if p.op is g.exp else _ln(p)))


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
        """(B,): softplus(z) - y z, with the logit z."""
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / 2
        z = logit(p)
        return row_mean(g.softplus(z) - y * z)


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
        """(B,): logsumexp(z) - sum(y z), with the logits z."""
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / int(p.shape[-1])
        z = log_probabilities(p)
        return row_mean(g.logsumexp(z, axis=-1) - g.sum(y * z, axis=-1))


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
        """(B,): logsumexp(z) - z[y], with the logits z."""
        z = log_probabilities(p)
        of_class = g.pick(z, y)
        if self.label_smoothing:
            s = self.label_smoothing
            of_class = (1 - s) * of_class + s * g.mean(z, axis=-1)
        return row_mean(g.logsumexp(z, axis=-1) - of_class)


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
        """(B,)."""
        z = logit(p)
        miss = (y * g.sigmoid(-z) + (1 - y) * g.sigmoid(z)).named("miss")
        if self.gamma < 1:
            miss = g.maximum(miss, _LEAST)  # where the power's slope would be infinite
        value = miss**self.gamma * (g.softplus(z) - y * z)
        if self.alpha is not None:
            value = (y * self.alpha + (1 - y) * (1 - self.alpha)) * value
        return row_mean(value)


@dataclass(frozen=True)
class Hinge(Loss):
    """mean(max(1 - y p, 0)) for y of -1 and 1."""

    title: ClassVar[str] = "hinge"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        return row_mean(g.relu(1 - y * p))


@dataclass(frozen=True)
class KlDivergence(Loss):
    """sum(y ln(y / p)) over the classes, for rows y and p that sum to 1."""

    title: ClassVar[str] = "Kullback-Leibler divergence"
    textbook: ClassVar[str] = "{mean}(sum of {y} ln({y} / {p}) over the classes)"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,). A y of 0 adds nothing."""
        ln_p = g.log_softmax(p.args[0], **p.settings) if p.op is g.softmax else _ln(p)
        return row_sum(y * (_ln(y) - ln_p))


@dataclass(frozen=True)
class CosineSimilarity(Loss):
    """-cos of the angle between y and p, row by row: -1 where they point the same way.

    Of one unit it is -1, 0 or 1, whose slope is 0: nothing can be learnt from it.
    """

    title: ClassVar[str] = "cosine similarity"

    def formula(self, y: Node, p: Node) -> Node:
        """(B,)."""
        if p.shape[-1] == 1:
            return -row_mean(g.sign(y) * g.sign(p))
        return -row_mean(g.sum(y * p, axis=-1) / (_length(y) * _length(p)))


def _length(x: Node) -> Node:
    """The length of a vector, and 1e-8 for one that is shorter."""
    return g.sqrt(g.maximum(g.sum(x**2, axis=-1), 1e-16))


@dataclass(frozen=True)
class FunctionLoss(Loss):
    """A user's own function (y, p) as a loss."""

    function: Callable[[Node, Node], Node] = field(default=lambda y, p: p)

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", "loss"))

    def formula(self, y: Node, p: Node) -> Node:
        """(B,), or () where the function takes the whole batch together."""
        return per_row(f"The loss {self.name!r}", self.function(y, p))


del LOSSES["function_loss"]
__all__ = ["Loss", *(kind.__name__ for kind in LOSSES.values())]  # noqa: PLE0604 - all names
__dir__ = __all__.copy  # what Tab shows behind the dot

if not TYPE_CHECKING:  # or everything would be known behind the dot

    def __getattr__(name: str) -> NoReturn:
        raise UnknownAttributeError(f"module {__name__!r}", name, __all__, __name__)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise SettingError(f"{name} must be from 0 to 1, got {value!r}.")


def find(loss: Any) -> Loss:
    """A loss from its name, itself, or a function (y, p) in graph ops."""
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str):
        return look_up("loss", loss, LOSSES, "auto")()
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if callable(loss):
        return FunctionLoss(function=loss)
    raise SettingError(f"A loss is a name, a function (y, p) or an object, got {loss!r}.")


def per_row(what: str, value: Any) -> Node:
    """What a user's formula gave, as one number for each row, (B,), or one for all, ()."""
    if not isinstance(value, Node):
        known = isinstance(value, Real)
        hint = " Python answers == and != at once: write np.equal(a, b)." if known else ""
        raise SettingError(
            f"{what} must be written in graph ops (glassnet.graph.exp, or np.exp), "
            f"got {type(value).__name__} from it.{hint}"
        )
    rows = row_mean(value)
    if rows.shape not in {(), (BATCH,)}:
        raise ShapeError(
            f"{what} must give one number for each row, (B,), got {shape_text(rows.shape)}. "
            "Reduce over axis=-1, not over the batch."
        )
    return rows


def reduced(loss: Loss, y: Node, p: Node, weights: Node | None) -> Node:
    """The loss as one number: rows weighted and averaged, or summed where the loss says so."""
    rows = per_row(f"The loss {loss.name!r}", loss.formula(y, p))
    if not rows.ndim:
        if weights is not None:
            raise SettingError(
                f"The loss {loss.name!r} gives one number for the whole batch, so rows cannot be "
                "weighted. Let it return one number a row, shape (B,)."
            )
        return rows
    if loss.total:
        return g.sum(rows if weights is None else weights * rows)
    if weights is None:
        return g.mean(rows)
    return weighted_mean(weights, rows.named("row_loss"))


def weighted_mean(weights: Node, rows: Node) -> Node:
    """sum(weights * rows) / sum(weights), and 0 for a batch whose weights are all 0."""
    return g.sum(weights * rows) / total_weight(weights)
