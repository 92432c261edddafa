"""Convolutions and pooling by plainer ops: padding, windows (a view), and a contraction or extreme.

    conv(x, w)          einsum(windows(pad(x)), w)
    conv_weight(x, dz)  einsum(windows(pad(x)), dz)
    conv_input(dz, w)   einsum(windows(pad(dz)), w turned round): a convolution again; with
                        strides one for each phase of the places (phases.py)
    max_pool(x)         max(windows(x)) over the windows' own axes
    max_pool_input      each dz where its place in the window is that of the first maximum

Windows come with their own axes in front of the channels, so that channels, which lie side by side
in memory, are gone through innermost.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.convolve import kernel_sliding
from glassnet.graph.sliding import Sizes, Sliding, spatial
from glassnet.graph.sliding_text import pool_sliding
from glassnet.loops.phases import Phase, phases

_POSITIONS, _KERNEL = "hij", "klm"
MOST_PHASES = 9  # of a convolution with strides: each is a nest to compile


def _letters(rank: int) -> tuple[str, str]:
    return _POSITIONS[-rank:], _KERNEL[:rank]


def _padded(x: Node, slid: Sliding, value: float = 0) -> Node:
    """Images with room around them; where padding is negative they are cut."""
    if not any(map(any, slid.padding)):
        return x
    widths = [(max(0, a), max(0, b)) for a, b in slid.padding]
    index = [slice(max(0, -a), int(n) + min(0, b)) for n, (a, b) in
             zip(x.shape[1:-1], slid.padding, strict=True)]  # fmt: skip
    if any(min(pair) < 0 for pair in slid.padding):
        x = x[(slice(None), *index, slice(None))]
    return g.pad(x, widths=((0, 0), *widths, (0, 0)), value=value) if any(map(any, widths)) else x


def _windows(x: Node, slid: Sliding) -> Node:
    """(B, H', W', K, K, C): the windows' own axes before the channels."""
    rank = len(slid.size)
    axes = tuple(range(1, rank + 1))
    found = g.windows(x, axes=axes, size=slid.size, stride=slid.stride, dilation=slid.dilation)
    own = tuple(range(rank + 2, 2 * rank + 2))
    return g.transpose(found, axes=(0, *axes, *own, rank + 1))


def _split(x: Node, groups: int) -> Node:
    """The last axis as groups of channels."""
    return g.reshape(x, shape=(*x.shape[:-1], groups, int(x.shape[-1]) // groups))


def _joined(x: Node) -> Node:
    """Groups of channels as one axis."""
    return g.reshape(x, shape=(*x.shape[:-2], int(x.shape[-2]) * int(x.shape[-1])))


def _conv(x: Node, w: Node, groups: int = 1, **settings: Any) -> Node:
    rank = x.ndim - 2
    slid = kernel_sliding(w.shape[:rank], rank, settings)
    parts, (p, k) = _windows(_padded(x, slid), slid), _letters(rank)
    if groups == 1:
        return g.einsum(parts, w, subscripts=f"n{p}{k}c,{k}co->n{p}o")
    product = g.einsum(
        _split(parts, groups), _split(w, groups), subscripts=f"n{p}{k}gc,{k}cgo->n{p}go"
    )
    return _joined(product)


def _conv_weight(x: Node, dz: Node, size: Any, groups: int = 1, **settings: Any) -> Node:
    rank = x.ndim - 2
    slid = kernel_sliding(size, rank, settings)
    parts, (p, k) = _windows(_padded(x, slid), slid), _letters(rank)
    if groups == 1:
        return g.einsum(parts, dz, subscripts=f"n{p}{k}c,n{p}o->{k}co")
    product = g.einsum(
        _split(parts, groups), _split(dz, groups), subscripts=f"n{p}{k}gc,n{p}go->{k}cgo"
    )
    return _joined(product)


def _conv_input(dz: Node, w: Node, size: Sizes, groups: int = 1, **settings: Any) -> Node:
    """By phases where windows are a stride apart; side by side where they do not overlap."""
    rank = dz.ndim - 2
    slid = kernel_sliding(w.shape[:rank], rank, settings)
    if set(slid.stride) == {1}:
        return _turned_conv(dz, w, slid, size, groups)
    if slid.apart:
        return _summed_back(_of_windows(dz, w, groups), slid, size)
    found = [phases(slid, axis, n) for axis, n in enumerate(size)]
    if set(slid.dilation) == {1} and 0 < math.prod(map(len, found)) <= MOST_PHASES:
        return _conv_by_phases(dz, w, found, size, groups)
    return _turned_conv(_spread(dz, slid.stride), w, slid, size, groups)


def _turned_conv(x: Node, w: Node, slid: Sliding, size: Sizes, groups: int) -> Node:
    """Every place, with room of reach - 1 around it, lies in windows of dz, spread or not."""
    rank, room = len(size), []
    for n, reach, wide, (before, _) in zip(
        size, slid.reach, spatial(x.shape), slid.padding, strict=True
    ):
        ahead = reach - 1 - before
        room.append((ahead, n + reach - 1 - ahead - wide))
    back = Sliding(slid.size, (1,) * rank, slid.dilation, tuple(room))
    return _turned_product(_windows(_padded(x, back), back), w, groups)


def _turned_product(parts: Node, w: Node, groups: int) -> Node:
    """Windows of dz times the kernel turned round."""
    rank = parts.ndim // 2 - 1
    p, k = _letters(rank)
    turned = w[(slice(None, None, -1),) * rank]
    if groups == 1:
        return g.einsum(parts, turned, subscripts=f"n{p}{k}o,{k}co->n{p}c")
    product = g.einsum(
        _split(parts, groups), _split(turned, groups), subscripts=f"n{p}{k}go,{k}cgo->n{p}gc"
    )
    return _joined(product)


def _of_windows(dz: Node, w: Node, groups: int) -> Node:
    """What each window gives back to its own places: (B, H', W', K, K, C)."""
    p, k = _letters(dz.ndim - 2)
    if groups == 1:
        return g.einsum(dz, w, subscripts=f"n{p}o,{k}co->n{p}{k}c")
    product = g.einsum(
        _split(dz, groups), _split(w, groups), subscripts=f"n{p}go,{k}cgo->n{p}{k}gc"
    )
    return _joined(product)


def _conv_by_phases(dz: Node, w: Node, found: list[list[Phase]], size: Sizes, groups: int) -> Node:
    """The phases' own convolutions, each at its places; all read dz with the same room around."""
    rank, counts = len(size), spatial(dz.shape)
    ahead = [max(0, -min(p.first for p in own)) for own in found]
    room = [(a, max(0, max(p.end for p in own) - n))
            for a, own, n in zip(ahead, found, counts, strict=True)]  # fmt: skip
    whole = _padded(dz, Sliding.of(1, rank, padding=tuple(room)))
    total: Node | None = None
    for chosen in itertools.product(*found):
        read = tuple(slice(a + p.first, a + p.end) for a, p in zip(ahead, chosen, strict=True))
        part = whole[(slice(None), *read, slice(None))]
        windows = _windows(part, Sliding.of(tuple(p.windows for p in chosen), rank))
        own = _turned_product(windows, w[tuple(p.taps for p in chosen)], groups)
        at = (slice(None), *(p.places for p in chosen), slice(None))
        placed = unslice(own, index=at, shape=(dz.shape[0], *size, own.shape[-1]))
        total = placed if total is None else total + placed
    assert total is not None  # noqa: S101 - there is a phase
    return total


def _spread(dz: Node, stride: Sizes) -> Node:
    """dz with zeros between its places: as far apart as the windows of x."""
    if set(stride) == {1}:
        return dz
    sizes = [(n - 1) * step + 1 for n, step in zip(spatial(dz.shape), stride, strict=True)]
    index = (slice(None), *(slice(0, None, step) for step in stride), slice(None))
    return unslice(dz, index=index, shape=(dz.shape[0], *sizes, dz.shape[-1]))


unslice = g.all_ops()["unslice"]


# Pooling.
def _pool_axes(rank: int) -> tuple[int, ...]:
    return tuple(range(rank + 1, 2 * rank + 1))


def _pool_windows(x: Node, slid: Sliding, value: float) -> Node:
    return _windows(_padded(x, slid, value), slid)


def _max_pool(x: Node, **settings: Any) -> Node:
    slid = pool_sliding(x.ndim - 2, settings)
    return g.max(_pool_windows(x, slid, -math.inf), axis=_pool_axes(x.ndim - 2))


def _places(slid: Sliding, dtype: str) -> Node:
    """The number of each place of a window, with an axis for the channels: (K, K, 1)."""
    numbers = np.arange(math.prod(slid.size), dtype=dtype).reshape(*slid.size, 1)
    return g.constant(numbers)


def _first(x: Node, slid: Sliding) -> Node:
    """The number of the place of each window's first maximum, (B, H', W', C)."""
    rank, dtype = x.ndim - 2, x.dtype
    parts = _pool_windows(x, slid, -math.inf)
    top = g.max(parts, axis=_pool_axes(rank))
    last = float(math.prod(slid.size))
    found = g.where(g.equal(parts, _beside(top, rank)), _places(slid, dtype), last)
    return g.min(found, axis=_pool_axes(rank))


def _beside(x: Node, rank: int) -> Node:
    """(B, H', W', C) as (B, H', W', 1, 1, C), to meet the places of the windows."""
    return _windows(x, Sliding.of(1, rank))


def _max_pool_input(dz: Node, x: Node, **settings: Any) -> Node:
    rank = x.ndim - 2
    slid = pool_sliding(rank, settings)
    chosen = g.equal(_beside(_first(x, slid), rank), _places(slid, x.dtype))
    return _summed_back(g.where(chosen, _beside(dz, rank), 0), slid, spatial(x.shape))


def _max_pool_at(h: Node, x: Node, **settings: Any) -> Node:
    rank = x.ndim - 2
    slid = pool_sliding(rank, settings)
    chosen = g.equal(_beside(_first(x, slid), rank), _places(slid, x.dtype))
    return g.sum(g.where(chosen, _pool_windows(h, slid, 0), 0), axis=_pool_axes(rank))


def _shares(slid: Sliding, sizes: Sizes, dtype: str) -> Node:
    """1 over the count of numbers that are no padding, of each window: a number, or (H', W', 1)."""
    if not any(map(any, slid.padding)):
        return g.constant(1 / math.prod(slid.size))
    count: Any = np.ones((1,) * len(sizes))
    for axis, n in enumerate(sizes):
        real = np.pad(np.ones(n), slid.padding[axis])
        own = np.lib.stride_tricks.sliding_window_view(real, slid.size[axis])
        shape = [-1 if i == axis else 1 for i in range(len(sizes))]
        count = count * own[:: slid.stride[axis]].sum(axis=-1).reshape(shape)
    return g.constant((1 / count)[..., None].astype(dtype))


def _avg_pool(x: Node, **settings: Any) -> Node:
    slid = pool_sliding(x.ndim - 2, settings)
    total = g.sum(_pool_windows(x, slid, 0), axis=_pool_axes(x.ndim - 2))
    return total * _shares(slid, spatial(x.shape), x.dtype)


def _avg_pool_input(dz: Node, sizes: Sizes, **settings: Any) -> Node:
    rank = dz.ndim - 2
    slid = pool_sliding(rank, settings)
    share = _beside(dz * _shares(slid, sizes, dz.dtype), rank)
    shape = (*dz.shape[:-1], *slid.size, dz.shape[-1])
    return _summed_back(g.expand(share, shape=shape), slid, sizes)


def _summed_back(parts: Node, slid: Sliding, sizes: Sizes) -> Node:
    """(B, H', W', K, K, C) to (B, H, W, C): each number to the place that it came from."""
    rank = len(sizes)
    padded = slid.padded(sizes)
    if slid.apart:
        whole = _side_by_side(parts, slid, padded)
    else:
        order = (*range(rank + 1), 2 * rank + 1, *range(rank + 1, 2 * rank + 1))
        whole = g.unwindows(g.transpose(parts, axes=order), axes=tuple(range(1, rank + 1)),
                            sizes=padded, size=slid.size, stride=slid.stride)  # fmt: skip
    index = tuple(slice(a, a + n) for n, (a, _) in zip(sizes, slid.padding, strict=True))
    return whole[(slice(None), *index)] if padded != sizes else whole


def _side_by_side(parts: Node, slid: Sliding, sizes: Sizes) -> Node:
    """Windows that do not overlap: (B, H', K, W', K, C) is (B, H' K, W' K, C)."""
    rank = len(sizes)
    order = [0]
    for axis in range(rank):
        order += [axis + 1, rank + 1 + axis]
    turned = g.transpose(parts, axes=(*order, 2 * rank + 1))
    counts = spatial(parts.shape)[:rank]
    inner = tuple(n * size for n, size in zip(counts, slid.size, strict=True))
    whole = g.reshape(turned, shape=(parts.shape[0], *inner, parts.shape[-1]))
    left = tuple((0, n - m) for n, m in zip(sizes, inner, strict=True))
    return g.pad(whole, widths=((0, 0), *left, (0, 0))) if any(map(any, left)) else whole


DECOMPOSED: dict[str, Callable[..., Node]] = {
    "conv": _conv, "conv_weight": _conv_weight, "conv_input": _conv_input,
    "conv_transpose": _conv_input, "max_pool": _max_pool, "max_pool_input": _max_pool_input,
    "max_pool_at": _max_pool_at, "avg_pool": _avg_pool, "avg_pool_input": _avg_pool_input,
}  # fmt: skip
