"""The two kinds of metrics: means over rows in graph ops, and figures of all rows in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from glassnet.calls import CheckedFields
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.losses.loss import values_of
from glassnet.spelling import snake


@dataclass(frozen=True)
class Metric(CheckedFields):
    """The base of all metrics."""

    title: ClassVar[str] = ""
    higher_is_better: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The name by which the metric can be asked for, and which its figures bear."""
        return snake(type(self).__name__)


@dataclass(frozen=True)
class RowMetric(Metric):
    """A figure for each row; what is shown is their mean, weighted where rows have weights."""

    def rows(self, y: Node, p: Node) -> Node:
        """One number a row, (B,), or one for each number of it, (B, ...): those are averaged."""
        raise NotImplementedError

    def finish(self, mean: float) -> float:
        """What is shown, from the mean over all rows."""
        return mean

    @property
    def mean_name(self) -> str:
        """What the mean of `rows` is called; the metric's own name where `finish` leaves it."""
        changed = type(self).finish is not RowMetric.finish
        return f"mean_of_{self.name}" if changed else self.name

    @property
    def finished(self) -> str:
        """`finish` as a formula in NumPy, {} for the mean; "" where nobody has written it."""
        return ""


@dataclass(frozen=True)
class YesOrNo(Metric):
    """A metric for which p (B, 1) is a yes above a threshold.

    threshold  None is halfway between the two answers: 0.5, and 0 where y is -1 or 1
    """

    threshold: float | None = None

    @property
    def limit(self) -> float:
        """Above what p is a yes."""
        return 0.5 if self.threshold is None else self.threshold

    def for_signs(self) -> YesOrNo:
        """The same metric for targets of -1 and 1, as the hinge loss takes them."""
        return replace(self, threshold=0) if self.threshold is None else self


@dataclass(frozen=True)
class FunctionMetric(RowMetric):
    """A user's own function (y, p). Lower is better, as for a loss: else derive from RowMetric."""

    higher_is_better: ClassVar[bool] = False
    function: Callable[[Node, Node], Node]

    @property
    def name(self) -> str:
        """The function's name."""
        name = str(getattr(self.function, "__name__", ""))
        return name if name.isidentifier() else "metric"

    def rows(self, y: Node, p: Node) -> Node:
        """(B, ...), or ()."""
        return values_of(f"The metric {self.name!r}", self.function(y, p))


@dataclass(frozen=True)
class WholeMetric(Metric):
    """A figure of all rows together."""

    def score(self, y: Any, p: Any, weights: Any = None) -> float:
        """The figure for targets y, outputs p (B, ..., K) and a weight for each row."""
        p, y = np.asarray(p, np.float64), np.asarray(y)
        if p.ndim < 2 or y.shape not in {p.shape, p.shape[:-1]}:
            raise ShapeError(
                f"{self.name} takes outputs (B, K) and targets of that shape or class numbers "
                f"(B,), got outputs {p.shape} and targets {y.shape}."
            )
        w = np.ones(len(p)) if weights is None else np.asarray(weights, np.float64)
        if w.shape != p.shape[:1]:
            raise ShapeError(f"{self.name} takes {len(p)} weights, (B,), got {w.shape}.")
        if not w.any() or not np.isfinite(p).all():
            return math.nan
        places = p[..., 0].size // len(p)
        rows = y.reshape(-1, p.shape[-1]) if y.ndim == p.ndim else y.reshape(-1)
        return float(self.formula(rows, p.reshape(-1, p.shape[-1]), np.repeat(w, places)))

    def formula(self, y: Any, p: Any, weights: Any) -> Any:
        """One number from y (N, K) or (N,), p (N, K) and weights (N,), in NumPy."""
        raise NotImplementedError
