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

from benchmarks import stages

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
    shape    (height, width, channels) of an image or (steps, features) of a sequence; of a table ()
    stages   what comes before the dense layers, in the words of stages.py; sizes[0] is the number
             of features that they leave
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
    shape: tuple[int, ...] = ()
    stages: tuple[tuple[str | int, ...], ...] = ()

    @staticmethod
    def of(fields):
        """From fields that went through JSON."""
        tuples = {name: tuple(fields[name]) for name in ("sizes", "shape")}
        tuples["stages"] = tuple(map(tuple, fields["stages"]))
        return Task(**{**fields, **tuples})

    @property
    def left(self) -> tuple[int, ...]:
        """The shape that the stages leave of a row."""
        return stages.shapes(self.shape, self.stages)[-1]

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
        products = stages.products(self.shape, self.stages)
        products += [i * o for i, o in zip(self.sizes, self.sizes[1:], strict=False)]
        passes = 3 * sum(products) - products[0] if self.kind == "train" else sum(products)
        return 2.0 * self.batch * passes

    def data(self):
        """x (rows, I), (rows, H, W, C) or (rows, T, I); y (rows, 1) of 0 and 1, or classes."""
        width = math.prod(self.shape) if self.shape else self.sizes[0]
        x, y = _data(self.rows, width, self.sizes[-1], self.dtype, self.order)
        return x.reshape(self.rows, *self.shape) if self.shape else x, y

    def data_channels_first(self):
        """The same; images as (rows, C, H, W)."""
        x, y = self.data()
        if len(self.shape) == 3:
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return x, y

    def start(self):
        """The first weights of the dense layers: [(weight (I, O), bias (O,)), ...]."""
        rng = np.random.default_rng(1)
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        return [(stages.first(rng, "weight", p), stages.first(rng, "bias", p[1:])) for p in pairs]

    def start_channels_first(self):
        """The same; where images are flattened, for features that lie as (C, H, W)."""
        (weight, bias), *others = self.start()
        if len(self.left) == 3:
            turned = weight.reshape(*self.left, -1).transpose(2, 0, 1, 3)
            weight = turned.reshape(weight.shape)
        return [(weight, bias), *others]

    def before(self):
        """The first weights of the stages: [{name: array}, ...]."""
        return stages.start(np.random.default_rng(2), self.shape, self.stages)


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
# Networks of images and of sequences. ResNet-20 is He et al.'s for CIFAR-10 (2015, section 4.2).
LENET = {"shape": (28, 28, 1), "sizes": (400, 120, 84, 10),
         "stages": (("conv", 6, 5, 2), ("max",), ("conv", 16, 5, 0), ("max",))}  # fmt: skip
RESNET_20 = (("conv_norm", 16, 3, 1), *[("residual", 16, 1)] * 3, ("residual", 32, 2),
             *[("residual", 32, 1)] * 2, ("residual", 64, 2), *[("residual", 64, 1)] * 2,
             ("mean",))  # fmt: skip
SEQUENCE = {"shape": (50, 64), "sizes": (64, 10)}
IMAGES = [
    Task("lenet", batch=64, rows=1024, **LENET),
    Task("conv-norm-32-32-64-64", (4096, 10), 64, 384, rate=1e-4, shape=(32, 32, 3), stages=(
        *[("conv_norm", 32, 3, 1)] * 2, ("max",), *[("conv_norm", 64, 3, 1)] * 2, ("max",))),
    Task("resnet-20", (64, 10), 64, 384, rate=1e-4, shape=(32, 32, 3), stages=RESNET_20),
]  # fmt: skip
SEQUENCES = [
    Task("lstm", rate=0.05, batch=32, rows=640, stages=(("lstm", 64),), **SEQUENCE),
    Task("gru", rate=0.05, batch=32, rows=640, stages=(("gru", 64),), **SEQUENCE),
    Task("transformer", (64, 10), 32, 640, shape=(64, 64),
         stages=(*[("transformer", 4, 256)] * 2, ("mean",))),
]  # fmt: skip
PREDICT = [
    Task("predict-1", (10, 10, 10, 1), 1, 1, kind="predict", epochs=1000),
    Task("predict-100000", (10, 10, 10, 1), 100_000, 100_000, kind="predict"),
    Task("predict-lenet", batch=1, rows=1, kind="predict", epochs=50, **LENET),
    Task("predict-lstm", batch=1, rows=1, kind="predict", epochs=50, stages=(("lstm", 64),),
         **SEQUENCE),
]  # fmt: skip
TABLE = {task.name: task for task in TRAIN + IMAGES + SEQUENCES + PREDICT}

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
MORE_IMAGES = [
    Task("conv-32-32-64-64", (4096, 10), 64, 384, shape=(32, 32, 3), stages=(
        *[("conv", 32, 3, 1)] * 2, ("max",), *[("conv", 64, 3, 1)] * 2, ("max",))),
]  # fmt: skip
MORE = {task.name: task for task in MORE_IMAGES + MORE_TRAIN + MORE_PREDICT}
