"""How a network is trained on images, and the defaults.

They were measured on parts of MNIST's training file (28 x 28; 300 and 2,000 images to train and
stop by, 5,000 others to judge) and of scikit-learn's digits (8 x 8), on images that no reported
figure is of. Of 2,000 images the network got 97.4 % right; moved, turned and zoomed 98.4 %, which
takes a patience of 20 epochs (10 gave 97.3 %). Half of the last units dropped, batches of 64 and
the weight decay each lowered the log loss; twice the filters did not. Digits of 8 x 8 were got
right at 98.9 %, and at 98.5 % where they were moved, turned and zoomed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from numbers import Real
from typing import Any, Literal, get_args, get_type_hints

import numpy as np

from glassnet.calls import CheckedFields
from glassnet.errors import FileFormatError, SettingError, UnknownNameError
from glassnet.optim import AdamW, Optimizer
from glassnet.philox import check_seed

_SMALLEST_BATCH, _LARGEST_BATCH = 16, 64
_STEPS = 25  # in an epoch, where the batch size is between those
_LEAST_AUGMENTED = 16  # pixels: of 8 x 8 a shift by a part of one blurs what there is
_MOST_SIDE = 4096  # pixels


@dataclass(frozen=True)
class Settings(CheckedFields):
    """How images are trained on.

    size              (rows, columns) of every image, or one number for both; None: from the images
    channels          1 (grey) or 3 (RGB); None: grey where no image has a colour
    resize            "crop": what juts out of the size is cut off; "pad": black is put around
    filters           of each block of convolutions; None: from the size
    augment           moves, turns and zooms each image a little, anew in every epoch; None: where
                      the shorter side has 16 pixels or more
    flip              mirrors half of them, too: right for photos, wrong for letters
    epochs            at most so many
    batch_size        None: from the number of images
    patience          epochs without a better validation loss after which training ends
    test_share        of the images, held out for the figures at the end
    validation_share  of the other images, held out to tell when to end
    class_weight      "balanced" lets every class count the same
    """

    size: int | tuple[int, int] | None = None
    channels: int | None = None
    resize: Literal["crop", "pad"] = "crop"
    filters: tuple[int, ...] | None = None
    augment: bool | None = None
    flip: bool = False
    epochs: int = 100
    batch_size: int | None = None
    learning_rate: float = 0.001
    weight_decay: float = 0.1
    dropout: float = 0.5
    patience: int = 20
    test_share: float = 0.2
    validation_share: float = 0.2
    seed: int = 0
    class_weight: Literal["balanced"] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _size(self.size))
        object.__setattr__(self, "filters", _filters(self.filters))
        for name, (holds, said) in _RULES.items():
            if not holds(getattr(self, name)):
                raise SettingError(f"{name} {said}, got {getattr(self, name)!r}.")
        if self.resize not in _RESIZE:
            raise UnknownNameError("way to resize", self.resize, _RESIZE)
        check_seed(self.seed)
        _ = self.optimizer  # says what is wrong with its settings now, not when training begins

    @property
    def optimizer(self) -> Optimizer:
        """AdamW."""
        return AdamW(self.learning_rate, weight_decay=self.weight_decay)

    def resolved(self, n_images: int, side: int) -> Settings:
        """The same settings for so many training images, whose shorter side has so many pixels."""
        size = 2 ** round(np.log2(max(1, n_images) / _STEPS))
        batch_size = int(np.clip(size, _SMALLEST_BATCH, _LARGEST_BATCH))
        return replace(
            self,
            batch_size=self.batch_size or batch_size,
            augment=side >= _LEAST_AUGMENTED if self.augment is None else self.augment,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same settings; what is left open is not."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @staticmethod
    def from_json(text: Mapping[str, Any]) -> Settings:
        """Settings from what `to_json` gave."""
        try:
            return Settings(**text)
        except TypeError as error:
            raise FileFormatError(f"The file does not hold settings: {error!r}.") from error


_RESIZE = get_args(get_type_hints(Settings)["resize"])


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) < high


_COUNT = _counts, "must be a whole number of at least 1"
_SHARE = lambda value: _between(value, 0, 1) and value > 0, "must be between 0 and 1"
_TRUTH = lambda value: isinstance(value, bool), "is True or False"
_RULES = {
    "epochs": _COUNT,
    "patience": _COUNT,
    "batch_size": (lambda value: value is None or _counts(value), _COUNT[1]),
    "test_share": _SHARE,
    "validation_share": _SHARE,
    "dropout": (lambda value: _between(value, 0, 1), "must be from 0 up to 1"),
    "augment": (lambda value: value is None or isinstance(value, bool), _TRUTH[1]),
    "flip": _TRUTH,
    "channels": (lambda value: value in {None, 1, 3}, "is 1 (grey) or 3 (RGB)"),
    "class_weight": (lambda value: value in {None, "balanced"}, "is 'balanced' or None"),
}


def _size(given: Any) -> tuple[int, int] | None:
    """Rows and columns; one number is both."""
    if given is None:
        return None
    found = tuple(given) if isinstance(given, list | tuple) else (given, given)
    if len(found) != 2 or not all(_counts(n) and n <= _MOST_SIDE for n in found):
        raise SettingError(
            f"size is (rows, columns) of 1 to {_MOST_SIDE} pixels each, or one number for both, "
            f"got {given!r}."
        )
    return found


def _filters(given: Any) -> tuple[int, ...] | None:
    """The filters of each block; one number is one block."""
    if given is None:
        return None
    found = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not found or not all(map(_counts, found)):
        raise SettingError(f"filters must be whole numbers such as (16, 32), got {given!r}.")
    return found
