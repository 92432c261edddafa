"""Pooling: each window of an image becomes one number, its largest or its mean.

    max_pool(x)              the largest number of each window
    max_pool_input(g, x)     the way back: g goes to the first maximum of its window
    max_pool_at(h, x)        of h, the number at the place of each window's first maximum in x
    avg_pool(x)              the mean of each window
    avg_pool_input(g)        the way back: g is shared out in equal parts

Of equal largest numbers the first takes the gradient, as in PyTorch. Padding is never the largest
number, and does not count in a mean (as in Keras; in PyTorch with count_include_pad=False). These
ops are closed under differentiation. Settings, each one number or one for each axis:

    size, stride   stride None is the size: windows side by side
    padding        around x; also (before, behind) for each axis
"""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.op import Op
from glassnet.graph.sliding import Sizes, Sliding, rank_of, spatial
from glassnet.graph.sliding_text import helper_of, pool_sliding, writer
from glassnet.spec import Spec, shape_text


def _sliding(rank: int, settings: dict[str, Any]) -> Sliding:
    found = pool_sliding(rank, settings)
    for size, pair in zip(found.size, found.padding, strict=True):
        if max(pair) >= size:
            raise ShapeError(
                f"a padding of {pair} would fill whole windows of {size} places: it must be less"
            )
    return found


def _pooled(x: Spec, **settings: Any) -> Spec:
    """x (B, H, W, C) gives (B, H', W', C)."""
    rank = rank_of(x.shape)
    counts = _sliding(rank, settings).counts(spatial(x.shape))
    return x.with_shape((x.shape[0], *counts, x.shape[-1]))


def _back(g: Spec, x: Spec, **settings: Any) -> Spec:
    """g (B, H', W', C) gives (B, H, W, C)."""
    made = _pooled(x, **settings)
    if made.shape != g.shape:
        raise ShapeError(
            f"of images {shape_text(x.shape)} pooling makes {shape_text(made.shape)}, and not "
            f"{shape_text(g.shape)}"
        )
    return g.with_shape(x.shape)


def _at(h: Spec, x: Spec, **settings: Any) -> Spec:
    if h.shape != x.shape:
        raise ShapeError(f"{shape_text(h.shape)} must have the shape of x, {shape_text(x.shape)}")
    return _pooled(h, **settings)


def _shared_out(g: Spec, *, sizes: Sizes, **settings: Any) -> Spec:
    return _back(g, g.with_shape((g.shape[0], *sizes, g.shape[-1])), **settings)


max_pool: Op = Op(
    "max_pool", writer("max_pool"), _pooled,
    lambda g, y, x, **settings: (max_pool_input(g, x, **settings),),
    kind="gather", letter="p", helper=helper_of("max_pool"),
)  # fmt: skip
max_pool_input: Op = Op(
    "max_pool_input", writer("max_pool_input"), _back,
    lambda h, y, g, x, **settings: (max_pool_at(h, x, **settings), None),
    kind="gather", letter="dx", helper=helper_of("max_pool_input"),
)  # fmt: skip
max_pool_at: Op = Op(
    "max_pool_at", writer("max_pool_at"), _at,
    lambda g, y, h, x, **settings: (max_pool_input(g, x, **settings), None),
    kind="gather", letter="p", helper=helper_of("max_pool_at"),
)  # fmt: skip
avg_pool: Op = Op(
    "avg_pool", writer("avg_pool"), _pooled,
    lambda g, y, x, **settings: (avg_pool_input(g, sizes=spatial(x.shape), **settings),),
    kind="gather", letter="p", helper=helper_of("avg_pool"),
)  # fmt: skip
avg_pool_input: Op = Op(
    "avg_pool_input", writer("avg_pool_input"), _shared_out,
    lambda h, y, g, sizes, **settings: (avg_pool(h, **settings),),
    kind="gather", letter="dx", helper=helper_of("avg_pool_input"),
)  # fmt: skip
