"""glassnet evaluate: how a network does on a labelled table."""

from __future__ import annotations

import json
from typing import Any

from glassnet.cli.console import Console
from glassnet.cli.kinds import kind_of_model
from glassnet.cli.options import CsvSets, DataFile, Debug, Json, Quiet, RunArgument
from glassnet.cli.request import csv_settings
from glassnet.cli.run_folder import open_folder
from glassnet.cli.summary import figures_as_json, say_figures
from glassnet.errors import brief
from glassnet.tables import Evaluation
from glassnet.tables.facts import in_words

_SEEN = (
    "the network was made from this very file and has seen most of its rows, so the figures are "
    "better than on new ones; those of the rows held out stand in the run's report.html"
)


def evaluate(
    run: RunArgument,
    path: DataFile,
    sets: CsvSets = None,
    json_wanted: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure a network on a table that has the target.

    Rows without the target are left out, and counted. Beside the network stands an answer that
    looks at no column: the shares of the classes, or the mean, of the table it was trained on.
    That a file is the one that the network was made from is said.
    """
    console = Console(quiet=quiet)
    folder = open_folder(run)
    kind = kind_of_model(folder.model)
    model = kind.load(folder.model)
    csv = csv_settings(folder.config, sets or [])
    found = kind.evaluate(model, kind.read(path, csv, console))
    for name, what in found.strange.items():
        console.fact("unknown", f"{brief(name)}: {what}", "yellow")
    if found.n_unknown:
        text = f"{in_words(found.n_unknown)} without {brief(found.target)}"
        console.fact("left out", text, "yellow")
    known = folder.was_made_from(path)
    if known:
        console.fact("note", _SEEN, "yellow")
    if json_wanted:
        console.result(json.dumps({**_as_json(found), "is_training_data": known}))
    else:
        say_figures(console, in_words(found.n_rows, kind.unit), found.scores)


def _as_json(found: Evaluation) -> dict[str, Any]:
    return {
        "target": found.target,
        "task": found.task,
        "rows": found.n_rows,
        "rows_without_target": found.n_unknown,
        **figures_as_json(found.scores),
    }
