"""Penalties on weights, added to the loss, and constraints, kept after each update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glassnet import graph as g
from glassnet.calls import CheckedFields
from glassnet.errors import SettingError, UnknownNameError
from glassnet.graph import Node


def _not_negative(name: str, value: float) -> None:
    if not value >= 0:
        raise SettingError(f"{name} must be 0 or more, got {value!r}.")


@dataclass(frozen=True)
class L1(CheckedFields):
    """strength * sum(|w|)."""

    strength: float = 0.01

    def __post_init__(self) -> None:
        _not_negative("strength", self.strength)

    def formula(self, w: Node) -> Node:
        """The penalty, one number."""
        return self.strength * g.sum(g.abs(w))


@dataclass(frozen=True)
class L2(CheckedFields):
    """strength * sum(w^2)."""

    strength: float = 0.01

    def __post_init__(self) -> None:
        _not_negative("strength", self.strength)

    def formula(self, w: Node) -> Node:
        """The penalty, one number."""
        return self.strength * g.sum(w**2)


@dataclass(frozen=True)
class L1L2(CheckedFields):
    """l1 * sum(|w|) + l2 * sum(w^2)."""

    l1: float = 0.01
    l2: float = 0.01

    def __post_init__(self) -> None:
        _not_negative("l1", self.l1)
        _not_negative("l2", self.l2)

    def formula(self, w: Node) -> Node:
        """The penalty, one number."""
        return self.l1 * g.sum(g.abs(w)) + self.l2 * g.sum(w**2)


@dataclass(frozen=True)
class MaxNorm(CheckedFields):
    """The weights into each unit are scaled back to a length of at most `limit` after an update."""

    limit: float = 2.0

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise SettingError(f"limit must be more than 0, got {self.limit!r}.")

    @property
    def title(self) -> str:
        """What the program says above its line."""
        return f"max-norm, the weights into each unit have a length of at most {self.limit:g}"

    def formula(self, w: Node) -> Node:
        """The weights after the constraint, in their shape."""
        axes = tuple(range(max(1, w.ndim - 1)))
        squares = g.sum(w**2, axis=axes if len(axes) > 1 else 0, keepdims=True)
        return w * g.minimum(1, self.limit / g.maximum(g.sqrt(squares), 1e-12))


REGULARIZERS: dict[str, type] = {"l1": L1, "l2": L2, "l1l2": L1L2}
CONSTRAINTS: dict[str, type] = {"max_norm": MaxNorm}


def find(kind: str, known: dict[str, type], value: Any) -> Any:
    """A regulariser or constraint from its name, itself, or None."""
    if isinstance(value, str):
        if value not in known:
            raise UnknownNameError(kind, value, known)
        return known[value]()
    if value is None or hasattr(value, "formula"):
        return value
    raise SettingError(f"A {kind} is a name or an object with a formula(w), got {value!r}.")
