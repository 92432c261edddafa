"""What augmentation makes of one image: a look before training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.network import Network
from glassnet.plots.images import MOST, bare, grid, heading
from glassnet.program.trace import trace
from glassnet.spec import shape_text

_IMAGE, _COLOURS = 3, 3  # axes of an image; channels of one in colour


def augmented(
    net: Network, image: Any, count: int = 23, *, step: int = 1, path: str | Path | None = None
) -> Any:
    """Variants of one image, as training would see them; the first panel is the image itself.

    Returns matplotlib's Figure. Shown is what comes out of the last layer that augments, such as
    gn.RandomRotation. With (n, H, W, C) instead of one image, gn.MixUp has something to mix.

    image  (H, W, C), or several (n, H, W, C), of which each is drawn in turn
    count  of variants, up to 64
    step   of training whose draws are shown, from 1
    path   where to save the picture, if anywhere

    >>> import numpy as np, glassnet as gn
    >>> net = gn.Network([gn.RandomRotation(0.1), gn.Flatten()], input_shape=(8, 8, 1))
    >>> figure = gn.plots.augmented(net, np.eye(8)[..., None], count=4)
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count < MOST:
        raise SettingError(f"augmented: count must be from 1 to {MOST - 1}, got {count!r}.")
    layer, output = _last_augmenting(net)
    images = _images(net, image)
    several = np.resize(images, (count, *images.shape[1:]))
    before = _made(net, output, images[:1], step, training=False)
    variants = _made(net, output, several, step, training=True)
    picture, panels = grid(count + 1)
    low, high = (f(f(before), f(variants)) for f in (_least, _most))
    for i, (axes, values) in enumerate(zip(panels, [*before, *variants], strict=True)):
        _draw(axes, values, "the image" if i == 0 else str(i), low, high)
    heading(picture, f"{count} variants, behind {layer}", f"black {low:.3g} to white {high:.3g}")
    return look.finish(picture, path)


def _least(*values: Any) -> float:
    return min(float(np.min(v)) for v in values)


def _most(*values: Any) -> float:
    return max(float(np.max(v)) for v in values)


def _draw(axes: Any, values: Any, title: str, low: float, high: float) -> None:
    """(H, W, 3) in colour; of other channels the mean in grey."""
    if values.shape[-1] == _COLOURS:
        axes.imshow((values - low) / ((high - low) or 1), interpolation="nearest")
    else:
        axes.imshow(values.mean(axis=-1), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    bare(axes, title)


def _last_augmenting(net: Network) -> tuple[str, int]:
    """The last layer that makes something else of an image in training, and its output."""
    topology, found = net.topology, None
    for call in topology.calls:
        spec = topology.specs[call.output]
        if spec.rank == _IMAGE + 1 and type(topology.layers[call.layer]).__name__ in _AUGMENTING:
            found = call.layer, call.output
    if found is None:
        raise SettingError(
            "This network has no layer that augments images. Put one behind its input, such as "
            "gn.RandomRotation(0.1)."
        )
    return found


_AUGMENTING = {
    "MixUp", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip",
    "RandomRotation", "RandomTranslation", "RandomZoom",
}  # fmt: skip


def _images(net: Network, image: Any) -> Any:
    """(n, H, W, C), as the network's only input takes them."""
    (_, spec), *others = net.topology.inputs
    if others:
        raise SettingError("augmented: the network has several inputs, of which it takes one.")
    array = np.asarray(image)
    array = array[None] if array.ndim == _IMAGE else array
    if array.shape[1:] != spec.shape[1:] or not len(array):
        raise ShapeError(
            f"augmented: an image of this network is {shape_text(spec.shape[1:])}, or several in "
            f"one array, got {shape_text(np.shape(image))}."
        )
    return array


def _made(net: Network, output: int, images: Any, step: int, *, training: bool) -> Any:
    """What comes out there of these images."""
    topology = replace(net.topology, outputs=(output,))
    forward = trace(topology, net.dtype, training=training)
    (leaf,) = forward.inputs
    values: dict[Node, Any] = {leaf: images.astype(leaf.dtype), g.SEED: net.seed, g.STEP: step}
    values |= {node: net.parameters[name] for name, node in forward.parameters.items()}
    (found,) = g.evaluate(list(forward.outputs), values, batch=len(images))
    return np.asarray(found, float)
