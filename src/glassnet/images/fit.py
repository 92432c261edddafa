"""Images that are ready to be trained on: unpacked, split, with a network of their size."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import train
from glassnet.errors import DataError, brief, shown
from glassnet.images import facts as said
from glassnet.images.arrays import (
    as_images,
    check_size,
    class_numbers,
    frame_of,
    labels_of,
    sorted_classes,
)
from glassnet.images.found import Found, formats_of, notes_on, oddities_of
from glassnet.images.frame import Frame, size_of
from glassnet.images.listing import shown_name
from glassnet.images.model import ImageModel, target_of
from glassnet.images.network import image_network
from glassnet.images.photos import Photos, read, refuse
from glassnet.images.pixels import Decoded, Pixels, decoded
from glassnet.images.score import beside_constant, class_shares
from glassnet.images.settings import Settings
from glassnet.images.split import split
from glassnet.images.validation import Validation, answers_for
from glassnet.tables.columns import Progress, silent
from glassnet.tables.weights import class_weights
from glassnet.train.callbacks import Callback, EarlyStopping
from glassnet.train.history import History

_FEWEST = 10  # images
_MOST_CLASSES = 1000


@dataclass(repr=False)
class ImageFit:
    """Images with the network that is trained on them.

    rows    the numbers of the images for "train", "validation" and "test"
    pixels  all images as bytes, and how they are called
    y       the number of each image's class (n,)
    found   what was found out about them
    class_weight  how much each class counts, where that was asked for
    """

    model: ImageModel
    rows: dict[str, Any]
    pixels: Pixels
    y: Any
    found: Found
    history: History = field(default_factory=History)
    best_epoch: int = 0
    class_weight: Any = None

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(rows):,} images for {part}" for part, rows in self.rows.items())
        epochs = self.history.epochs
        state = f"{epochs:,} epochs" if epochs else "not trained yet: go()"
        return f"<fit of {len(self.model.target.classes)} classes: {counts}; {state}>"

    def go(self, callbacks: Sequence[Callback] = ()) -> History:
        """Train until the validation loss has not fallen for long; its best weights stay."""
        settings, model = self.model.settings, self.model
        stopping = EarlyStopping(patience=settings.patience)
        held = self.rows["validation"]
        judge = Validation(model, self.pixels, held, self.y[held], self.class_weight)
        plan = train.FitSettings(
            loss=model.loss, optimizer=settings.optimizer, epochs=settings.epochs,
            batch_size=settings.batch_size, shuffle=True, validation_data=None,
            validation_split=0.0, sample_weight=None, class_weight=self.class_weight,
            loss_weights=None, metrics=model.metrics, callbacks=[judge, stopping, *callbacks],
            engine="auto", threads=None, verbose=0, rows=self.rows["train"],
        )  # fmt: skip
        self.history = train.fit(model.net, self.pixels.x, self.y[: len(self.pixels.x)], plan)
        self.best_epoch = stopping.best_epoch
        return self.history

    def answers(self, part: str) -> Any:
        """Probabilities (n, classes) for the images of "train", "validation" or "test"."""
        return answers_for(self.model, self.pixels, self.rows[part])

    def scores(self) -> dict[str, tuple[float, float]]:
        """Metrics on the images held out for the test: of the network, and of a constant answer."""
        y = self.y[self.rows["test"]]
        return beside_constant(y, np.asarray(self.answers("test"), np.float64), self._shares)

    @cached_property
    def _shares(self) -> Any:
        return class_shares(self.y[self.rows["train"]], len(self.model.target.classes))

    @property
    def baseline(self) -> str:
        """What the answer is that the network's is held against."""
        return "for every image the shares of the classes in the images to train on"

    def facts(self) -> list[tuple[str, str, str]]:
        """What was found out, to be said aloud: label, text, style."""
        return said.facts(self.model, self.rows, self.found)

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return said.as_json(self.model, self.rows, self.found)


def find_fit(
    images: Any, settings: Settings | None = None, *, progress: Progress = silent
) -> ImageFit:
    """Find out what the images are, split them, and build a network.

    images    what `read` gave, a folder, (x, y) of arrays, or ((x, y), (x_test, y_test)): x bytes
              (n, H, W) or (n, H, W, C), y the class of each image
    progress  is told how many images have been looked at and unpacked

    Raises DataError where the images do not allow it.
    """
    settings = settings or Settings()
    if isinstance(images, str | os.PathLike):
        images = read(Path(images), progress=progress)
    if isinstance(images, Photos):
        return _of_files(images, settings, progress)
    return _of_arrays(*_pairs(images), settings)


def _of_files(photos: Photos, settings: Settings, progress: Progress) -> ImageFit:
    if not photos.parts and not photos.classes:
        raise DataError("These images have no classes. Read them with gn.images.read(folder).")
    where = shown(shown_name(photos.root), 200)
    trained = [f.label for f in photos.files if f.part in {"", "train"}]
    classes = sorted_classes(trained)
    _check_classes(classes, len(photos), where)
    y = class_numbers([file.label for file in photos.files], classes, _folder_of(photos, classes))
    frame, why, grey_allowed = _frame(photos, settings)
    done = decoded(photos.files, frame, grey_allowed=grey_allowed, progress=progress)
    photos, y, done = _without_faults(photos, y, done)
    _check_classes(sorted_classes([classes[i] for i in y]), len(y), where)
    pixels = Pixels(done.x, names=tuple(file.name for file in photos.files))
    rows = split([file.part for file in photos.files], y, settings)
    found = Found(
        source=shown_name(photos.root), formats=formats_of(photos.looks),
        odd=oddities_of(photos.looks), ignored=photos.ignored, faults=photos.faults, why_size=why,
    )  # fmt: skip
    return _fit(pixels, y, rows, classes, done.frame, found, settings)


def _folder_of(photos: Photos, classes: Sequence[str]) -> str:
    """The part whose folder holds a class that is not trained on, for the message."""
    strange = [f.part for f in photos.files if f.label not in classes]
    return f"The folder {strange[0]!r}" if strange else "The folder"


def _frame(photos: Photos, settings: Settings) -> tuple[Frame, str, bool]:
    """The frame, why it is so, and whether three channels may become one."""
    looks = [o for f, o in zip(photos.files, photos.looks, strict=True) if f.part in {"", "train"}]
    size, why = (settings.size, "as asked for") if settings.size else size_of(looks)
    is_grey = all(look.is_grey for look in photos.looks)
    channels = settings.channels or (1 if is_grey else 3)
    assert isinstance(size, tuple)  # noqa: S101 - settings keep no single number
    frame = Frame(*size, channels, settings.resize)
    return frame, why, settings.channels is None and not is_grey


def _without_faults(photos: Photos, y: Any, done: Decoded) -> tuple[Photos, Any, Decoded]:
    """Files that turned out damaged once unpacked are an error, or are left out."""
    faults = {photos.files[i].name: why for i, why in done.faults.items()}
    both = {**photos.faults, **faults}
    refuse(both, len(photos) + len(photos.faults), photos.skip_unreadable)
    if not faults:
        return photos, y, done
    kept = np.array([i for i in range(len(photos)) if i not in done.faults])
    rest = replace(
        photos, files=tuple(photos.files[i] for i in kept),
        looks=tuple(photos.looks[i] for i in kept), faults=both,
    )  # fmt: skip
    return rest, y[kept], replace(done, x=done.x[kept])


def _pairs(images: Any) -> tuple[Any, Any]:
    """((x, y), (x_test, y_test) or None) from what was given."""
    if isinstance(images, tuple | list) and len(images) == 2:
        first, second = images
        if isinstance(first, tuple | list) and len(first) == 2 and np.ndim(first[0]) >= 3:
            return first, second
        return images, None
    raise DataError(
        "Images are a folder, what gn.images.read gave, (x, y), or ((x, y), (x_test, y_test)); "
        f"got {type(images).__name__}."
    )


def _of_arrays(given: Any, test: Any, settings: Settings) -> ImageFit:
    x = as_images(given[0])
    labels = labels_of(given[1], len(x))
    classes = sorted_classes(labels)
    _check_classes(classes, len(x), "y")
    y, parts, x_test = class_numbers(labels, classes, "y"), [""] * len(x), None
    if test is not None:
        x_test = as_images(test[0], "x_test")
        check_size(x_test, frame_of(x), "x_test")
        of_test = labels_of(test[1], len(x_test), "y_test")
        y = np.concatenate([y, class_numbers(of_test, classes, "y_test")])
        parts += ["test"] * len(x_test)
    _check_arrays(settings)
    rows = split(parts, y, settings)
    return _fit(Pixels(x, x_test), y, rows, classes, frame_of(x), Found("arrays"), settings)


def _check_arrays(settings: Settings) -> None:
    if settings.size or settings.channels:
        raise DataError(
            "Arrays are used as they are: leave out size and channels, or give a folder of files."
        )


def _check_classes(classes: Sequence[str], n: int, where: str) -> None:
    if len(classes) < 2:
        only = f"only the class {shown(classes[0])}" if classes else "no class"
        raise DataError(
            f"{where} holds {only}: nothing can be learnt. Give images of two classes or more."
        )
    if n < _FEWEST:
        raise DataError(f"{where} holds {n} images, and {_FEWEST} are needed.")
    if len(classes) > min(_MOST_CLASSES, n / 2):
        raise DataError(
            f"{where} has {len(classes):,} classes for {n:,} images, such as "
            f"{brief(classes[0])}: too many. Is each class a folder (a number in y) of its own?"
        )


def _fit(
    pixels: Pixels, y: Any, rows: dict[str, Any], classes: Sequence[str], frame: Frame,
    found: Found, settings: Settings,
) -> ImageFit:  # fmt: skip
    n_train = len(rows["train"])
    settings = settings.resolved(n_train, min(frame.height, frame.width))
    counts = np.bincount(y, minlength=len(classes)).tolist()
    reason = "by folder" if pixels.names else "by y"
    target = target_of(classes, counts, reason)
    net = image_network(frame, len(classes), settings)
    found = replace(found, notes=notes_on(pixels, rows, y, classes))
    by_class = class_weights(settings.class_weight, target, y[rows["train"]])
    model = ImageModel(net, frame, target, settings)
    return ImageFit(model, rows, pixels, y, found, class_weight=by_class)
