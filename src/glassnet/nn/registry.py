"""The table of the library's layers, and how the name of a class becomes that of a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassnet.nn.layer import Layer

LAYERS: dict[str, type[Layer]] = {}  # the closed registry of what a model file may name


def snake(name: str) -> str:
    """DenseBlock -> dense_block, UpSampling2D -> up_sampling2d."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", name).lower()
