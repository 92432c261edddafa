"""The twins and the autoencoders of benchmarks.encoders in PyTorch, written out as functions.

Their arrays are Glassnet's under Glassnet's names. "same" padding is TensorFlow's, of which stride
2 and a kernel of 3 need one row and one column, behind the image.
"""

from __future__ import annotations

import time

import numpy as np
import remove_noise
import torch
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

import glassnet as gn
from benchmarks.encoders import BATCH, TOLERANCE
from glassnet import graph as g
from glassnet import philox


def laid(array):
    """As PyTorch lays it: (O, I, H, W), of a transposed convolution (I, O, H, W), else (O, I)."""
    axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
    return torch.nn.Parameter(torch.from_numpy(array.transpose(axes).copy()))


def layer(own, name):
    """Weight and bias."""
    return own[f"{name}.weight"], own[f"{name}.bias"]


def encoded(own, x):
    """The encoder of the twins: (B, 28, 28) -> (B, 64)."""
    h = x[:, None].to(own["encoder.dense.bias"].dtype) / 255
    for name in ("encoder.conv2d", "encoder.conv2d_1"):
        h = F.max_pool2d(F.relu(F.conv2d(h, *layer(own, name))), 2)
    return F.linear(h.permute(0, 2, 3, 1).flatten(1), *layer(own, "encoder.dense"))


def twins(own, x, y, noise):
    left, right = (encoded(own, one) for one in x)
    d = 1 - F.cosine_similarity(left, right)
    return torch.mean((y * d**2 + (1 - y) * F.relu(1 - d) ** 2) / 2)


def without_noise(own, x, y, noise):
    h = (x[0] + remove_noise.STDDEV * noise)[:, None]
    for name in ("conv2d", "conv2d_1"):
        padded = F.pad(h, (0, 1, 0, 1))
        h = F.relu(F.conv2d(padded, *layer(own, name), stride=2))
    for name, last in (("conv2d_transpose", F.relu), ("conv2d_transpose_1", torch.sigmoid)):
        H, W = h.shape[2:]
        h = F.conv_transpose2d(h, *layer(own, name), stride=2)
        h = last(h[:, :, : 2 * H, : 2 * W])
    return F.mse_loss(h[:, 0], y)


def variational(own, x, y, noise):
    h = F.relu(F.linear(x[0], *layer(own, "dense")))
    mean, log_variance = (F.linear(h, *layer(own, name)) for name in ("mean", "log_variance"))
    z = mean + torch.exp(log_variance / 2) * noise
    h = F.relu(F.linear(z, *layer(own, "decoder.dense")))
    logits = F.linear(h, *layer(own, "decoder.dense_1"))
    divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
    rows = F.binary_cross_entropy_with_logits(logits, y, reduction="none").sum(dim=1)
    return torch.mean(rows + divergence)


LOSSES = {"twins": twins, "noise": without_noise, "variational": variational}
DRAWN = {"twins": (), "noise": (28, 28), "variational": (2,)}  # of each row


def drawn(net, shape, t):
    """The standard normal numbers that the first layer with noise draws in step t."""
    node = g.random_normal(g.SEED, g.STEP, stream=1, shape=shape, dtype=net.dtype)
    return torch.from_numpy(g.evaluate([node], {g.SEED: net.seed, g.STEP: t})[0])


def there(work, batch=BATCH):
    """(losses, seconds) of one epoch in PyTorch, from the weights that the network has."""
    own = {name: laid(array) for name, array in work.net.parameters.items()}
    optimizer = torch.optim.Adam(own.values(), lr=1e-3, fused=True)
    order = philox.permutation(len(work.y), work.net.seed, philox.SHUFFLE, 0, 0).astype(np.int64)
    x, y = [torch.from_numpy(np.array(a)) for a in work.x], torch.from_numpy(np.array(work.y))
    losses, seconds = [], 0.0
    for t, first in enumerate(range(0, len(order), batch), start=1):
        rows = torch.from_numpy(order[first : first + batch])
        shape = DRAWN[work.name]
        noise = drawn(work.net, (len(rows), *shape), t) if shape else None
        began = time.perf_counter()
        loss = LOSSES[work.name](own, [one[rows] for one in x], y[rows], noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds += time.perf_counter() - began
    return np.array(losses), seconds


def here(work, batch=BATCH):
    """(losses, seconds) of one epoch in Glassnet."""
    x, began = work.x if len(work.x) > 1 else work.x[0], time.perf_counter()
    history = work.net.fit(x, work.y, loss=work.loss, optimizer=gn.optim.Adam(1e-3), epochs=1,
                           batch_size=batch, threads=1, verbose=0)  # fmt: skip
    return np.array(history.steps), time.perf_counter() - began


def apart(found, expected):
    """The largest difference of two lists of losses, as a share."""
    return np.abs(found / expected - 1).max()


def beside(exact, work):
    """How far the losses are apart in float64, and the seconds of both in float32."""
    torch.set_num_threads(1)
    (expected, _), (found, _) = there(exact), here(exact)
    (_, seconds), _ = there(work), here(work)  # compiled beforehand
    _, own = here(work)
    most = apart(found, expected)
    first = apart(found[:1], expected[:1])
    print(f"{work.name} beside PyTorch {torch.__version__}, one thread: losses in float64 of the "
          f"first step {first:.1e} apart, of {len(found)} steps at most {most:.1e}; in float32 "
          f"{own:.2f} s, there {seconds:.2f} s: {seconds / own:.1f}x")  # fmt: skip
    if not most < TOLERANCE:
        raise SystemExit(f"The losses are more than {TOLERANCE} apart.")
