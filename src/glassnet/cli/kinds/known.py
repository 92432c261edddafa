"""Which kind of data a path holds, or a model takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassnet import files
from glassnet.cli.kinds.images import ImageKind
from glassnet.cli.kinds.kind import Kind
from glassnet.cli.kinds.series import SeriesKind
from glassnet.cli.kinds.table import TableKind
from glassnet.errors import FileFormatError

TABLE, IMAGES, SERIES = KINDS = (TableKind(), ImageKind(), SeriesKind())
_OF_SERIES = ("window", "horizon")  # settings that only a forecast has


def kind_of_data(data: Path | None, values: Mapping[str, Any]) -> Kind:
    """The kind of the data at a path, where these settings were given by name.

    A folder holds images; a table is a series where it is said how far to look back or ahead.
    """
    if data is not None and data.is_dir():
        return IMAGES
    return SERIES if any(name in values for name in _OF_SERIES) else TABLE


def kind_of_model(path: Path) -> Kind:
    """The kind of data that a saved model takes; FileFormatError where it takes arrays alone."""
    extra = files.read_model(path).extra
    for kind in KINDS:
        if kind.key in extra:
            return kind
    raise FileFormatError(
        f"{path} holds a network that takes arrays, and no table, images or series. "
        "Load it with gn.load(path)."
    )
