"""The examples' twins and autoencoders beside PyTorch: same start, same rows, same noise.

    python -m benchmarks.encoders          on MNIST, some minutes

Each is trained for 200 steps in both, from the same weights, on the same rows in the same order, in
float64: in float32 twins whose distances are nearly right differ visibly after some dozen steps.
What a layer draws is drawn by Glassnet and handed to PyTorch, so the losses of autoencoders with
noise are the same too; PyTorch's seconds are without it.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

import glassnet as gn

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import mnist
import remove_noise
import twin_network
import variational

STEPS, BATCH = 200, 64
TOLERANCE = 1e-8  # as a share of a loss in float64


class Work(NamedTuple):
    """A network, its loss, and rows that it learns from."""

    name: str
    net: gn.Network
    loss: gn.losses.Loss
    x: list[Any]
    y: Any


def works(x, y, count=STEPS * BATCH, dtype="float32"):
    """The three examples, of images (n, 28, 28) of bytes and their classes."""
    with mock.patch.object(gn, "Network", functools.partial(gn.Network, dtype=dtype)):
        return _works(x, y, count, dtype)


def _works(x, y, count, dtype):
    side, clean = x.shape[1], x[:count].astype(dtype) / 255
    rows = clean.reshape(len(clean), -1)
    pairs, same = twin_network.pairs(x, y, count, np.random.default_rng(0))
    code = gn.losses.BinaryCrossentropy(weight=rows.shape[1])
    return [
        Work("twins", twin_network.network()[0], gn.losses.Contrastive(), pairs, same),
        Work("noise", remove_noise.network(side), gn.losses.MeanSquaredError(), [clean], clean),
        Work("variational", variational.network(rows.shape[1], 2)[0], code, [rows], rows),
    ]


def main():
    from benchmarks.encoders_torch import beside

    x, y, *_ = mnist.digits()
    for exact, work in zip(works(x, y, dtype="float64"), works(x, y), strict=True):
        beside(exact, work)


if __name__ == "__main__":
    sys.exit(main())
