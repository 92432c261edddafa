"""The table of the library's layers, and how the name of a class becomes that of a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassnet.nn.layer import Layer

LAYERS: dict[str, type[Layer]] = {}  # the closed registry of what a model file may name


def snake(name: str) -> str:
    """DenseBlock -> dense_block, Conv2DTranspose -> conv2d_transpose."""
    humps = r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z])(?!D)|(?<=[A-Z])(?=[A-Z][a-z])"
    return re.sub(humps, "_", name).lower()
