"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataFile = Annotated[
    Path, typer.Argument(metavar="DATA.csv", help="A table with a line of column names.")
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder that glassnet train made.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")]
