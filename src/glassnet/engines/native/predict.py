"""Predictions for many rows in native code, in blocks that stay in the caches."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.threads.abi import address
from glassnet.engines.native.threads.pool import Crew
from glassnet.engines.native.thresholds import BLOCK_PRODUCTS, FEWEST_ROWS, MOST_ROWS
from glassnet.program import Program


def block_of(program: Program) -> int:
    """How many rows are worked on before the next are fetched: more of them in small networks."""
    numbers = sum(math.prod(map(int, leaf.shape)) for leaf in program.parameters.values())
    enough = 2 ** math.ceil(math.log2(BLOCK_PRODUCTS / max(1, numbers)))
    return max(FEWEST_ROWS, min(MOST_ROWS, int(enough)))


def predicted(
    kernel: Kernel, crew: Crew, rows: Sequence[Any], shapes: Sequence[tuple[Any, ...]],
    counts: Sequence[int], batch_size: int,
) -> list[Any]:  # fmt: skip
    """The outputs for all rows of the inputs.

    shapes  of each output's row; counts  of threads that may be worth it
    """
    n_rows = len(rows[0])
    buffers = [b for b in kernel.lowered.outputs if b.batched]
    outputs = [
        np.empty((n_rows, *shape), b.dtype) for b, shape in zip(buffers, shapes, strict=True)
    ]
    addresses = np.array([address(o) for o in outputs], np.int64)
    known = {
        "stop": -(-n_rows // batch_size), "n_rows": n_rows, "batch": batch_size,
        "drawn": -1, "outputs": address(addresses),
    }  # fmt: skip
    threads, _ = crew.pace.next(counts)
    began = time.perf_counter()
    crew(known, rows, threads)
    crew.pace.note(threads, known["stop"], time.perf_counter() - began)
    return outputs
