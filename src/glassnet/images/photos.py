"""A folder of images as `read` gives it: looked at, not yet unpacked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassnet.errors import DataError, brief, plain, shown
from glassnet.images.header import Fault, Look, look, pillow, quiet
from glassnet.images.listing import ImageFile, Listing, by_class, everything, shown_name
from glassnet.tables.columns import Progress, silent

_MOST_NAMED = 5  # files in a message
_EVERY = 100  # files between two words on progress


@dataclass(frozen=True, repr=False)
class Photos:
    """Image files, what their headers say, and what was left out.

    files    in a fixed order; each with its class, and "train", "validation" or "test"
    looks    sizes and oddities, one for each file
    ignored  how many things were passed over, by the reason
    faults   files that cannot be used, and why; there are some only with skip_unreadable
    """

    root: Path
    files: tuple[ImageFile, ...]
    looks: tuple[Look, ...]
    ignored: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    skip_unreadable: bool = False

    def __len__(self) -> int:
        return len(self.files)

    def __repr__(self) -> str:
        counts = ", ".join(f"{brief(name)} {n:,}" for name, n in list(self.classes.items())[:8])
        more = len(self.classes) - 8
        kinds = f"; {counts}{f' and {more} classes more' if more > 0 else ''}" if counts else ""
        return f"<{len(self):,} images in {plain(shown_name(self.root))!r}{kinds}>"

    @property
    def classes(self) -> dict[str, int]:
        """How many images each class has, in sorted order; empty without folders of classes."""
        found = Counter(file.label for file in self.files if file.label)
        return dict(sorted(found.items()))

    @property
    def parts(self) -> dict[str, int]:
        """How many images the folders train, validation and test hold, where there are such."""
        return dict(Counter(file.part for file in self.files if file.part))


def read(
    folder: str | Path, *, skip_unreadable: bool = False, progress: Progress = silent
) -> Photos:
    """The images of a folder that has a folder for each class, or train and test above these.

    skip_unreadable  leaves out damaged and empty files, with a remark; else they are an error
                     that names them
    progress         is told how many files have been looked at: progress(what, done, of how many)

    Only headers are read here: pixels are unpacked when they are needed. Hidden files, links that
    lead out of the folder and files that are no images are passed over, and counted.
    """
    root = Path(folder)
    return looked_at(root, by_class(root), skip_unreadable, progress)


def some_images(
    given: Any, *, skip_unreadable: bool = False, progress: Progress = silent
) -> Photos:
    """The images that are to be predicted: of a folder at any depth, a file, a list of files."""
    if isinstance(given, Photos):
        return given
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        if path.is_file():
            return looked_at(path.parent, _listed([path]), skip_unreadable, progress)
        return looked_at(path, everything(path), skip_unreadable, progress)
    paths = [Path(one) for one in given]
    if not paths:
        raise DataError("There is no image to predict: the list of files is empty.")
    return looked_at(Path(), _listed(paths), skip_unreadable, progress)


def _listed(paths: Sequence[Path]) -> Listing:
    return Listing([ImageFile(path, shown_name(path)) for path in paths])


def looked_at(root: Path, found: Listing, skip_unreadable: bool, progress: Progress) -> Photos:
    """The files with what their headers say."""
    pillow()
    looks: list[Look] = []
    files: list[ImageFile] = []
    faults: dict[str, str] = {}
    with quiet():
        for i, file in enumerate(found.files, 1):
            said = look(file.path)
            if isinstance(said, Fault):
                faults[file.name] = said.why
            else:
                looks.append(said)
                files.append(file)
            if i % _EVERY == 0 or i == len(found.files):
                progress("images looked at", i, len(found.files))
    refuse(faults, len(found.files), skip_unreadable)
    return Photos(
        root, tuple(files), tuple(looks), dict(found.ignored), faults, skip_unreadable
    )  # fmt: skip


def refuse(faults: Mapping[str, str], total: int, skip_unreadable: bool) -> None:
    """DataError that names unreadable files, unless they are to be left out; or if all are so."""
    if not faults or (skip_unreadable and len(faults) < total):
        return
    listed = "; ".join(f"{shown(n, 120)}: {why}" for n, why in list(faults.items())[:_MOST_NAMED])
    more = f"; and {len(faults) - _MOST_NAMED:,} more" if len(faults) > _MOST_NAMED else ""
    count = "1 image" if len(faults) == 1 else f"{len(faults):,} images"
    cure = "" if skip_unreadable else ", or leave them out with skip_unreadable=True"
    raise DataError(
        f"{count} of {total:,} cannot be read: {listed}{more}. Replace or remove them{cure}."
    )
