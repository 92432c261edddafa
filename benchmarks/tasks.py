"""The work that is timed: networks, data, first weights, and how much arithmetic is in a step.

All peers take their rows in the order in which they lie, without shuffling, and start from the same
weights. Hidden layers are relu or sigmoid; one output is a sigmoid with binary cross-entropy,
several are a softmax with cross-entropy; a loss is the mean over the batch.
"""

from __future__ import annotations

import functools
import math
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
    image    (height, width, channels) of a row, or nothing
    stages   what comes before the dense layers: [filters, kernel, padding] of a convolution with
             relu, or [] for maxima of 2 x 2; sizes[0] is the number of features that they leave
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
    image: tuple[int, ...] = ()
    stages: tuple[tuple[int, ...], ...] = ()

    @staticmethod
    def of(fields):
        """From fields that went through JSON."""
        stages = tuple(map(tuple, fields["stages"]))
        tuples = {name: tuple(fields[name]) for name in ("sizes", "image")}
        return Task(**{**fields, **tuples, "stages": stages})

    def images(self):
        """(height, width, channels) that arrive at each stage, and those that leave the last."""
        h, w, c = self.image
        found = [(h, w, c)]
        for stage in self.stages:
            if stage:
                filters, kernel, padding = stage
                h, w, c = h + 2 * padding - kernel + 1, w + 2 * padding - kernel + 1, filters
            else:
                h, w = h // 2, w // 2
            found.append((h, w, c))
        return found

    def _convolved(self):
        """Multiply-adds of each convolution in one row's forward pass."""
        images = self.images() if self.image else []
        return [
            stage[1] ** 2 * before[2] * after[0] * after[1] * after[2]
            for stage, before, after in zip(self.stages, images, images[1:], strict=False)
            if stage
        ]

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
        products = self._convolved()
        products += [i * o for i, o in zip(self.sizes, self.sizes[1:], strict=False)]
        passes = 3 * sum(products) - products[0] if self.kind == "train" else sum(products)
        return 2.0 * self.batch * passes

    def data(self):
        """x (rows, I) or (rows, H, W, C), and y: (rows, 1) of 0 and 1, or classes (rows,)."""
        width = math.prod(self.image) if self.image else self.sizes[0]
        x, y = _data(self.rows, width, self.sizes[-1], self.dtype, self.order)
        return x.reshape(self.rows, *self.image) if self.image else x, y

    def start(self):
        """The first weights: [(weight (I, O) or (K, K, C, O), bias (O,)), ...]."""
        rng = np.random.default_rng(1)
        images = self.images() if self.image else []
        shapes = [(s[1], s[1], before[2], s[0])
                  for s, before in zip(self.stages, images, strict=False) if s]  # fmt: skip
        shapes += zip(self.sizes, self.sizes[1:], strict=False)
        found = []
        for *field, i, o in shapes:
            reach = np.sqrt(6 / (math.prod(field) * (i + o)))
            weight = rng.uniform(-reach, reach, (*field, i, o)).astype("float32")
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
# Images: LeNet, and four convolutions of 3 x 3 with maxima behind the second and the fourth.
IMAGES = [
    Task("lenet", (400, 120, 84, 10), 64, 1024, image=(28, 28, 1),
         stages=((6, 5, 2), (), (16, 5, 0), ())),
    Task("conv-32-32-64-64", (4096, 10), 64, 384, image=(32, 32, 3),
         stages=((32, 3, 1), (32, 3, 1), (), (64, 3, 1), (64, 3, 1), ())),
]  # fmt: skip
MORE = {task.name: task for task in IMAGES + MORE_TRAIN + MORE_PREDICT}
