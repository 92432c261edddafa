"""The arrays of a program in memory: buffers."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Buffer:
    """An array, by the axes that it has; how it lies in memory is the choice of the target.

    batched  its first axis is the batch, one small array for each sample; else there is one array
             for all samples: weights, their gradients, single numbers
    sizes    of the axes behind the batch
    """

    name: str
    batched: bool
    sizes: tuple[int, ...]
    dtype: str

    @property
    def count(self) -> int:
        """Numbers of one sample, or of the array for all."""
        return math.prod(self.sizes)

    @property
    def is_scalar(self) -> bool:
        """True for a single number."""
        return not self.batched and not self.sizes

    @property
    def is_table(self) -> bool:
        """True for one array for all samples, of one number or more."""
        return not self.batched and bool(self.sizes)

    def __str__(self) -> str:
        return self.name


BATCH_SIZE = Buffer("len(x)", batched=False, sizes=(), dtype="int64")
