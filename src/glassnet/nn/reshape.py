"""Layers that lay the numbers of a row out in another shape."""

from __future__ import annotations

from typing import Any

from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.layer import Layer
from glassnet.spec import known_size


class Flatten(Layer, library=True):
    """(B, H, W, ...) -> (B, H * W * ...), the last axis running fastest."""

    def formula(self, x: Node) -> Node:
        """x.reshape(B, -1)."""
        return x.reshape("B", known_size(x.shape)).named("h")


class Reshape(Layer, library=True):
    """(B, ...) -> (B, *shape); one size may be -1 and is then found out."""

    shape: Any

    def __post_init__(self) -> None:
        self.shape = (self.shape,) if isinstance(self.shape, int) else tuple(self.shape)
        if not all(isinstance(n, int) for n in self.shape):
            raise SettingError(f"Reshape: sizes must be whole numbers, got {self.shape!r}.")

    def formula(self, x: Node) -> Node:
        """x.reshape(B, *shape)."""
        return x.reshape("B", *self.shape).named("h")
