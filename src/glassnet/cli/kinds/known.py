"""Which kind of data a path holds, or a model takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassnet import files
from glassnet.cli.kinds.kind import Kind
from glassnet.cli.kinds.table import TableKind
from glassnet.errors import FileFormatError

KINDS: tuple[Kind, ...] = (TableKind(),)


def kind_of_data(data: Path | None, values: Mapping[str, Any]) -> Kind:
    """The kind of the data at a path, where these settings were given by name."""
    return KINDS[0]


def kind_of_model(path: Path) -> Kind:
    """The kind of data that a saved model takes; FileFormatError where it takes arrays alone."""
    extra = files.read_model(path).extra
    for kind in KINDS:
        if kind.key in extra:
            return kind
    raise FileFormatError(f"{path} holds a network without a table. Load it with gn.load(path).")
