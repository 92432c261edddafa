"""The commands, and what becomes of errors: one line on stderr, and an exit code.

    0  done                   3  training diverged
    1  failed                 4  data refused
    2  a wrong command line   130  interrupted

With --debug, Python's own report of the error instead.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

import typer

import glassnet
from glassnet import errors
from glassnet.cli.cache import cache
from glassnet.cli.console import Console, drop_results
from glassnet.cli.evaluate import evaluate
from glassnet.cli.predict import predict
from glassnet.cli.request import list_of_settings
from glassnet.cli.show import show
from glassnet.cli.train import train

FAILED, USAGE, DIVERGED, REFUSED = 1, 2, 3, 4
_CODES: dict[type[Exception], int] = {
    errors.DivergenceError: DIVERGED,
    errors.DataError: REFUSED,
    errors.ShapeError: REFUSED,
    errors.SettingError: USAGE,
    errors.UnknownNameError: USAGE,
}
# What typer raises for a wrong command line; versions differ in what they call it.
_CommandLineError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="glassnet",
    help="Neural networks that you can read: from a table to a trained network.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _interruptible(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose Ctrl-C reaches us; typer would turn it into an error without a word."""

    @functools.wraps(command)
    def run(*args: Any, **settings: Any) -> Any:
        try:
            return command(*args, **settings)
        except KeyboardInterrupt as error:
            raise _Interrupted from error

    return run


class _Interrupted(Exception):  # noqa: N818 - no error
    """Ctrl-C inside of a command."""


app.command(epilog=list_of_settings())(_interruptible(train))
for _command in (evaluate, predict, show, cache):
    app.command()(_interruptible(_command))


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"glassnet {glassnet.__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(given: list[str]) -> int:
    """Run a command line; the exit code comes back, and Ctrl-C goes on as KeyboardInterrupt."""
    try:
        code = app(given, prog_name="glassnet", standalone_mode=False)
    except (_Interrupted, typer.Abort) as error:
        raise KeyboardInterrupt from error
    except BrokenPipeError:  # the reader of a pipe has seen enough
        drop_results()
        return FAILED
    except Exception as error:
        if "--debug" in given:
            raise
        return _refuse(error)
    return int(code or 0)


def _refuse(error: Exception) -> int:
    """Say what is wrong in one line."""
    console = Console()
    if isinstance(error, _CommandLineError):
        console.error(error.format_message())
        return USAGE
    if isinstance(error, errors.GlassnetError):
        console.error(str(error))
        return next((c for kind, c in _CODES.items() if isinstance(error, kind)), FAILED)
    if isinstance(error, OSError):
        console.error(_of_the_system(error))
        return FAILED
    console.error(f"{type(error).__name__}: {error} (an unexpected error; --debug shows where)")
    return FAILED


def _of_the_system(error: OSError) -> str:
    """What the operating system refused, and of which file where that is known."""
    said = (error.strerror or str(error) or type(error).__name__).rstrip(".")
    return f"{said}." if error.filename is None else f"{error.filename}: {said}."
