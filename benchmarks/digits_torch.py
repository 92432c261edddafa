"""The tutorials' LeNet on the same digits in Glassnet and in PyTorch: same start, same rows.

Each of the first steps' losses is compared, and the seconds of an epoch. Rows are drawn as Glassnet
draws them; PyTorch's kernels lie as (out, in, H, W), its images as (B, C, H, W).
"""

from __future__ import annotations

import time

import numpy as np

import glassnet as gn
from glassnet import philox

BATCH = 64


def small_lenet():
    """6 and 16 kernels of 5 x 5, then 120, 84 and 10 units; no dropout: nothing is drawn."""
    return gn.Network(
        [
            gn.Rescaling(1 / 255), gn.Reshape((28, 28, 1)),
            gn.Conv2D(6, 5, padding="same", activation="relu"), gn.MaxPooling2D(2),
            gn.Conv2D(16, 5, activation="relu"), gn.MaxPooling2D(2), gn.Flatten(),
            gn.Dense(120, "relu"), gn.Dense(84, "relu"), gn.Dense(10, "softmax"),
        ],
        input_shape=(28, 28), seed=0,
    )  # fmt: skip


def twin(net):
    """The same network in PyTorch, with the weights of this moment."""
    import torch
    from torch import nn

    found = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        _channels_last(), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    arrays = net.parameters.values()
    for own, array in zip(found.parameters(), arrays, strict=True):
        axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
        own.data = torch.from_numpy(np.ascontiguousarray(array.transpose(axes)))
    return found


def _channels_last():
    """A layer, of a class that is made once PyTorch is there."""
    from torch import nn

    class ChannelsLast(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1)

    return ChannelsLast()


def beside(x, y, steps=200):
    """Losses of the first steps, and an epoch's seconds, in both."""
    import torch

    net = small_lenet()
    theirs = twin(net)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3, fused=True)
    order = philox.permutation(len(x), net.seed, philox.SHUFFLE, 0, 0)
    images = torch.from_numpy(x.copy()).float()[:, None] / 255
    targets, losses, began = torch.from_numpy(y.copy()), [], time.perf_counter()
    for first in range(0, len(x), BATCH):
        rows = torch.from_numpy(order[first : first + BATCH].astype(np.int64))
        loss = torch.nn.functional.cross_entropy(theirs(images[rows]), targets[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    seconds = time.perf_counter() - began
    net.fit(x[:BATCH], y[:BATCH], epochs=1, batch_size=BATCH, verbose=0)  # compiled beforehand
    net, began = small_lenet(), time.perf_counter()
    history = net.fit(x, y, epochs=1, batch_size=BATCH, verbose=0)
    own = time.perf_counter() - began
    apart = np.abs(np.array(history.steps[:steps]) / losses[:steps] - 1)
    print(f"beside PyTorch {torch.__version__}, {torch.get_num_threads()} threads: losses of the "
          f"first step {apart[0]:.1e} apart, of {steps} steps at most {apart.max():.1e}; an epoch "
          f"{own:.2f} s, there {seconds:.2f} s: {seconds / own:.1f}x")  # fmt: skip


if __name__ == "__main__":
    from pathlib import Path

    from benchmarks.digits import mnist

    beside(*mnist(Path("benchmarks/data"))[:2])
