"""A program as loop nests, and the buffers that they read and write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glassnet.graph import Node
from glassnet.loops.buffer import Buffer
from glassnet.loops.nest import Nest


@dataclass
class Lowered:
    """Loop nests in order, and where everything lies.

    leaves  buffers of leaves by node; outputs  of the program's outputs, in order
    tables  the numbers of array constants
    """

    nests: list[Nest]
    leaves: dict[Node, Buffer]
    outputs: list[Buffer]
    buffers: list[Buffer]
    tables: dict[Buffer, Any]
