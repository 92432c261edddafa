"""glassnet predict: raw rows in, answers out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from glassnet import data, files
from glassnet.cli.console import Console
from glassnet.cli.options import DataFile, Debug, RunArgument
from glassnet.cli.run_folder import open_folder
from glassnet.tables import TableModel


def predict(
    run: RunArgument,
    path: DataFile,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Write there instead of to stdout."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No remarks.")] = False,
    debug: Debug = False,
) -> None:
    """Predict from raw rows: CSV with a prediction and the probability of each class.

    The columns are those of the table that the network was trained on, without the target;
    others are passed over.
    """
    console = Console(quiet=quiet)
    model = TableModel.load(open_folder(run).model)
    answers, strange = model.predict(data.read_csv(path))
    for name, what in strange.items():
        console.fact("unknown", f"{name}: {what}", "yellow")
    text = answers.write_csv()
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        files.replace_file(out, text.encode())
        console.fact("saved", f"{answers.height:,} predictions in {out}")
