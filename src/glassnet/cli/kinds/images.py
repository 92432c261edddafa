"""Images: a folder for each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import images
from glassnet.cli.kinds.kind import Kind, Request
from glassnet.cli.kinds.python import text
from glassnet.cli.kinds.table import line
from glassnet.errors import UnknownNameError

if TYPE_CHECKING:
    from glassnet.cli.console import Console
    from glassnet.tables import Evaluation

_PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"epochs": 20, "patience": 4},
    "default": {},
    "thorough": {"epochs": 400, "patience": 30},
}


class ImageKind(Kind):
    """Images: a folder for each class."""

    name, key, unit, has_csv = "images", "images", "image", False
    asked = {"skip_unreadable": bool}  # noqa: RUF012 - declared as a class's own

    @property
    def settings(self) -> type[images.Settings]:
        """glassnet.images.Settings."""
        return images.Settings

    def preset(self, name: str) -> dict[str, Any]:
        """How long it is trained."""
        if name not in _PRESETS:
            raise UnknownNameError("preset", name, _PRESETS)
        return dict(_PRESETS[name])

    def prepared(self, console: Console, request: Request) -> tuple[Request, Any, images.ImageFit]:
        """The images as they were looked at, and what was found in them."""
        assert request.data is not None  # noqa: S101 - the command has asked for it
        progress = console.progress()
        photos = images.read(request.data, **request.asked, progress=progress)
        return request, photos, images.find_fit(photos, request.settings, progress=progress)

    def asked_of(self, request: Request, fit: images.ImageFit) -> Mapping[str, Any]:
        """Whether damaged files are left out."""
        return {"skip_unreadable": request.asked.get("skip_unreadable", False)}

    def load(self, path: Path) -> images.ImageModel:
        """ImageModel.load."""
        return images.ImageModel.load(path)

    def read(self, path: Path, csv: Mapping[str, Any], console: Console) -> Path:
        """The folder, or the file, itself."""
        return path

    def evaluate(self, model: images.ImageModel, data: Path) -> Evaluation:
        """images.evaluate."""
        return images.evaluate(model, data)

    def legend(self, model: images.ImageModel) -> Iterator[str]:
        """The size of the images, and the classes."""
        height, width, channels = model.frame.shape
        yield f"x: images of {height} x {width} pixels, {channels} channels, 0 to 255"
        yield f"result: the probability of {', '.join(map(line, model.target.classes))}"

    def reading(self, request: Request) -> str:
        """data = images.read(...)."""
        skips = request.asked.get("skip_unreadable", False)
        return f"data = images.read({text(str(request.data))}{', skip_unreadable=True' * skips})"

    def arguments(self, request: Request) -> Mapping[str, Any]:
        """Nothing beside data and settings."""
        return {}
