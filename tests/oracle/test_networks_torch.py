"""Whole networks, trained for 50 steps from the same start: the losses and weights of PyTorch."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

import glassnet as gn
from glassnet import philox

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional

BOUND = 1e-10
STEPS, ROWS, BATCH = 50, 40, 8
RNG = np.random.default_rng(3)
X = RNG.normal(size=(ROWS, 5))
YES, KIND, SIZE = RNG.integers(0, 2, ROWS), RNG.integers(0, 3, ROWS), RNG.normal(size=(ROWS, 2))
WEIGHTS, CLASS_WEIGHTS = RNG.uniform(0.1, 2, ROWS), [0.5, 1.0, 3.0]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 2)

    def forward(self, x):
        return self.last(x + F.gelu(self.second(torch.tanh(self.first(x)))))


def residual(**settings):
    x = gn.Input((5,))
    branch = gn.Dense(5, "gelu")(gn.Dense(5, "tanh")(x))
    return gn.Network(inputs=x, outputs=gn.Dense(2)(x + branch), dtype="float64", **settings)


def in_line(*layers):
    return gn.Network(layers, input_shape=(5,), dtype="float64", seed=1)


def weighted_cross_entropy(p, y, w):
    """Row weights times class weights, and their sum below the line."""
    rows = F.cross_entropy(p, y, reduction="none")
    share = w * torch.tensor(CLASS_WEIGHTS)[y]
    return (share * rows).sum() / share.sum()


class Row(NamedTuple):
    """The same network, loss and optimiser, here and there."""

    name: str
    ours: Callable[[], gn.Network]
    theirs: Callable[[], Any]
    y: Any
    loss: Callable[..., Any]  # of PyTorch: (output, y, row weights)
    optimizer: Any
    in_torch: Callable[..., Any]
    given: Any = MappingProxyType({})  # to fit
    penalty: float = 0.0  # on the squares of the first weight

    def __str__(self):
        return self.name


TABLE = [
    Row("relu, cross-entropy of yes or no, Adam",
        lambda: in_line(gn.Dense(8, "relu"), gn.Dense(8, "relu"), gn.Dense(1, "sigmoid")),
        lambda: nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(),
                              nn.Linear(8, 1)),
        YES, lambda p, y, w: F.binary_cross_entropy_with_logits(p[:, 0], y.double()),
        gn.optim.Adam(0.01), lambda p: torch.optim.Adam(p, 0.01)),
    Row("softmax, weighted cross-entropy, momentum",
        lambda: in_line(gn.Dense(8, "elu"), gn.Dense(3, "softmax")),
        lambda: nn.Sequential(nn.Linear(5, 8), nn.ELU(), nn.Linear(8, 3)),
        KIND, weighted_cross_entropy,
        gn.optim.SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
        {"sample_weight": WEIGHTS, "class_weight": CLASS_WEIGHTS}),
    Row("residual, Huber, Nesterov", residual, Residual, SIZE, lambda p, y, w: F.huber_loss(p, y),
        gn.optim.SGD(0.05, momentum=0.8, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, nesterov=True), {"loss": "huber"}),
    Row("silu, squares, AdamW",
        lambda: in_line(gn.Dense(6, "silu"), gn.Dense(6, "softplus"), gn.Dense(2)),
        lambda: nn.Sequential(nn.Linear(5, 6), nn.SiLU(), nn.Linear(6, 6), nn.Softplus(),
                              nn.Linear(6, 2)),
        SIZE, lambda p, y, w: F.mse_loss(p, y),
        gn.optim.AdamW(0.02, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.1)),
    Row("prelu, penalty, RMSprop",
        lambda: in_line(gn.Dense(6, "prelu", weight_regularizer=gn.regularizers.L2(0.05)),
                        gn.Dense(2)),
        lambda: nn.Sequential(nn.Linear(5, 6), nn.PReLU(6), nn.Linear(6, 2)),
        SIZE, lambda p, y, w: F.l1_loss(p, y),
        gn.optim.RMSprop(0.003), lambda p: torch.optim.RMSprop(p, 0.003),
        {"loss": "mean_absolute_error"}, 0.05),
]  # fmt: skip


def turned(array):
    """A weight of PyTorch's (O, I) as ours (I, O), and the other way round."""
    return array.T if array.ndim > 1 else array


def train_in_torch(row, start):
    """(losses of all steps, weights): on the same rows in the same order."""
    torch.set_default_dtype(torch.float64)
    try:
        module = row.theirs()
        with torch.no_grad():
            for own, array in zip(module.parameters(), start, strict=True):
                own.copy_(torch.tensor(turned(array)))
        optimizer, losses = row.in_torch(module.parameters()), []
        x, y, w = (torch.tensor(a) for a in (X, row.y, WEIGHTS))
        for step in range(STEPS):
            epoch, batch = divmod(step, ROWS // BATCH)
            order = philox.permutation(ROWS, 1, philox.SHUFFLE, 0, epoch)
            at = order[batch * BATCH : (batch + 1) * BATCH]
            loss = row.loss(module(x[at]), y[at], w[at])
            if row.penalty:
                loss = loss + row.penalty * (module[0].weight ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, [turned(p.detach().numpy()) for p in module.parameters()]
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_fifty_steps_are_those_of_pytorch(row):
    net = row.ours()
    net.seed = 1
    start = [array.copy() for array in net.parameters.values()]
    losses, weights = train_in_torch(row, start)
    history = net.fit(
        X, row.y, optimizer=row.optimizer, epochs=STEPS * BATCH // ROWS,
        batch_size=BATCH, engine="numpy", verbose=0, **row.given,
    )  # fmt: skip
    np.testing.assert_allclose(history.steps, losses, rtol=BOUND, atol=BOUND)
    for found, expected in zip(net.parameters.values(), weights, strict=True):
        np.testing.assert_allclose(found, expected, rtol=BOUND, atol=BOUND)
