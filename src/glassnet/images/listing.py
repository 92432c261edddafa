"""Which files of a folder are images, and of which class and part; none is opened.

photos/cat/a.png, photos/dog/b.jpg              the folders are the classes
photos/train/cat/a.png, photos/test/cat/b.png   and above them stands what they are for
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glassnet.errors import DataError, plain, shown

SUFFIXES = frozenset((
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff",
    ".ppm", ".pgm", ".pbm", ".pnm",
))  # fmt: skip
_PARTS = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip
_HIDDEN = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class ImageFile:
    """A file, how it is called, the class that its folder names, and what it is for.

    part  "train", "validation", "test"; "" where no folder says it
    """

    path: Path
    name: str
    label: str = ""
    part: str = ""


@dataclass
class Listing:
    """The image files of a folder in a fixed order, and what else lies there."""

    files: list[ImageFile] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def by_class(root: Path) -> Listing:
    """The images in the folders of classes; DataError where there are none."""
    _check_folder(root)
    found = Listing()
    parts = _parts(root, found)
    if not parts:
        _add_classes(root, root, "", found)
    for folder, part in parts:
        _add_classes(root, folder, part, found)
    if not any(file.part in {"", "train"} for file in found.files):
        raise DataError(_nothing(root, found))
    return found


def everything(root: Path) -> Listing:
    """All images below a folder, whatever their folders are called."""
    _check_folder(root)
    found = Listing()
    found.files = [ImageFile(path, shown_name(path)) for path in _below(root, root, found)]
    if not found.files:
        raise DataError(f"The folder {shown(str(root), 200)} holds no images. {_kinds()}")
    return found


def shown_name(path: Path) -> str:
    """A file's name as text that can be written anywhere, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _check_folder(root: Path) -> None:
    if not root.exists():
        raise DataError(f"There is no folder {shown(str(root), 200)}. Is the path spelt right?")
    if not root.is_dir():
        raise DataError(
            f"{shown(str(root), 200)} is a file; images to train on lie in a folder, in a folder "
            "for each class: photos/cat, photos/dog."
        )


def _parts(root: Path, found: Listing) -> list[tuple[Path, str]]:
    """The folders train, validation and test, where these hold the folders of classes."""
    folders = list(_folders(root, Listing()))
    named = [(f, _PARTS[f.name.lower()]) for f in folders if f.name.lower() in _PARTS]
    parts = [part for _, part in named]
    with_classes = [f for f, part in named if part == "train" and any(_folders(f, Listing()))]
    if not with_classes or (len(named) == 1 and len(folders) > 1):
        return []
    if len(set(parts)) < len(parts):
        twice = ", ".join(shown(f.name) for f, _ in named)
        raise DataError(f"In {shown(str(root), 200)} two of {twice} mean the same. Keep one.")
    others = len(folders) - len(named)
    if others:
        found.ignored["folders beside train and test"] += others
    return named


def _add_classes(root: Path, folder: Path, part: str, found: Listing) -> None:
    """The images of each class folder."""
    for path in _entries(folder, Listing()):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            where = f" in {part}" if part else ""
            found.ignored[f"images without a class folder{where}"] += 1
    for sub in _folders(folder, found):
        if sub.is_symlink() and _leaves(sub, root):
            raise DataError(
                f"The class folder {shown(sub.name)} is a link to a place outside of "
                f"{shown(str(root), 200)}. Copy the images in, or read that place itself."
            )
        label, before = plain(shown_name(Path(sub.name))), len(found.files)
        found.files += [
            ImageFile(path, shown_name(path.relative_to(root)), label, part)
            for path in _below(sub, root, found)
        ]
        if len(found.files) == before and part in {"", "train"}:
            raise DataError(
                f"The class folder {shown(str(sub), 200)} holds no images. Put some in, or remove "
                f"it. {_kinds()}"
            )


def _below(folder: Path, root: Path, found: Listing) -> Iterator[Path]:
    """The images in a folder and in those within it; links to folders are not followed."""
    for path in _entries(folder, found):
        if path.is_symlink() and _leaves(path, root):
            found.ignored["links to places outside of the folder"] += 1
        elif path.is_dir():
            if path.is_symlink():
                found.ignored["links to folders"] += 1
            else:
                yield from _below(path, root, found)
        elif path.suffix.lower() not in SUFFIXES:
            found.ignored[f"files that are not read ({plain(path.suffix) or 'no ending'})"] += 1
        elif path.exists() and not path.is_file():
            found.ignored["pipes and devices"] += 1
        else:
            yield path


def _entries(folder: Path, found: Listing) -> Iterator[Path]:
    """What lies in a folder, by name; hidden things are counted only."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - Path.iterdir has the order of the disk
    except OSError as error:
        raise DataError(
            f"The folder {shown(str(folder), 200)} cannot be read: {error.strerror}."
        ) from error
    for name in names:
        if name.startswith(".") or name in _HIDDEN:
            found.ignored["hidden files"] += 1
        else:
            yield folder / name


def _folders(folder: Path, found: Listing) -> Iterator[Path]:
    return (path for path in _entries(folder, found) if path.is_dir())


def _leaves(link: Path, root: Path) -> bool:
    """Whether a link leads out of the folder that is read."""
    return not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(root))


def _nothing(root: Path, found: Listing) -> str:
    where = shown(str(root), 200)
    if any(reason.startswith("images without") for reason in found.ignored):
        return (
            f"The folder {where} holds images, but no folders of classes to train on. Put those of "
            "each class into a folder of its own: photos/cat, photos/dog."
        )
    return f"The folder {where} holds no folders with images. {_kinds()}"


def _kinds() -> str:
    return "Images are files that end in .png, .jpg, .gif, .bmp, .webp, .tif or .ppm."
