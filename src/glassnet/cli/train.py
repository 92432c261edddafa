"""glassnet train: from a CSV file to a trained network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet import data
from glassnet.cli.console import Console
from glassnet.cli.options import DataFile, Debug
from glassnet.cli.report import as_json, say_results, say_what_was_found
from glassnet.cli.run_folder import MetricsFile, new_folder
from glassnet.errors import SettingError
from glassnet.tables import Settings, TableFit, find_fit
from glassnet.train import Progress

_DEFAULT = Settings()
_HIDDEN = ",".join(map(str, _DEFAULT.hidden))


def train(
    path: DataFile,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.")],
    task: Annotated[
        str | None,
        typer.Option(
            metavar="TASK", help="classification or regression; found out where it is not given."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the run goes; runs/NAME-1 and so on by default."),
    ] = None,
    epochs: Annotated[
        int, typer.Option(metavar="N", help="At most so many; the best is kept.")
    ] = _DEFAULT.epochs,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Decides the split, the first weights, the order.")
    ] = _DEFAULT.seed,
    hidden: Annotated[
        str, typer.Option(metavar="UNITS", help="Units of each hidden layer.")
    ] = _HIDDEN,
    test_share: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the rows held out for the figures.")
    ] = _DEFAULT.test_share,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the run in --out.")] = False,
    json_wanted: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the results, no remarks.")] = False,
    debug: Debug = False,
) -> int:
    """Train a network on a table, and measure it on rows held out.

    Finds out what each column is, fills, scales and encodes inside of the network, and stops when
    it gets no better.
    """
    console = Console(quiet=quiet)
    settings = Settings(hidden=_units(hidden), epochs=epochs, seed=seed, test_share=test_share)
    fit = find_fit(data.read_csv(path), target, task, settings)
    folder = new_folder(path, out, force=force)
    folder.write_settings(_config(path, fit))
    say_what_was_found(console, path, fit)
    bar = [] if quiet else [Progress()]
    fit.go([MetricsFile(folder.metrics), *bar])
    fit.model.save(folder.model)
    if json_wanted:
        console.result(json.dumps(as_json(fit, folder.path)))
    else:
        say_results(console, fit, folder.path)
    return 130 if fit.history.stop_reason == "interrupted" else 0


def _units(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SettingError(
            f"--hidden takes the units of each layer, such as {_HIDDEN}; got {text!r}."
        ) from None


def _config(path: Path, fit: TableFit) -> dict[str, Any]:
    target = fit.model.table.target
    return {
        "data": str(path), "target": target.name, "task": target.task,
        **fit.model.settings.to_json(),
    }  # fmt: skip
