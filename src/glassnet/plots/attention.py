"""Where attention looks: the weights p of each head, for one row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glassnet import figure as look
from glassnet.errors import SettingError, need
from glassnet.network import Network
from glassnet.nn.attention import MultiHeadAttention
from glassnet.nn.transformer import TransformerBlock
from glassnet.plots.images import bare, grid, heading
from glassnet.plots.row import one_layer, values_in

_ACROSS, _INCHES = 4, 2.4


def attention(
    net: Network,
    row: Any,
    layer: str | None = None,
    *,
    words: Sequence[str] | None = None,
    path: str | Path | None = None,
) -> Any:
    """p = softmax(q k^T / sqrt(D)) of each head for one row; returns matplotlib's Figure.

    row    one row of the input, or a list or dict of one row for each
    layer  the name of the attention or of the block; need not be given where there is one
    words  what stands at the places, written along both axes
    path   where to save the picture, if anywhere

    >>> import numpy as np
    >>> import glassnet as gn
    >>> net = gn.Network([gn.TransformerBlock(2)], input_shape=(6, 8))
    >>> figure = gn.plots.attention(net, np.ones((6, 8)))
    """

    def attends(name: str) -> bool:
        return isinstance(net.layers[name], MultiHeadAttention | TransformerBlock)

    name = one_layer(net, layer, attends, "layer of attention")
    weights = values_in(net, name, "p", row)[0]
    weights = weights.reshape(-1, *weights.shape[-2:])  # (N, T, S)
    picture, panels = grid(len(weights), across=_ACROSS, inches=_INCHES)
    for i, (axes, p) in enumerate(zip(panels, weights, strict=True)):
        axes.imshow(p, cmap=_tints(), vmin=0, vmax=1, interpolation="nearest")
        bare(axes, f"head {i + 1}")
        if words is not None:
            _written(axes, words, p.shape)
    heading(picture, f"{name}: where each place looks", "a query a row, a key a column; white 0, "
            "blue 1; a row sums to 1")  # fmt: skip
    return look.finish(picture, path)


def _written(axes: Any, words: Sequence[str], shape: tuple[int, ...]) -> None:
    if any(len(words) != n for n in shape):
        raise SettingError(
            f"attention(...): {len(words)} words for {shape[0]} queries and {shape[1]} keys. Give "
            "a word for each place."
        )
    places = range(len(words))
    axes.set_xticks(places, words, rotation=90, fontsize=look.SMALL, color=look.QUIET)
    axes.set_yticks(places, words, fontsize=look.SMALL, color=look.QUIET)
    axes.tick_params(length=0)


def _tints() -> Any:
    colors = need("matplotlib.colors", "plots").LinearSegmentedColormap
    return colors.from_list("tints", [look.PAPER, *look.TINTS, look.BLUE])
