"""A network together with the size that it takes and the classes that it knows: one model file."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import files, losses
from glassnet.errors import DataError, FileFormatError, GlassnetError
from glassnet.images.arrays import as_images, check_size
from glassnet.images.frame import Frame
from glassnet.images.header import MOST_PIXELS
from glassnet.images.photos import Photos, refuse, some_images
from glassnet.images.pixels import decoded
from glassnet.images.settings import Settings
from glassnet.network import Network
from glassnet.spec import BATCH, Spec
from glassnet.tables.columns import Progress, silent
from glassnet.tables.columns.target import CLASSIFICATION, Target

if TYPE_CHECKING:
    import polars as pl

    from glassnet.losses import Loss
    from glassnet.program import Program

_BYTES = 1 << 26  # of pixels that are unpacked before they are predicted
_MOST_NUMBERS = 4 * MOST_PIXELS  # of an image, whatever a file claims
BATCH_ROWS = 256  # images that an engine without its own mind takes together


@dataclass(frozen=True)
class ImageModel:
    """A network, the frame of its images, its classes, and how it was trained."""

    net: Network
    frame: Frame
    target: Target
    settings: Settings

    def predict(
        self, data: Any, *, skip_unreadable: bool = False, progress: Progress = silent
    ) -> tuple[pl.DataFrame, dict[str, str]]:
        """The answers for images, and by file what could not be read.

        data  a folder (images at any depth), a file, a list of files, what `read` gave, or an
              array of bytes (n, H, W) or (n, H, W, C)
        skip_unreadable  leaves out damaged files; else they are an error that names them

        A column `file` (not for arrays), `prediction`, and `probability_<class>` for each class.
        """
        import polars as pl

        names, p, strange = self.answered(data, skip_unreadable, progress)
        classes = self.target.classes
        likeliest = np.array(classes, object)[p.argmax(axis=1)]
        named = {f"probability_{name}": p[:, i] for i, name in enumerate(classes)}
        first = {"file": names} if names else {}
        return pl.DataFrame({**first, "prediction": likeliest.tolist(), **named}), strange

    def answered(
        self, data: Any, skip_unreadable: bool = False, progress: Progress = silent
    ) -> tuple[list[str], Any, dict[str, str]]:
        """Names of files, probabilities (n, classes), and by file what could not be read."""
        if is_files(data):
            photos = some_images(data, skip_unreadable=skip_unreadable, progress=progress)
            return self._of_files(photos, skip_unreadable or photos.skip_unreadable, progress)
        x = as_images(data)
        check_size(x, self.frame, "x")
        return [], self.answers(x), {}

    def _of_files(
        self, photos: Photos, skip_unreadable: bool, progress: Progress
    ) -> tuple[list[str], Any, dict[str, str]]:
        if self.frame.channels not in {1, 3}:
            raise DataError(
                f"The network takes images of {self.frame.channels} channels, which files do not "
                "have. Give an array."
            )
        names, answers = [], []
        strange = dict(photos.faults)
        for first, part in _parts(photos, self.frame):
            found = decoded(part, self.frame)
            strange |= {part[i].name: why for i, why in found.faults.items()}
            good = [i for i in range(len(part)) if i not in found.faults]
            names += [part[i].name for i in good]
            if good:
                answers.append(self.answers(found.x if len(good) == len(part) else found.x[good]))
            progress("images predicted", first + len(part), len(photos))
        refuse(strange, len(photos) + len(photos.faults), skip_unreadable)
        return names, np.concatenate(answers), strange

    def answers(self, x: Any) -> Any:
        """Probabilities (n, classes) of bytes (n, H, W, C)."""
        return self.net.predict(x, batch_size=BATCH_ROWS)

    @property
    def loss(self) -> Loss:
        """What training lowers."""
        return losses.SparseCategoricalCrossentropy()

    @property
    def metrics(self) -> list[str]:
        """What is shown beside the loss after each epoch."""
        return ["accuracy"]

    def training_program(self) -> Program:
        """The program of one training step."""
        return self.net.training_program(
            loss=self.loss, optimizer=self.settings.optimizer,
            class_weight=len(self.target.classes) if self.settings.class_weight else 0,
        )  # fmt: skip

    def save(self, path: str | Path) -> None:
        """Write everything into one file."""
        found = {"frame": self.frame.to_json(), "classes": list(self.target.classes),
                 "counts": list(self.target.counts)}  # fmt: skip
        files.save(self.net, path, {"images": found, "settings": self.settings.to_json()})

    @staticmethod
    def load(path: str | Path) -> ImageModel:
        """Read what `save` wrote."""
        saved = files.read_model(path)
        net, extra = Network.of_saved(saved), saved.extra
        if not {"images", "settings"} <= set(extra):
            raise FileFormatError(
                f"{path} holds a network that is not one of images. Load it with gn.load(path)."
            )
        return ImageModel(net, *_described(net, extra))


def is_files(data: Any) -> bool:
    """Whether images are given as files: a path, a list of paths, or what `read` gave."""
    if isinstance(data, str | os.PathLike | Photos):
        return True
    several = isinstance(data, list | tuple)
    return several and all(isinstance(one, str | os.PathLike) for one in data)


def target_of(classes: Sequence[str], counts: Sequence[int], reason: str) -> Target:
    """The classes as the target that scores and reports take."""
    return Target("class", CLASSIFICATION, tuple(classes), tuple(counts), reason=reason)


def _parts(photos: Photos, frame: Frame) -> Iterator[tuple[int, Sequence[Any]]]:
    """Some files after others, so that no more than some of them lie unpacked in memory."""
    step = max(1, _BYTES // (frame.height * frame.width * frame.channels))
    for first in range(0, len(photos), step):
        yield first, photos.files[first : first + step]


def _described(net: Network, extra: Mapping[str, Any]) -> tuple[Frame, Target, Settings]:
    """What is kept beside a network; FileFormatError where it does not belong to it."""
    try:
        found, settings = extra["images"], Settings.from_json(extra["settings"])
        frame = Frame(**found["frame"])
        target = target_of(found["classes"], found["counts"], "")
        for one in (frame, target, settings):
            files.check_fields(one)
        _check(net, frame, target)
    except FileFormatError:
        raise
    except (GlassnetError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(f"The file does not describe images and settings: {error}") from error
    return frame, target, settings


def _check(net: Network, frame: Frame, target: Target) -> None:
    topology, n = net.topology, len(target.classes)
    inputs = [spec for _, spec in topology.inputs]
    outputs = [topology.specs[i].shape for i in topology.outputs]
    if inputs != [Spec((BATCH, *frame.shape))] or outputs != [(BATCH, n)]:
        raise FileFormatError(
            f"The file's network takes {inputs} and gives {outputs}, but its images are "
            f"{frame.describe()} of {n} classes. Take an earlier copy."
        )
    if n < 2 or len(set(target.classes)) < n or len(target.counts) != n or min(target.counts) < 0:
        raise FileFormatError("The file's classes do not fit together. Take an earlier copy.")
    if min(frame.shape) < 1 or math.prod(frame.shape) > _MOST_NUMBERS:
        raise FileFormatError(f"The file's images are {frame.describe()}. Take an earlier copy.")
    if not all(np.isfinite(array).all() for array in net.parameters.values()):
        raise FileFormatError("The file's weights hold NaN or infinity. Take an earlier copy.")
