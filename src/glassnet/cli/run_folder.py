"""The folder of a run: what it was made with, what happened, and the model."""

from __future__ import annotations

import importlib
import json
import math
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.errors import SettingError
from glassnet.train import Callback

if TYPE_CHECKING:
    from glassnet.train.run import Run

_FILES = ("config.toml", "metrics.jsonl", "model.safetensors", "versions.json")
_PACKAGES = ("glassnet", "numpy", "polars", "safetensors")


@dataclass(frozen=True)
class RunFolder:
    """config.toml, metrics.jsonl, model.safetensors and versions.json in one place."""

    path: Path

    @property
    def model(self) -> Path:
        """The network with its table."""
        return self.path / "model.safetensors"

    @property
    def metrics(self) -> Path:
        """One line of JSON an epoch."""
        return self.path / "metrics.jsonl"

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        """Write config.toml and versions.json."""
        text = "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
        (self.path / "config.toml").write_text(text, encoding="utf-8")
        versions = {name: importlib.import_module(name).__version__ for name in _PACKAGES}
        versions |= {"python": platform.python_version(), "platform": platform.platform()}
        text = json.dumps(versions, indent=2) + "\n"
        (self.path / "versions.json").write_text(text, encoding="utf-8")


def new_folder(data: Path, out: Path | None, *, force: bool) -> RunFolder:
    """An empty run folder: `out`, or the next free runs/<name of the data>-<n>."""
    if out is None:
        return RunFolder(_next(Path("runs"), data.stem))
    if out.exists() and not out.is_dir():
        raise SettingError(f"{out} is a file. Give --out the name of a folder.")
    if out.is_dir() and any(out.iterdir()):
        if not force:
            raise SettingError(
                f"{out} holds something already. Give --out another name, or --force to overwrite."
            )
        for name in _FILES:
            (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    return RunFolder(out)


def _next(parent: Path, stem: str) -> Path:
    taken = [re.fullmatch(rf"{re.escape(stem)}-(\d+)", p.name) for p in parent.glob("*")]
    number = max((int(match[1]) for match in taken if match), default=0) + 1
    while True:
        path = parent / f"{stem}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:  # another run was quicker
            number += 1
        else:
            return path


def open_folder(path: Path) -> RunFolder:
    """The folder of a run that is there already."""
    folder = RunFolder(path)
    if not folder.model.is_file():
        missing = f"{folder.model} is missing" if path.is_dir() else f"there is no folder {path}"
        raise SettingError(
            f"No run to take a model from: {missing}. Runs are made by glassnet train."
        )
    return folder


class MetricsFile(Callback):
    """Adds a line of JSON to a file after each epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_epoch_end(self, run: Run) -> None:
        """The last row of the history."""
        row = {"epoch": run.epoch, **{k: finite(v[-1]) for k, v in run.history.items()}}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def finite(value: float) -> float | None:
    """The number, or None where JSON has none for it."""
    return value if math.isfinite(value) else None


def _toml(value: Any) -> str:
    """A flat value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)
