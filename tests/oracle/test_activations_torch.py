"""Activations and their slopes against PyTorch's, in float64."""

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.nn.activation import PReLU
from glassnet.nn.activations import ACTIVATIONS

torch = pytest.importorskip("torch", reason="torch is not installed")
F = torch.nn.functional

BOUND = 1e-13
WEIGHTS = np.linspace(-1, 2, 4)
Z = np.concatenate([np.zeros((1, 4)), np.random.default_rng(0).normal(0, 3, (6, 4)),
                    [[-50, -20, 20, 50]], [[-3, 3, -1, 1]]])  # fmt: skip

TORCH = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda z: F.relu6(z + 3) / 6,  # hardsigmoid derives by a float32 sixth
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": lambda z: F.softplus(z, threshold=100),
    "softsign": F.softsign,
    "softmax": lambda z: z.softmax(-1),
}


def compare(found, expected):
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=BOUND, atol=BOUND)


def test_every_activation_is_compared():
    assert set(TORCH) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", TORCH)
def test_activation_and_slope_equal_pytorchs(name):
    z = g.input("z", Z.shape, "float64")
    a = ACTIVATIONS[name](z)
    value, slope = g.evaluate([a, *g.gradients(g.sum(a * WEIGHTS), [z])], {z: Z})
    leaf = torch.tensor(Z, requires_grad=True)
    expected = TORCH[name](leaf)
    (expected * torch.tensor(WEIGHTS)).sum().backward()
    compare(value, expected)
    compare(slope, leaf.grad)


def test_prelu_and_its_slopes_equal_pytorchs():
    z, slope = g.input("z", Z.shape, "float64"), g.input("slope", (4,), "float64")
    a = PReLU().formula(z, slope)
    found = g.evaluate([a, *g.gradients(g.sum(a * WEIGHTS), [z, slope])], {z: Z, slope: WEIGHTS})
    leaves = [torch.tensor(value, requires_grad=True) for value in (Z, WEIGHTS)]
    expected = F.prelu(*leaves)
    (expected * torch.tensor(WEIGHTS)).sum().backward()
    for one, other in zip(found, [expected, *(leaf.grad for leaf in leaves)], strict=True):
        compare(one, other)
