"""How a trained model does on images whose classes are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.errors import DataError
from glassnet.images.arrays import class_numbers, labels_of
from glassnet.images.model import ImageModel, is_files
from glassnet.images.photos import Photos, read
from glassnet.images.score import beside_constant
from glassnet.tables.columns import Progress, silent
from glassnet.tables.evaluate import Evaluation


def evaluate(
    model: ImageModel, images: Any, *, skip_unreadable: bool = False, progress: Progress = silent
) -> Evaluation:
    """Metrics of a model on a folder that has a folder for each class, or on (x, y) of arrays.

    Where the folder holds train and test, the test is what is measured.

    Raises DataError for a class that the model does not know.
    """
    if is_files(images):
        return _of_files(model, images, skip_unreadable, progress)
    if not isinstance(images, tuple | list) or len(images) != 2:
        raise DataError(f"Give a folder with classes, or (x, y); got {type(images).__name__}.")
    x, labels = images
    _, p, _ = model.answered(x)
    y = class_numbers(labels_of(labels, len(p)), model.target.classes, "y")
    return _evaluation(model, y, p, 0, {})


def _of_files(model: ImageModel, given: Any, skip: bool, progress: Progress) -> Evaluation:
    photos = given if isinstance(given, Photos) else read(
        given, skip_unreadable=skip, progress=progress
    )  # fmt: skip
    if "test" in photos.parts:
        photos = _only(photos, "test")
    if not photos.classes:
        raise DataError("These images have no classes. Read them with gn.images.read(folder).")
    of_file = {file.name: file.label for file in photos.files}
    class_numbers(list(of_file.values()), model.target.classes, "The folder")
    names, p, strange = model.answered(photos, skip, progress)
    y = class_numbers([of_file[name] for name in names], model.target.classes, "The folder")
    unknown = sum(n for why, n in photos.ignored.items() if why.startswith("images without"))
    return _evaluation(model, y, p, unknown, strange)


def _only(photos: Photos, part: str) -> Photos:
    kept = [i for i, file in enumerate(photos.files) if file.part == part]
    return Photos(
        photos.root, tuple(photos.files[i] for i in kept), tuple(photos.looks[i] for i in kept),
        photos.ignored, photos.faults, photos.skip_unreadable,
    )  # fmt: skip


def _evaluation(
    model: ImageModel, y: Any, p: Any, n_unknown: int, strange: dict[str, str]
) -> Evaluation:
    """Beside the shares of the classes in training."""
    counts, target = np.array(model.target.counts), model.target
    scores = beside_constant(y, np.asarray(p, np.float64), counts / counts.sum())
    return Evaluation(scores, len(y), n_unknown, strange, target.name, target.task)
