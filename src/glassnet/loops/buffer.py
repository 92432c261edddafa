"""Where values lie: buffers."""

from __future__ import annotations

import math
from dataclasses import dataclass

ROWS, TABLE, SCALAR = "rows", "table", "scalar"


@dataclass(frozen=True, eq=False)
class Buffer:
    """Where a value lies.

    kind   rows: one small array for each sample, samples being lanes; table: one array for all
           samples; scalar: a single number
    sizes  of one sample's array, or of the table
    """

    name: str
    kind: str
    sizes: tuple[int, ...]
    dtype: str

    @property
    def count(self) -> int:
        """Numbers of one sample, or of the table."""
        return math.prod(self.sizes)

    def __str__(self) -> str:
        return self.name
