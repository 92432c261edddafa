"""The folder of a run: what it was made with, what happened, and the model."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import math
import platform
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from glassnet import lock
from glassnet.atomic_file import append_to_file, replace_file
from glassnet.cli.toml import read_toml
from glassnet.errors import DataError, FileFormatError, SettingError
from glassnet.train import Callback, Checkpoint
from glassnet.train.checkpoint import listing

if TYPE_CHECKING:
    from glassnet.train.run import Run

_FILES = (
    "config.toml", "metrics.jsonl", "model.safetensors", "report.html", "versions.json",
)  # fmt: skip
_TRACES = (
    "versions.json",
    ".*.tmp",
    lock.NAME,
)  # what a run may leave that is killed before it has begun
_PACKAGES = ("glassnet", "numpy", "polars", "safetensors")
_KEPT = 2  # checkpoints
_SHARE = 0.1  # of the time at most goes into writing them
_HEAD = "# What this run was made with; `glassnet train --config` with this file repeats it.\n"


@dataclass(frozen=True)
class RunFolder:
    """config.toml, metrics.jsonl, model.safetensors, report.html, versions.json and checkpoints."""

    path: Path

    @property
    def config(self) -> Path:
        """What the run was asked for, nothing left open."""
        return self.path / "config.toml"

    @property
    def model(self) -> Path:
        """The network with its table."""
        return self.path / "model.safetensors"

    @property
    def metrics(self) -> Path:
        """One line of JSON an epoch."""
        return self.path / "metrics.jsonl"

    @property
    def report(self) -> Path:
        """The page to show to a colleague."""
        return self.path / "report.html"

    @property
    def resume_command(self) -> str:
        """What to type for the run to go on."""
        return f"glassnet train --resume --out {shlex.quote(str(self.path))}"

    def checkpoints(self, seconds: float) -> Checkpoint:
        """Writes one every so many seconds, mid-epoch too, and takes up the newest."""
        folder = self.path / "checkpoints"
        return Checkpoint(
            folder, every_epochs=None, every_seconds=seconds, keep=_KEPT, most_share=_SHARE
        )

    def newest_checkpoint(self) -> Path | None:
        """From where a run would go on."""
        return next(iter(listing(self.path / "checkpoints")), None)

    def write_settings(self, settings: Mapping[str, Any], data: Path) -> None:
        """Write config.toml and versions.json, which tells by the settings whether they changed."""
        versions = {name: importlib.import_module(name).__version__ for name in _PACKAGES}
        versions |= {"python": platform.python_version(), "platform": platform.platform()}
        versions["data_sha256"] = digest(data)
        config = _HEAD + tomli_w.dumps(_set(settings))
        versions["settings"] = tomllib.loads(config)
        text = json.dumps(versions, indent=2) + "\n"
        replace_file(self.path / "versions.json", text.encode())
        replace_file(self.config, config.encode())

    def check_unchanged(self, data: Path) -> None:
        """Raise where settings or data are no longer those that the run began with.

        Half of the training would follow the one and half the other, and nothing would tell.
        """
        try:
            versions = json.loads((self.path / "versions.json").read_text(encoding="utf-8"))
            digest_before, before = versions["data_sha256"], dict(versions["settings"])
        except (OSError, ValueError, LookupError, TypeError):
            raise FileFormatError(
                f"{self.path / 'versions.json'} is missing or damaged, so it is not known whether "
                "settings and data are the same. Start anew, in another folder or with --force."
            ) from None
        self._check_settings(before)
        if digest(data) != digest_before:
            raise DataError(
                f"{data} is not what it was when this run began. Put the old file back, or start "
                "anew, in another folder or with --force."
            )

    def was_made_from(self, data: Path) -> bool:
        """Whether the run began with this very file; a model that was copied alone cannot tell."""
        try:
            versions = json.loads((self.path / "versions.json").read_text(encoding="utf-8"))
            before = versions["data_sha256"]
        except (OSError, ValueError, LookupError, TypeError):
            return False
        return bool(digest(data) == before)

    def _check_settings(self, before: Mapping[str, Any]) -> None:
        """The data may have moved: they are known by their digest."""
        now = read_toml(self.config)
        names = [name for name in {**before, **now} if name != "data"]
        changed = [name for name in names if before.get(name) != now.get(name)]
        if changed:
            listed = "; ".join(f"{n} is {_told(now, n)}, was {_told(before, n)}" for n in changed)
            raise SettingError(
                f"{self.config} is not what it was when this run began: {listed}. Put the old "
                "values back, or train with the new ones in a folder of their own: glassnet train "
                f"--config {shlex.quote(str(self.config))} --out DIR."
            )


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not left open; TOML has no None."""
    plain = {k: _set(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    return {name: value for name, value in plain.items() if value not in (None, {})}


def _told(settings: Mapping[str, Any], name: str) -> str:
    """The value of a setting, as TOML has it or nearly so."""
    return json.dumps(settings[name], default=str) if name in settings else "not set"


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder that of the names and digests of all files below it."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        listed = [f"{file.relative_to(path).as_posix()}\0{digest(file)}\n" for file in files]
        return hashlib.sha256("".join(listed).encode(errors="surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def new_folder(data: Path, out: Path | None, *, force: bool) -> Iterator[RunFolder]:
    """An empty run folder, held: `out`, or the next free runs/<name of the data>-<n>."""
    if out is None:
        out = _next(Path("runs"), data.stem)
    if out.exists() and not out.is_dir():
        raise SettingError(f"{out} is a file. Give --out the name of a folder.")
    _check_free(out, force=force)
    with lock.locked(out):
        _check_free(out, force=force)  # another run may have ended since
        _clear(out)
        yield RunFolder(out)


def _check_free(out: Path, *, force: bool) -> None:
    if not force and out.is_dir() and not all(map(_is_trace, out.iterdir())):
        raise SettingError(
            f"{out} holds something already. Give --out another name, or --force to overwrite "
            "it, or --resume to go on with it."
        )


def _is_trace(path: Path) -> bool:
    return path.is_file() and any(map(path.match, _TRACES))


def _clear(folder: Path) -> None:
    """Remove what a run left, and nothing else."""
    for path in [*(folder / name for name in _FILES), *listing(folder / "checkpoints")]:
        path.unlink(missing_ok=True)


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


@contextlib.contextmanager
def held_to_resume(path: Path | None) -> Iterator[RunFolder]:
    """The folder of a run that is to go on, held meanwhile."""
    folder = _folder_to_resume(path)
    with lock.locked(folder.path):
        yield folder


def _folder_to_resume(path: Path | None) -> RunFolder:
    if path is None:
        raise SettingError("--resume goes on with a run: name its folder with --out.")
    folder = RunFolder(path)
    if not folder.config.is_file():
        missing = f"{folder.config} is missing" if path.is_dir() else f"there is no folder {path}"
        raise SettingError(
            f"No run to go on with: {missing}. Start one with glassnet train DATA --target COLUMN."
        )
    return folder


class MetricsFile(Callback):
    """A line of JSON for each epoch, none missing and none twice, also after a resume."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._whole = False

    def on_fit_begin(self, run: Run) -> None:
        """Nothing is known yet of what the file holds."""
        self._whole = False

    def on_epoch_end(self, run: Run) -> None:
        """The first time all rows so far, then the last row of the history."""
        if not self._whole:
            self._rewrite(run)
            return
        append_to_file(self.path, _row(run, run.history.epochs - 1).encode())

    def on_fit_end(self, run: Run) -> None:
        """A fit that had nothing left to do has its rows too."""
        if not self._whole:
            self._rewrite(run)

    def _rewrite(self, run: Run) -> None:
        rows = "".join(_row(run, i) for i in range(run.history.epochs))
        replace_file(self.path, rows.encode())
        self._whole = True


def _row(run: Run, i: int) -> str:
    row = {"epoch": i + 1, **{k: finite(v[i]) for k, v in run.history.items()}}
    return json.dumps(row) + "\n"


def finite(value: float) -> float | None:
    """The number, or None where JSON has none for it."""
    return value if math.isfinite(value) else None
