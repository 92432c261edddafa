"""Convolutions and pooling the slow way, window by window: what the layers are compared with."""

import itertools
import math

import numpy as np


def each(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)


def sides(padding, sizes, size, stride, dilation):
    """(before, behind) of each axis; "same" as Keras has it."""
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    if padding == "causal":
        return (((size[0] - 1) * dilation[0], 0),)
    if padding == "same":
        found = []
        for n, k, s, d in zip(sizes, size, stride, dilation, strict=True):
            room = max(0, (math.ceil(n / s) - 1) * s + (k - 1) * d + 1 - n)
            found.append((room // 2, room - room // 2))
        return tuple(found)
    return tuple((p, p) if isinstance(p, int) else tuple(p) for p in each(padding, len(sizes)))


def places(x, size, stride, dilation, pads, value=0.0):
    """(padded x, for each window its number and the slices that it covers)."""
    padded = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)
    counts = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, s, d in zip(padded.shape[1:-1], size, stride, dilation, strict=True)
    ]
    windows = {
        at: tuple(
            slice(i * s, i * s + (k - 1) * d + 1, d)
            for i, k, s, d in zip(at, size, stride, dilation, strict=True)
        )
        for at in itertools.product(*map(range, counts))
    }
    return padded, counts, windows


def convolved(x, w, b=0.0, stride=1, padding="valid", dilation=1, groups=1):
    """z at each place: the window times w, summed."""
    rank = x.ndim - 2
    stride, dilation, size = each(stride, rank), each(dilation, rank), w.shape[:rank]
    pads = sides(padding, x.shape[1:-1], size, stride, dilation)
    x, counts, windows = places(x, size, stride, dilation, pads)
    z = np.zeros((len(x), *counts, w.shape[-1]), x.dtype)
    step_in, step_out = w.shape[-2], w.shape[-1] // groups
    for at, slices in windows.items():
        for group in range(groups):
            channels = slice(group * step_in, (group + 1) * step_in)
            outputs = slice(group * step_out, (group + 1) * step_out)
            part = x[(slice(None), *slices, channels)].reshape(len(x), -1)
            z[(slice(None), *at, outputs)] = part @ w[..., outputs].reshape(-1, step_out)
    return z + b


def transposed(x, w, b=0.0, stride=1, cut=0, groups=1, more=0):
    """Each number of x spreads over a window of z, which is cut at its sides; w (K, K, O, C)."""
    rank = x.ndim - 2
    stride, size = each(stride, rank), w.shape[:rank]
    cut = tuple((p, p) if isinstance(p, int) else p for p in each(cut, rank))
    sizes = [(n - 1) * s + k for n, s, k in zip(x.shape[1:-1], stride, size, strict=True)]
    outputs, channels = w.shape[-2], w.shape[-1] // groups
    z = np.zeros((len(x), *(n + more for n in sizes), outputs * groups), x.dtype)
    for at in np.ndindex(*x.shape[1:-1]):
        slices = tuple(slice(i * s, i * s + k) for i, s, k in zip(at, stride, size, strict=True))
        for group in range(groups):
            own = slice(group * channels, (group + 1) * channels)
            into = slice(group * outputs, (group + 1) * outputs)
            spread = np.tensordot(x[(slice(None), *at, own)], w[..., own], axes=(1, w.ndim - 1))
            z[(slice(None), *slices, into)] += spread
    kept = tuple(slice(a, n - c) for n, (a, c) in zip(z.shape[1:-1], cut, strict=True))
    return z[(slice(None), *kept)] + b


def pooled(x, how, size=2, stride=None, padding="valid"):
    """max or mean of each window; padding counts for neither."""
    rank = x.ndim - 2
    size = each(size, rank)
    stride = size if stride is None else each(stride, rank)
    ones = (1,) * rank
    pads = sides(padding, x.shape[1:-1], size, stride, ones)
    x, counts, windows = places(x, size, stride, ones, pads, np.nan)
    z = np.zeros((len(x), *counts, x.shape[-1]), x.dtype)
    function = {"max": np.nanmax, "mean": np.nanmean}[how]
    for at, slices in windows.items():
        part = x[(slice(None), *slices)].reshape(len(x), -1, x.shape[-1])
        z[(slice(None), *at)] = function(part, axis=1)
    return z
