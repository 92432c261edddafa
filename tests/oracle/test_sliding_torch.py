"""Convolutions and pooling against PyTorch: values, and the gradients of x, weight and bias."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.nn.symbol import apply, parameter_specs

torch = pytest.importorskip("torch", reason="torch is not installed")
F = torch.nn.functional

BOUND = 1e-12


class Row(NamedTuple):
    """A layer, its images without the batch, and the same in PyTorch: channels first."""

    layer: Any
    shape: tuple
    in_torch: Any  # (x, *parameters) -> z

    def __str__(self):
        return f"{self.layer!r} of {self.shape}"


def pads(*pairs):
    """What F.pad takes: the last axis first."""
    return lambda x: F.pad(x, [n for pair in reversed(pairs) for n in pair])


# fmt: off
ROWS = [
    Row(gn.Conv1D(4, 3), (7, 2), F.conv1d),
    Row(gn.Conv1D(4, 3, 2, "causal", 2), (9, 2),
        lambda x, w, b: F.conv1d(pads((4, 0))(x), w, b, 2, 0, 2)),
    Row(gn.Conv1D(6, 4, padding="same", groups=2), (9, 4),
        lambda x, w, b: F.conv1d(x, w, b, padding="same", groups=2)),
    Row(gn.Conv2D(3, 3), (6, 7, 2), F.conv2d),
    Row(gn.Conv2D(3, (3, 2), padding="same"), (6, 7, 2),
        lambda x, w, b: F.conv2d(x, w, b, padding="same")),
    Row(gn.Conv2D(3, 3, (2, 3), 1), (7, 8, 2), lambda x, w, b: F.conv2d(x, w, b, (2, 3), 1)),
    Row(gn.Conv2D(3, 3, dilation_rate=2, padding="same"), (7, 8, 2),
        lambda x, w, b: F.conv2d(x, w, b, 1, "same", 2)),
    Row(gn.Conv2D(6, 2, groups=3, padding=((0, 1), (2, 0))), (5, 4, 3),
        lambda x, w, b: F.conv2d(pads((0, 1), (2, 0))(x), w, b, groups=3)),
    Row(gn.Conv3D(3, (2, 3, 2), (1, 2, 1), (0, 1, 0)), (4, 5, 3, 2),
        lambda x, w, b: F.conv3d(x, w, b, (1, 2, 1), (0, 1, 0))),
    Row(gn.DepthwiseConv2D(3, depth_multiplier=2), (5, 6, 3),
        lambda x, w, b: F.conv2d(x, w, b, groups=3)),
    Row(gn.SeparableConv2D(4, 3), (5, 6, 3),
        lambda x, d, p, b: F.conv2d(F.conv2d(x, d, groups=3), p, b)),
    Row(gn.Conv1DTranspose(4, 3, 2), (5, 2),
        lambda x, w, b: F.conv_transpose1d(x, w, b, 2)),
    Row(gn.Conv2DTranspose(4, 3), (4, 5, 2), F.conv_transpose2d),
    Row(gn.Conv2DTranspose(4, (3, 4), (2, 3), (1, 0), (1, 2)), (4, 3, 2),
        lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 2))),
    Row(gn.Conv2DTranspose(4, 3, groups=2, dilation_rate=2), (4, 3, 2),
        lambda x, w, b: F.conv_transpose2d(x, w, b, groups=2, dilation=2)),
    Row(gn.MaxPooling1D(3), (10, 2), lambda x: F.max_pool1d(x, 3)),
    Row(gn.MaxPooling2D(), (5, 6, 2), lambda x: F.max_pool2d(x, 2)),
    Row(gn.MaxPooling2D(3, 2, 1), (6, 7, 2), lambda x: F.max_pool2d(x, 3, 2, 1)),
    Row(gn.MaxPooling3D((1, 2, 3)), (3, 4, 6, 2), lambda x: F.max_pool3d(x, (1, 2, 3))),
    Row(gn.AveragePooling1D(2), (7, 2), lambda x: F.avg_pool1d(x, 2)),
    Row(gn.AveragePooling2D(3, 2, 1), (6, 7, 2),
        lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    Row(gn.AveragePooling3D(2), (3, 4, 6, 2), lambda x: F.avg_pool3d(x, 2)),
    Row(gn.GlobalMaxPooling2D(), (3, 4, 2), lambda x: x.amax((2, 3))),
    Row(gn.GlobalAveragePooling2D(), (3, 4, 2), lambda x: x.mean((2, 3))),
]
# fmt: on


def channels_first(array):
    """(B, H, W, C) -> (B, C, H, W)."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 1)) if array.ndim > 2 else array


def kernel_first(array):
    """(K, K, C, O) -> (O, C, K, K); of a transposed convolution (K, K, O, C) -> (C, O, K, K)."""
    if array.ndim == 1:
        return array
    axes = (array.ndim - 1, array.ndim - 2, *range(array.ndim - 2))
    return np.ascontiguousarray(array.transpose(axes))


def whole(rng, *shape):
    """Numbers of which many are equal: maxima that are found twice."""
    return rng.integers(-2, 3, shape).astype("f8")


@pytest.mark.filterwarnings("ignore:Using padding:UserWarning")  # of PyTorch, for even kernels
@pytest.mark.parametrize("draw", [lambda rng, *shape: rng.normal(size=shape), whole],
                         ids=["numbers", "ties"])  # fmt: skip
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_layer_is_that_of_pytorch(row, draw):
    rng = np.random.default_rng(5)
    x = g.input("x", ("B", *row.shape), "float64")
    found = parameter_specs(row.layer, (x.spec,))
    leaves = {k: g.parameter(k, p.shape, "float64") for k, p in found.items()}
    z = apply(row.layer, [x], "float64", leaves)
    inputs = [x, *leaves.values()]
    values = {x: draw(rng, 4, *row.shape)}
    values |= {leaf: draw(rng, *leaf.shape) for leaf in leaves.values()}
    tensors = [torch.tensor(channels_first(values[x]), requires_grad=True)]
    tensors += [torch.tensor(kernel_first(values[leaf]), requires_grad=True) for leaf in inputs[1:]]
    expected = row.in_torch(*tensors)
    weights = rng.normal(size=expected.shape)
    (expected * torch.tensor(weights)).sum().backward()
    leaf = g.input("weights", z.shape, "float64")
    values[leaf] = np.moveaxis(weights, 1, -1) if weights.ndim > 2 else weights
    gradients = g.gradients(g.sum(z * leaf), inputs)
    own, dx, *others = g.evaluate([z, *gradients], values, batch=4)
    assert_close(channels_first(own), expected)
    assert_close(channels_first(dx), tensors[0].grad)
    for dw, tensor in zip(others, tensors[1:], strict=True):
        assert_close(kernel_first(dw), tensor.grad)


def assert_close(found, tensor):
    np.testing.assert_allclose(found, tensor.detach().numpy(), rtol=BOUND, atol=BOUND)
    assert np.shape(found) == tuple(tensor.shape)
