"""glassnet show: the program of a run, to read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.console import Console
from glassnet.cli.kinds import kind_of_model
from glassnet.cli.options import Debug, RunArgument
from glassnet.cli.run_folder import open_folder

if TYPE_CHECKING:
    from rich.text import Text

_STAGES = ("nests", "kernel", "llvm")


def show(
    run: RunArgument,
    language: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="LANGUAGE",
            help="numpy; or a stage of compiling: nests, kernel (the loops fused), llvm.",
        ),
    ] = "numpy",
    training: Annotated[
        bool, typer.Option("--training", help="The step of training, not the prediction.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Print the program by which a run predicts, or was trained."""
    path = open_folder(run).model
    kind = kind_of_model(path)
    model = kind.load(path)
    program = model.training_program() if training else model.net.prediction_program()
    if language in _STAGES:
        from glassnet.engines.native.listing import listing

        Console().result(listing(program, language, model.settings.batch_size or 1))
        return
    text = program.source(language)
    legend = "".join(f"# {line}\n" for line in kind.legend(model))
    console = Console()
    console.result(_coloured(f"{legend}\n{text}".rstrip("\n")))


def _coloured(text: str) -> str | Text:
    if not sys.stdout.isatty():
        return text
    from rich.syntax import Syntax

    coloured = Syntax(text, "python", theme="ansi_dark", background_color="default")
    return coloured.highlight(text)
