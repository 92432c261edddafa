"""The work that is timed: networks, data, first weights, and how much arithmetic is in a step.

All peers take their rows in the order in which they lie, without shuffling, and start from the same
weights. Hidden layers are relu or sigmoid; one output is a sigmoid with binary cross-entropy,
several are a softmax with cross-entropy; a loss is the mean over the batch.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

CHECKED = (1, 2, 5)  # after how many steps the losses are compared
N_LOSSES = max(CHECKED) + 1


@dataclass(frozen=True)
class Task:
    """One row of the table.

    kind     "train", or "predict": NumPy rows in, NumPy outputs out
    sizes    the widths, input first
    epochs   how often the rows are gone through in one unit, the shortest stretch that is timed
    dtype, order  of the table that is trained on; all arithmetic is in float32
    ready    True where the same network is asked again and again, and may prepare for it
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    rows: int
    kind: str = "train"
    optimizer: str = "adam"
    rate: float = 0.001
    hidden: str = "relu"
    epochs: int = 1
    dtype: str = "float32"
    order: str = "C"
    ready: bool = False

    @property
    def steps_per_epoch(self) -> int:
        """How many steps go through the rows once; the rows are a multiple of the batch."""
        return self.rows // self.batch

    @property
    def steps(self) -> int:
        """Steps (or predictions) of one unit."""
        return self.epochs * self.steps_per_epoch

    @property
    def flops(self) -> float:
        """Multiplications and additions of the matrix products in one step.

        Training makes three products a layer, except that the first one needs no gradient of x.
        """
        products = [i * o for i, o in zip(self.sizes, self.sizes[1:], strict=False)]
        passes = 3 * sum(products) - products[0] if self.kind == "train" else sum(products)
        return 2.0 * self.batch * passes

    def data(self):
        """x (rows, I), and y: (rows, 1) of 0 and 1, or class numbers (rows,)."""
        return _data(self.rows, self.sizes[0], self.sizes[-1], self.dtype, self.order)

    def start(self):
        """The first weights: [(weight (I, O), bias (O,)), ...]."""
        rng = np.random.default_rng(1)
        found = []
        for i, o in zip(self.sizes, self.sizes[1:], strict=False):
            reach = np.sqrt(6 / (i + o))
            weight = rng.uniform(-reach, reach, (i, o)).astype("float32")
            found.append((weight, rng.uniform(-0.1, 0.1, o).astype("float32")))
        return found


@functools.lru_cache(maxsize=1)
def _data(rows, n_in, n_out, dtype, order):
    if rows == 4 and n_in == 3:  # the table of the tutorials
        x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype, order=order)
        return x, np.array([[0], [1], [1], [0]], "float32")
    rng = np.random.default_rng(0)
    x = np.empty((rows, n_in), dtype, order=order)
    y = np.empty((rows, 1), "float32") if n_out == 1 else np.empty(rows, "int64")
    for first in range(0, rows, 65536):  # in pieces: memory is measured too
        part = rng.random((min(65536, rows - first), n_in), dtype="float32") * 2 - 1
        x[first : first + len(part)] = part
        if n_out == 1:
            noisy = part.mean(axis=1) + 0.1 * rng.standard_normal(len(part)) > 0
            y[first : first + len(part), 0] = noisy
        else:
            y[first : first + len(part)] = rng.integers(0, n_out, len(part))
    return x, y


TRAIN = [
    Task("3-4-1", (3, 4, 1), 4, 4, optimizer="sgd", rate=0.5, hidden="sigmoid", epochs=1000),
    Task("10-10-10-1", (10, 10, 10, 1), 32, 4096, rate=0.01, epochs=8),
    Task("30-64-64-1", (30, 64, 64, 1), 32, 4096, rate=0.01, epochs=2),
    Task("784-128-10", (784, 128, 10), 128, 4096),
    Task("784-512-512-10", (784, 512, 512, 10), 128, 4096),
]
PREDICT = [
    Task("predict-1", (10, 10, 10, 1), 1, 1, kind="predict", epochs=1000),
    Task("predict-100000", (10, 10, 10, 1), 100_000, 100_000, kind="predict"),
]
TABLE = {task.name: task for task in TRAIN + PREDICT}

# Rows that are measured only when they are asked for: odd shapes, large batches, few rows at a time
# (by net.predict, and "ready" by net.predictor()).
MORE_TRAIN = [
    Task("10-10-10-10-1", (10, 10, 10, 10, 1), 32, 4096, rate=0.01, epochs=8),
    Task("23-90-45-3", (23, 90, 45, 3), 50, 5000, rate=0.01),
    *(Task(f"batch-{n}", (30, 64, 64, 1), n, 8 * n, rate=0.01) for n in (1024, 4096, 16384, 65536)),
]
FEW = (2, 5, 16, 100, 1000, 20_000)
NETWORKS = {"small": (10, 10, 10, 1), "wide": (784, 128, 10)}
MORE_PREDICT = [
    Task(f"{kind}-{network}-{n}", sizes, n, n, kind="predict", epochs=max(1, 2000 // n),
         ready=kind == "ready")
    for kind in ("predict", "ready") for network, sizes in NETWORKS.items() for n in FEW
]  # fmt: skip
MORE = {task.name: task for task in MORE_TRAIN + MORE_PREDICT}
