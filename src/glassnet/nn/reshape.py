"""Layers that lay the numbers of a row out in another shape."""

from __future__ import annotations

from numbers import Integral
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
        sizes = (self.shape,) if isinstance(self.shape, Integral) else tuple(self.shape)
        if not all(isinstance(n, Integral) for n in sizes):
            raise SettingError(f"Reshape: sizes must be whole numbers, got {self.shape!r}.")
        self.shape = tuple(map(int, sizes))

    def formula(self, x: Node) -> Node:
        """x.reshape(B, *shape)."""
        return x.reshape("B", *self.shape).named("h")
