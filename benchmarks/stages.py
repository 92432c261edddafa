"""What stands before the dense layers: stages, each a word and its numbers.

    ("conv", filters, kernel, padding)        a convolution with bias, and relu
    ("conv_norm", filters, kernel, padding)   one without bias, batch normalisation, and relu
    ("residual", filters, stride)             two such of 3 x 3, of which the second adds the
                                              shortcut before its relu (He et al. 2015, figure 2);
                                              where the shape changes, the shortcut is a convolution
                                              of 1 x 1 with batch normalisation (their option B)
    ("max",)                                  maxima of 2 x 2
    ("mean",)                                 the mean over all places, or over all steps
    ("lstm", units)   ("gru", units)          the state after the last step; PyTorch's gates
    ("transformer", heads, hidden)            attention and two dense layers with relu between, each
                                              behind a layer normalisation and added to its input

Here are the shapes of a stage's arrays, in the order of Glassnet's, what leaves it, and the
multiply-adds of its products for one row; each peer has a table of the same words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Stage(NamedTuple):
    """Three functions of (shape that arrives, *numbers)."""

    arrays: Callable[..., dict[str, Shape]]
    leaves: Callable[..., Shape]
    products: Callable[..., list[int]]


def slid(shape, filters, kernel, padding, stride=1):
    """(H, W, C) behind a convolution."""
    h, w = ((n + 2 * padding - kernel) // stride + 1 for n in shape[:2])
    return h, w, filters


def slid_products(shape, filters, kernel, padding, stride=1):
    h, w, _ = slid(shape, filters, kernel, padding, stride)
    return [kernel * kernel * shape[2] * h * w * filters]


def conv_arrays(shape, filters, kernel, padding):
    return {"weight": (kernel, kernel, shape[2], filters), "bias": (filters,)}


def normal_arrays(name, kernel, channels, filters):
    return {f"{name}weight": (kernel, kernel, channels, filters),
            f"{name}scale": (filters,), f"{name}shift": (filters,)}  # fmt: skip


def residual_arrays(shape, filters, stride):
    found = normal_arrays("first_", 3, shape[2], filters)
    found |= normal_arrays("second_", 3, filters, filters)
    if changes(shape, filters, stride):
        found |= normal_arrays("shortcut_", 1, shape[2], filters)
    return found


def changes(shape, filters, stride):
    """Whether a residual block's shortcut needs a convolution."""
    return stride > 1 or shape[2] != filters


def residual_products(shape, filters, stride):
    middle = slid(shape, filters, 3, 1, stride)
    found = slid_products(shape, filters, 3, 1, stride) + slid_products(middle, filters, 3, 1)
    if changes(shape, filters, stride):
        found += slid_products(shape, filters, 1, 0, stride)
    return found


def lstm_arrays(shape, units):
    return {"weight": (shape[1], 4 * units), "recurrent_weight": (units, 4 * units),
            "bias": (4 * units,)}  # fmt: skip


def gru_arrays(shape, units):
    return {"weight": (shape[1], 3 * units), "recurrent_weight": (units, 3 * units),
            "bias": (3 * units,), "recurrent_bias": (3 * units,)}  # fmt: skip


def recurrent_products(gates):
    return lambda shape, units: [
        shape[0] * shape[1] * gates * units,
        shape[0] * units * gates * units,
    ]


def transformer_arrays(shape, heads, hidden):
    width = shape[1]
    found = {"attention_scale": (width,), "attention_shift": (width,)}
    for name in ("query", "key", "value", "output"):
        found |= {f"{name}_weight": (width, width), f"{name}_bias": (width,)}
    found |= {"feed_forward_scale": (width,), "feed_forward_shift": (width,)}
    found |= {"up_weight": (width, hidden), "up_bias": (hidden,)}
    return found | {"down_weight": (hidden, width), "down_bias": (width,)}


def transformer_products(shape, heads, hidden):
    """The four projections, scores and mixing of all heads, the two dense layers."""
    steps, width = shape
    projections, attention = 4 * steps * width * width, 2 * steps * steps * width
    return [projections + attention + 2 * steps * width * hidden]


STAGES = {
    "conv": Stage(conv_arrays, slid, slid_products),
    "conv_norm": Stage(lambda shape, n, k, p: normal_arrays("", k, shape[2], n), slid,
                       slid_products),
    "residual": Stage(residual_arrays, lambda shape, n, s: slid(shape, n, 3, 1, s),
                      residual_products),
    "max": Stage(lambda shape: {}, lambda shape: (shape[0] // 2, shape[1] // 2, shape[2]),
                 lambda shape: []),
    "mean": Stage(lambda shape: {}, lambda shape: shape[-1:], lambda shape: []),
    "lstm": Stage(lstm_arrays, lambda shape, n: (n,), recurrent_products(4)),
    "gru": Stage(gru_arrays, lambda shape, n: (n,), recurrent_products(3)),
    "transformer": Stage(transformer_arrays, lambda shape, *_: shape, transformer_products),
}  # fmt: skip


def shapes(shape, stages):
    """What arrives at each stage, and what leaves the last."""
    found = [shape]
    for kind, *numbers in stages:
        found.append(STAGES[kind].leaves(found[-1], *numbers))
    return found


def products(shape, stages):
    """The multiply-adds of each product in the forward pass of one row."""
    return [
        count
        for arrives, (kind, *numbers) in zip(shapes(shape, stages), stages, strict=False)
        for count in STAGES[kind].products(arrives, *numbers)
    ]


def start(rng, shape, stages):
    """The first weights: for each stage {name: array}."""
    return [
        {name: first(rng, name, size) for name, size in STAGES[kind].arrays(arrives, *n).items()}
        for arrives, (kind, *n) in zip(shapes(shape, stages), stages, strict=False)
    ]


def first(rng, name, shape):
    """Weights as Glorot draws them; scales near 1, biases and shifts near 0."""
    if name.endswith("weight"):
        *field, i, o = shape
        reach = np.sqrt(6 / (np.prod(field, dtype=int) * (i + o)))
        return rng.uniform(-reach, reach, shape).astype("float32")
    near = 1.0 if name.endswith("scale") else 0.0
    return rng.uniform(near - 0.1, near + 0.1, shape).astype("float32")
