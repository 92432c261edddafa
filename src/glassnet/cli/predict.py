"""glassnet predict: raw rows in, answers out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.atomic_file import replace_file
from glassnet.cli.console import Console
from glassnet.cli.kinds import kind_of_model
from glassnet.cli.options import CsvSets, DataFile, Debug, Quiet, RunArgument
from glassnet.cli.request import csv_settings
from glassnet.cli.run_folder import open_folder
from glassnet.errors import SettingError, brief

if TYPE_CHECKING:
    import polars as pl

_ENDINGS = (".csv", ".parquet")


def predict(
    run: RunArgument,
    path: DataFile,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FILE",
            help="Write there, .csv or .parquet, instead of CSV to stdout.",
        ),
    ] = None,
    sets: CsvSets = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Predict from raw rows: a prediction for each, and the probability of each class.

    The columns are those of the table that the network was trained on, without the target;
    others are passed over.
    """
    console = Console(quiet=quiet)
    _check_ending(out)
    folder = open_folder(run)
    kind = kind_of_model(folder.model)
    csv = csv_settings(folder.config, sets or [])
    answers, strange = kind.load(folder.model).predict(kind.read(path, csv, console))
    for name, what in strange.items():
        console.fact("unknown", f"{brief(name)}: {what}", "yellow")
    if out is None:
        console.whole(answers.write_csv())
    else:
        replace_file(out, _as_file(answers, out))
        console.fact("saved", f"{answers.height:,} predictions in {out}")


def _check_ending(out: Path | None) -> None:
    if out is not None and out.suffix.lower() not in _ENDINGS:
        raise SettingError(f"-o takes a file that ends in .csv or .parquet, got {out}.")


def _as_file(answers: pl.DataFrame, out: Path) -> bytes:
    """The bytes of a file of the kind that its ending says."""
    if out.suffix.lower() == ".csv":
        return answers.write_csv().encode()
    buffer = io.BytesIO()
    answers.write_parquet(buffer)
    return buffer.getvalue()
