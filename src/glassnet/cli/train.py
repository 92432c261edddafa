"""glassnet train: from a table to a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet.cli.console import Console
from glassnet.cli.kinds import Fit, Request
from glassnet.cli.kinds.python import equivalent
from glassnet.cli.options import Debug, Json, Quiet
from glassnet.cli.request import find_request
from glassnet.cli.run_folder import RunFolder, held_to_resume, new_folder
from glassnet.cli.summary import say_what_was_found
from glassnet.cli.training import Training
from glassnet.cli.values import parse
from glassnet.errors import SettingError
from glassnet.tables import PRESETS, Settings

_DEFAULT = Settings()
_HIDDEN = ",".join(map(str, _DEFAULT.hidden))


def train(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA", help="A table, or a folder with a folder of images a class."
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column to predict.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="TASK", help="classification or regression; found out where it is not given."
        ),
    ] = None,
    window: Annotated[
        int | None, typer.Option(metavar="STEPS", help="A forecast: how far it looks back.")
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(metavar="STEPS", help="A forecast: how far it looks ahead.")
    ] = None,
    known_ahead: Annotated[
        str | None,
        typer.Option(metavar="COLUMNS", help="A forecast: what is known of the steps to come."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="A forecast: the column that tells series apart."),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A forecast: the column of times.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A TOML file of settings: RUN/config.toml repeats RUN."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Any setting below, as often as you like."
        ),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Settings by name: {', '.join(PRESETS)}.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N", help=f"At most so many; the best is kept. (default: {_DEFAULT.epochs})"
        ),
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option(metavar="UNITS", help=f"Units of each hidden layer. (default: {_HIDDEN})"),
    ] = None,
    test_share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help=f"Share of the rows held out for the figures. (default: {_DEFAULT.test_share})",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"Decides the split, the first weights, the order. (default: {_DEFAULT.seed})",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="End training then; the best weights are kept."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the run goes. (default: runs/NAME-1 and so on)"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the run in --out.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out where it was cut off.")
    ] = False,
    checkpoint_every: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="How much a crash may cost. (default: 5)", show_default=False
        ),
    ] = 5.0,
    show_code: Annotated[
        bool, typer.Option("--show-code", help="Print the same as a Python program, and stop.")
    ] = False,
    json_wanted: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Train a network on a table, a series or images, and measure it on what was held out.

    Finds out what each column is, fills, scales and encodes inside of the network, and stops when
    it gets no better. A folder of images has a folder for each class; a table is a series where
    --window and --horizon say how far to look back and ahead. Settings come from --preset, then
    --config, then --set and options: the later wins.
    """
    console = Console(quiet=quiet)
    if not checkpoint_every > 0:
        raise SettingError(f"--checkpoint-every must be above 0 seconds, got {checkpoint_every!r}.")
    options = {
        "data": None if path is None else str(path), "target": target, "task": task,
        "window": window, "horizon": horizon, "group": group, "time": time,
        "known_ahead": None if known_ahead is None else parse(known_ahead, tuple[str, ...]),
        "epochs": epochs, "seed": seed, "test_share": test_share,
        "hidden": None if hidden is None else parse(hidden, tuple[int, ...]),
    }  # fmt: skip
    limit = {"time_limit": time_limit}
    if resume:
        given = {**options, "config": config, "set": sets, "preset": preset, "force": force or None}
        with held_to_resume(out) as folder:
            _refuse_settings(given, folder)
            return _go_on(console, folder, limit, checkpoint_every, json_wanted=json_wanted)
    request = find_request(config, preset, sets or [], {**options, **limit})
    source = _source(request)
    request, data, fit = request.kind.prepared(console, request)
    if show_code:
        console.result(equivalent(request))
        return 0
    with new_folder(source, out, force=force) as folder:
        folder.write_settings(_config(request, fit), source)
        say_what_was_found(console, source, fit)
        run = Training(
            console, folder, request.kind, data, fit, request.time_limit, checkpoint_every
        )
        return run.go(json_wanted=json_wanted)


def _refuse_settings(given: dict[str, Any], folder: RunFolder) -> None:
    """A run that goes on has its settings already."""
    named = [name for name, value in given.items() if value is not None]
    if named:
        listed = ", ".join("DATA" if n == "data" else f"--{n.replace('_', '-')}" for n in named)
        raise SettingError(
            f"--resume goes on as {folder.config} says. Leave out {listed}, or start another run."
        )


def _go_on(
    console: Console, folder: RunFolder, limit: dict[str, Any], every: float, *, json_wanted: bool
) -> int:
    """Take up a run where it was cut off. A time limit counts anew, or no longer."""
    request = find_request(folder.config, None, [], {})
    source = _source(request)
    folder.check_unchanged(source)
    request, data, fit = request.kind.prepared(console, request)
    say_what_was_found(console, source, fit)
    newest = folder.newest_checkpoint()
    console.fact("going on", f"from {newest}" if newest else _from_the_start(folder))
    run = Training(console, folder, request.kind, data, fit, limit["time_limit"], every)
    return run.go(json_wanted=json_wanted)


def _from_the_start(folder: RunFolder) -> str:
    if folder.model.is_file():
        return "from the start: the run was finished, and comes to the same weights again"
    return "from the start: no checkpoint yet"


def _source(request: Request) -> Path:
    if request.data is None:
        raise SettingError("Missing argument DATA: the table to train on.")
    return request.data


def _config(request: Request, fit: Fit) -> dict[str, Any]:
    """Everything that config.toml has, nothing left open."""
    csv = {"csv": request.csv} if request.kind.has_csv else {}
    return {
        "data": str(_source(request).resolve()), **request.kind.asked_of(request, fit),
        "time_limit": request.time_limit, **csv, **fit.model.settings.to_json(),
    }  # fmt: skip
