"""The stages of a network in PyTorch: (weights by name, *numbers) -> a module.

PyTorch's own layers, with the channels of images first; attention takes its fused kernel, and one
product for queries, keys and values.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def fill(parameter, array):
    """Copy an array into a parameter; a matrix (I, O) lies there as (O, I)."""
    turned = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(array.transpose(turned).copy()))


def convolution(weight, padding, stride=1, bias=None):
    _, kernel, channels, filters = weight.shape
    found = nn.Conv2d(channels, filters, kernel, stride, padding, bias=bias is not None)
    fill(found.weight, weight)
    if bias is not None:
        fill(found.bias, bias)
    return found


def normal(w, name, padding, stride=1):
    """A convolution and batch normalisation."""
    weight, scale, shift = (w[name + part] for part in ("weight", "scale", "shift"))
    batch_norm = nn.BatchNorm2d(len(scale))
    fill(batch_norm.weight, scale)
    fill(batch_norm.bias, shift)
    return nn.Sequential(convolution(weight, padding, stride), batch_norm)


def conv(w, filters, kernel, padding):
    return nn.Sequential(convolution(w["weight"], padding, bias=w["bias"]), nn.ReLU())


def conv_norm(w, filters, kernel, padding):
    return nn.Sequential(normal(w, "", padding), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, w, filters, stride):
        super().__init__()
        self.first, self.second = normal(w, "first_", 1, stride), normal(w, "second_", 1)
        changes = "shortcut_weight" in w
        self.shortcut = normal(w, "shortcut_", 0, stride) if changes else nn.Identity()

    def forward(self, x):
        inner = self.second(functional.relu(self.first(x), inplace=True))
        return functional.relu(inner + self.shortcut(x), inplace=True)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3) if x.ndim == 4 else 1)


class Recurrent(nn.Module):
    """The last state. Gates lie as ours; an LSTM has two biases, of which one stays 0."""

    def __init__(self, kind, w, units):
        super().__init__()
        self.cell = kind(len(w["weight"]), units, batch_first=True)
        fill(self.cell.weight_ih_l0, w["weight"])
        fill(self.cell.weight_hh_l0, w["recurrent_weight"])
        fill(self.cell.bias_ih_l0, w["bias"])
        fill(self.cell.bias_hh_l0, w.get("recurrent_bias", np.zeros_like(w["bias"])))
        self.cell.bias_hh_l0.requires_grad_("recurrent_bias" in w)

    def forward(self, x):
        return self.cell(x)[0][:, -1]


def linear(weights, biases):
    """One layer for matrices side by side."""
    weight = np.concatenate(weights, axis=1)
    found = nn.Linear(*weight.shape)
    fill(found.weight, weight)
    fill(found.bias, np.concatenate(biases))
    return found


def layer_norm(scale, shift):
    found = nn.LayerNorm(len(scale))
    fill(found.weight, scale)
    fill(found.bias, shift)
    return found


class Transformer(nn.Module):
    def __init__(self, w, heads, hidden):
        super().__init__()

        def dense(*names):
            return linear([w[f"{n}_weight"] for n in names], [w[f"{n}_bias"] for n in names])

        def normalized(name):
            return layer_norm(w[f"{name}_scale"], w[f"{name}_shift"])

        self.heads = heads
        self.attention, self.qkv = normalized("attention"), dense("query", "key", "value")
        self.output = dense("output")
        self.feed_forward = nn.Sequential(
            normalized("feed_forward"), dense("up"), nn.ReLU(), dense("down")
        )

    def forward(self, x):
        rows, steps, width = x.shape
        parts = self.qkv(self.attention(x)).view(rows, steps, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        h = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        x = x + self.output(h.reshape(x.shape))
        return x + self.feed_forward(x)


STAGES = {
    "conv": conv,
    "conv_norm": conv_norm,
    "residual": Residual,
    "max": lambda w: nn.MaxPool2d(2),
    "mean": lambda w: Mean(),
    "lstm": lambda w, units: Recurrent(nn.LSTM, w, units),
    "gru": lambda w, units: Recurrent(nn.GRU, w, units),
    "transformer": Transformer,
}
