"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataFile = Annotated[
    Path, typer.Argument(metavar="DATA", help="Data of the kind that the run was made from.")
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder that glassnet train made.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Only the results, no remarks.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")]
CsvSets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE",
        help="How a CSV file is read: csv.header, csv.separator, csv.encoding, csv.decimal. "
        "(default: header and decimal as in the run, the rest is found out)",
    ),
]  # fmt: skip
