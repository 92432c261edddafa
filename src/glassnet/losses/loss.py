"""The loss, what is common to all of them, and how it becomes one number for a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.calls import CheckedFields
from glassnet.errors import SettingError, ShapeError, look_up
from glassnet.graph import Node
from glassnet.graph.rows import total_weight
from glassnet.spec import BATCH, shape_text
from glassnet.spelling import snake

LEAST = 1e-30  # of what a logarithm is taken: a float32 still holds it, and 1 / it

LOSSES: dict[str, type[Loss]] = {}


@dataclass(frozen=True)
class Loss(CheckedFields):
    """The base of all losses. `weight` is this loss's share where there are several outputs."""

    title: ClassVar[str] = ""
    textbook: ClassVar[str] = ""  # formula on {p}, of a loss that is computed on p's logits
    target: ClassVar[str] = "like"  # y: "like" the output, "class" numbers, rows of "labels"
    total: ClassVar[bool] = False  # True: summed over everything instead of averaged
    takes_mask: ClassVar[bool] = False  # its formula has a keyword `mask`, and gives (B,)
    weight: float = field(default=1.0, kw_only=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        LOSSES[snake(cls.__name__)] = cls

    @property
    def name(self) -> str:
        """The name by which the loss can be asked for."""
        return snake(type(self).__name__)

    def formula(self, y: Node, p: Node) -> Node:
        """One number a row, (B,), or one for each number of it, (B, ...): those are averaged."""
        raise NotImplementedError

    def rows(self, y: Node, p: Node, mask: Node | None = None) -> Node:
        """One number a row, (B,), or () where the formula takes the whole batch together.

        mask  which steps (B, T) of p count, for a loss that takes one
        """
        values = self.values(y, p, **({} if mask is None else {"mask": mask}))
        return row_sum(values) if self.total else row_mean(values)

    def values(self, y: Node, p: Node, **mask: Node) -> Node:
        """What the formula gives, checked."""
        return values_of(f"The loss {self.name!r}", self.formula(y, p, **mask))


def row_mean(values: Node) -> Node:
    """(B, ...) -> (B,): the mean of each row."""
    return g.mean(values, axis=tuple(range(1, values.ndim))) if values.ndim > 1 else values


def row_sum(values: Node) -> Node:
    """(B, ...) -> (B,): the sum of each row."""
    return g.sum(values, axis=tuple(range(1, values.ndim))) if values.ndim > 1 else values


def ln(p: Node) -> Node:
    """The logarithm of p, finite where p is 0."""
    return g.log(g.maximum(p, LEAST))


@dataclass(frozen=True)
class FunctionLoss(Loss):
    """A user's own function (y, p) as a loss."""

    function: Callable[[Node, Node], Node] = field(default=lambda y, p: p)

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", "loss"))

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...), or () where the function takes the whole batch together."""
        return self.function(y, p)


del LOSSES["function_loss"]


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


def values_of(what: str, value: Any) -> Node:
    """What a user's formula gave: numbers of each row, (B, ...), or one for all, ()."""
    if not isinstance(value, Node):
        known = isinstance(value, Real)
        hint = " Python answers == and != at once: write np.equal(a, b)." if known else ""
        raise SettingError(
            f"{what} must be written in graph ops (glassnet.graph.exp, or np.exp), "
            f"got {type(value).__name__} from it.{hint}"
        )
    if value.shape and value.shape[0] != BATCH:
        raise ShapeError(
            f"{what} must give one number for each row, (B,), got {shape_text(value.shape)}. "
            "Reduce over axis=-1, not over the batch."
        )
    return value


def per_row(what: str, value: Any) -> Node:
    """What a user's formula gave, as one number for each row, (B,), or one for all, ()."""
    return row_mean(values_of(what, value))


def reduced(loss: Loss, y: Node, p: Node, weights: Node | None, mask: Node | None = None) -> Node:
    """The loss as one number: rows weighted and averaged, or summed where the loss says so."""
    rows = loss.rows(y, p, mask)
    if not rows.ndim and weights is not None:
        raise SettingError(
            f"The loss {loss.name!r} gives one number for the whole batch, so rows cannot be "
            "weighted. Let it return one number a row, shape (B,)."
        )
    averaged = weights is not None and not loss.total
    return over_rows(rows.named("row_loss") if averaged else rows, weights, total=loss.total)


def over_rows(rows: Node, weights: Node | None, *, total: bool) -> Node:
    """(B,) as one number: the weighted mean, or the sum where `total`; () stays as it is."""
    if not rows.ndim:
        return rows
    if total:
        return g.sum(rows if weights is None else weights * rows)
    return g.mean(rows) if weights is None else weighted_mean(weights, rows)


def mixed(loss: Loss, y: Node, p: Node, weights: Node | None, share: Node) -> Node:
    """The loss of rows mixed with this share (B,) of the row before: of y, and of its y, in shares.

    A row's weight goes with its target.
    """
    neighbour = g.roll(y, shift=1).named("y_neighbour")
    own, other = (loss.rows(target, p, None) for target in (y, neighbour))
    if not own.ndim:
        raise SettingError(
            f"The loss {loss.name!r} gives one number for the whole batch, so it cannot weigh the "
            "targets of rows that gn.MixUp has mixed. Let it return one number a row, shape (B,)."
        )
    of_own, of_other = 1 - share, share
    if weights is not None:
        of_own, of_other = of_own * weights, of_other * g.roll(weights, shift=1)
    rows = own.named("row_loss") * of_own + other.named("neighbour_loss") * of_other
    if loss.total:
        return g.sum(rows)
    if weights is None:
        return g.mean(rows)
    return g.sum(rows) / total_weight(of_own + of_other)


def weighted_mean(weights: Node, rows: Node) -> Node:
    """sum(weights * rows) / sum(weights), and 0 for a batch whose weights are all 0."""
    return g.sum(weights * rows) / total_weight(weights)
