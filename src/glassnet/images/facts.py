"""What was found out about images, in lines for people and as data for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glassnet.errors import brief, plain
from glassnet.images.found import CHOICES, Found
from glassnet.images.network import augmentation
from glassnet.nn import BatchNormalization, Conv2D, Dense

if TYPE_CHECKING:
    from glassnet.images.model import ImageModel

_MOST_NAMED = 5


def facts(model: ImageModel, rows: Mapping[str, Any], found: Found) -> list[tuple[str, str, str]]:
    """Label, text and style ("", "bold", "dim", "yellow") of each line, in their order."""
    total = sum(map(len, rows.values()))
    kinds = ", ".join(f"{name} {n:,}" for name, n in found.formats.items())
    train, held, test = (len(rows[part]) for part in ("train", "validation", "test"))
    cut = _RESIZED[model.frame.resize] if found.why_size != "as they are" else ""
    lines = [
        ("images", f"{total:,} images{f' ({kinds})' if kinds else ''}", "bold"),
        ("classes", model.target.describe().removeprefix("classification, "), ""),
        ("size", f"{model.frame.describe()}: {found.why_size}{cut}", ""),
        ("rows", f"{train:,} to train, {held:,} to know when to stop, {test:,} to test", ""),
        ("network", _network(model), ""),
        ("augmented", _augmented(model), ""),
        *(("note", f"{n:,} {CHOICES[odd]}", "") for odd, n in found.odd.items()),
        *(("note", note, "yellow") for note in found.notes),
        *(("left out", f"{reason}: {n:,}", _style(reason)) for reason, n in found.ignored.items()),
        *(("left out", line, "yellow") for line in _faults(found)),
    ]
    return _said_once([line for line in lines if line[1]])


_RESIZED = {"crop": ", aspect kept, the middle cut out", "pad": ", aspect kept, black around"}


def _style(reason: str) -> str:
    """Hidden files are nobody's photos."""
    return "dim" if reason == "hidden files" else "yellow"


def _said_once(lines: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """A label only where it changes."""
    before = ["", *(label for label, _, _ in lines)]
    return [("" if label == last else label, text, style)
            for last, (label, text, style) in zip(before, lines, strict=False)]  # fmt: skip


def _faults(found: Found) -> list[str]:
    """Unreadable files, the first by name."""
    listed = [f"{brief(name)}: {why}" for name, why in list(found.faults.items())[:_MOST_NAMED]]
    more = len(found.faults) - _MOST_NAMED
    return [*listed, f"and {more:,} more unreadable files"] if more > 0 else listed


def _network(model: ImageModel) -> str:
    """16 > 32 filters, 128 > 10 units, and how many weights."""
    layers = model.net.layers.values()
    filters = " > ".join(str(one.filters) for one in layers if isinstance(one, Conv2D))
    units = " > ".join(str(one.units) for one in layers if isinstance(one, Dense))
    normal = " with batch normalisation" if _normalises(model) else ""
    count = sum(array.size for array in model.net.parameters.values())
    return f"convolutions of {filters} filters{normal}, {units} units, {count:,} weights"


def _normalises(model: ImageModel) -> bool:
    return any(isinstance(one, BatchNormalization) for one in model.net.layers.values())


def _augmented(model: ImageModel) -> str:
    """What training does to the images."""
    kinds = [type(layer).__name__.removeprefix("Random").lower()
             for layer in augmentation(model.settings)]  # fmt: skip
    return f"in training only: {', '.join(kinds)}" if kinds else ""


def as_json(model: ImageModel, rows: Mapping[str, Any], found: Found) -> dict[str, Any]:
    """Plain data."""
    target = model.target
    return {
        "kind": "images",
        "source": plain(found.source),
        "images": sum(map(len, rows.values())),
        "classes": list(target.classes),
        "counts": dict(zip(target.classes, target.counts, strict=True)),
        "frame": model.frame.to_json(),
        "why_size": found.why_size,
        "formats": dict(found.formats),
        "odd": dict(found.odd),
        "ignored": dict(found.ignored),
        "unreadable": dict(found.faults),
        "rows": {part: len(some) for part, some in rows.items()},
        "augmentation": [type(layer).__name__ for layer in augmentation(model.settings)],
        "notes": list(found.notes),
        "weights": sum(array.size for array in model.net.parameters.values()),
    }
