"""The network for images: bytes in, the probability of each class out. The rules stand here."""

from __future__ import annotations

from glassnet.images.frame import Frame
from glassnet.images.settings import Settings
from glassnet.network import Network
from glassnet.nn import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    Rescaling,
    Symbol,
)

_TINY = 32  # pixels of the longer side, up to which every place of the last map has its weights
_SMALLEST_MAP = 4  # pixels of the shorter side of the map that the last block sees
_MOST_BLOCKS = 4
_FIRST, _WIDEST, _UNITS = 16, 64, 128


def image_network(frame: Frame, n_classes: int, settings: Settings) -> Network:
    """Blocks of convolution, batch normalisation, ReLU and pooling; then dense layers.

    Up to 32 pixels a side the last map is flattened into a dense layer of 128 units, as in LeNet
    (LeCun et al. 1998): where a stroke is tells what it is. Larger images end in the mean of each
    map, so that it does not matter where a thing is.
    """
    x = Input(frame.shape, name="image")
    h = augmented(Rescaling(1 / 255)(x), settings)
    for filters in settings.filters or filters_for(frame):
        h = Conv2D(filters, 3, padding="same", use_bias=False)(h)
        h = Activation("relu")(BatchNormalization()(h))
        h = MaxPooling2D(2)(h) if min(h.shape[1:3]) > 1 else h
    if max(frame.height, frame.width) <= _TINY:
        h = Dense(_UNITS, "relu", weight_init="he_normal")(Flatten()(h))
    else:
        h = GlobalAveragePooling2D()(h)
    h = Dropout(settings.dropout)(h) if settings.dropout else h
    answer = Dense(n_classes, "softmax", weight_init="zeros")(h)
    return Network(inputs=x, outputs=answer, seed=settings.seed)


def filters_for(frame: Frame) -> tuple[int, ...]:
    """A block for each map of 4 pixels a side or more, at most 4: 16, 32, 64, 64 filters.

    >>> filters_for(Frame(8, 8, 1)), filters_for(Frame(28, 28, 1))
    ((16, 32), (16, 32, 64))
    >>> filters_for(Frame(96, 72, 3))
    (16, 32, 64, 64)
    """
    side, found = min(frame.height, frame.width), [_FIRST]
    while side // 2 >= _SMALLEST_MAP and len(found) < _MOST_BLOCKS:
        side //= 2
        found.append(min(_WIDEST, 2 * found[-1]))
    return tuple(found)


def augmentation(settings: Settings) -> list[Layer]:
    """The layers that change images in training.

    Translation and zoom are shares of the side, rotation one of a full turn: 3 % of it are 10
    degrees. None mirrors by default: a mirrored letter is another one.
    """
    moved = [RandomTranslation(0.08, 0.08), RandomRotation(0.03), RandomZoom(0.1)]
    return [*(moved if settings.augment else []),
            *([RandomFlip("horizontal")] if settings.flip else [])]  # fmt: skip


def augmented(h: Symbol, settings: Settings) -> Symbol:
    """The images as training sees them, a little different in every epoch."""
    for layer in augmentation(settings):
        h = layer(h)
    return h
