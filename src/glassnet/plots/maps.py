"""What a convolution looks for, and what a layer finds: images of kernels and of outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet.errors import ShapeError
from glassnet.network import Network
from glassnet.plots.images import MOST, grid, heading, image, largest_of
from glassnet.plots.row import one_layer, output_of

_COLOURS, _KERNEL, _MAPS = 3, 4, 3  # channels of a colour image; axes


def filters(net: Network, layer: str | None = None, *, path: str | Path | None = None) -> Any:
    """The kernel (H, W, I, O) of a convolution as images, one for each output.

    Of 3 inputs an image is in colour; of more it is that of the mean over them. Returns
    matplotlib's Figure, of the first 64 outputs.

    layer  its name; need not be given where one layer has such a kernel
    path   where to save the picture, if anywhere
    """

    def convolves(name: str) -> bool:
        return _kernel(net, name) is not None

    name = one_layer(net, layer, convolves, "layer with a kernel (H, W, in, out)")
    kernel = np.asarray(_kernel(net, name), float)
    H, W, I, O = kernel.shape  # noqa: E741 - the shape letters of the project
    shown = kernel if I == _COLOURS else kernel.mean(axis=2, keepdims=True)
    images = [np.squeeze(shown[..., o], axis=2) if I != _COLOURS else shown[..., o]
              for o in range(min(O, MOST))]  # fmt: skip
    of = "" if I in {1, _COLOURS} else f", the mean over {I} inputs"
    return _drawn(images, f"{name}: {O} filters of {H} x {W}{of}", path, signs=I != _COLOURS)


def feature_maps(
    net: Network, row: Any, layer: str | None = None, *, path: str | Path | None = None
) -> Any:
    """A layer's output (H, W, C) for one row as images, one for each channel.

    Returns matplotlib's Figure, of the first 64 channels.

    row    one row of the input, or a list or dict of one row for each
    layer  its name; need not be given where one layer gives such an output
    path   where to save the picture, if anywhere
    """
    shapes = {call.layer: net.topology.specs[call.output].shape[1:] for call in net.topology.calls}
    name = one_layer(net, layer, lambda n: len(shapes[n]) == _MAPS, "layer that gives (H, W, C)")
    found = np.asarray(output_of(net, name, row), float)
    H, W, C = found.shape
    images = [found[..., c] for c in range(min(C, MOST))]
    return _drawn(images, f"{name}: {C} maps of {H} x {W}", path, signs=True)


def _kernel(net: Network, layer: str) -> Any:
    """The layer's array of four axes, if it has one called weight."""
    name = f"{layer}.weight"
    array = net.parameters.get(name)
    return array if array is not None and array.ndim == _KERNEL else None


def _drawn(images: list[Any], title: str, path: str | Path | None, *, signs: bool) -> Any:
    if not images:
        raise ShapeError(f"{title}: there is nothing to draw.")
    largest = largest_of(images)
    picture, panels = grid(len(images))
    for i, (axes, values) in enumerate(zip(panels, images, strict=True)):
        image(axes, values, str(i), largest)
    below = f"orange {-largest:.3g}, white 0, blue {largest:.3g}"
    heading(
        picture, title, below if signs else f"grey 0, black {-largest:.3g} to white {largest:.3g}"
    )
    return look.finish(picture, path)
