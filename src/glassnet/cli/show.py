"""glassnet show: the program of a run, to read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.console import Console
from glassnet.cli.options import Debug, RunArgument
from glassnet.cli.run_folder import open_folder
from glassnet.errors import plain
from glassnet.tables import TableModel

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
    model = TableModel.load(open_folder(run).model)
    program = model.training_program() if training else model.net.prediction_program()
    if language in _STAGES:
        from glassnet.engines.native.listing import listing

        Console().result(listing(program, language, model.settings.batch_size or 1))
        return
    text = program.source(language)
    legend = "".join(f"# {line}\n" for line in _legend(model))
    console = Console()
    console.result(_coloured(f"{legend}\n{text}".rstrip("\n")))


def _legend(model: TableModel) -> Iterator[str]:
    """What the inputs and the result are, column by column."""
    table, target = model.table, model.table.target
    flags = {flag.name for flag in table.flags}
    for i, feature in enumerate(table.features):
        yield f"numbers[:, {i}]: {_line(feature.name)}{' (1 yes, 0 no)' * (feature.name in flags)}"
    places = [(f"categories[:, {i}]", column) for i, column in enumerate(table.hot)]
    for place, column in [*places, *table.embedded.items()]:
        codes = [f"{code} {_line(v or 'missing')}" for code, v in enumerate(column.values)]
        yield f"{place}: {_line(column.name)} ({', '.join(codes)})"
    for place, text in table.coded.items():
        known = f"{text.tokenizer.vocabulary:,} codes, 0 for filling, 1 for what is not known"
        yield f"{place}: {_line(text.name)} ({known})"
    if target.is_binary:
        yield f"result: the probability that {_line(target.name)} is {_line(target.classes[1])}"
    elif target.is_classes:
        yield f"result: the probability of {', '.join(map(_line, target.classes))}"
    else:
        yield f"result: {_line(target.name)}"


def _line(name: str) -> str:
    """A name without line breaks and escape codes, so that it stays in its comment."""
    return plain(" ".join(name.split()))


def _coloured(text: str) -> str | Text:
    if not sys.stdout.isatty():
        return text
    from rich.syntax import Syntax

    coloured = Syntax(text, "python", theme="ansi_dark", background_color="default")
    return coloured.highlight(text)
