"""What people see: results on stdout, remarks on stderr, colours on a terminal only."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from glassnet.errors import plain

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.text import Text

LABEL = 12  # columns of the words in front
_WIDEST = 100
_EVERY = 3.0  # seconds between two lines of progress


class Console:
    """Two streams: `out` for results, `err` for remarks, which --quiet leaves out."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    def result(self, text: str | Text = "") -> None:
        """A line of a result."""
        with _named():
            _print(sys.stdout, harmless(text) if isinstance(text, str) else text)

    def whole(self, text: str) -> None:
        """A result that is a file by itself, as it stands; on a terminal without its commands."""
        with _named():
            sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
            sys.stdout.flush()

    def remark(self, text: str | Text = "") -> None:
        """A line that is no result."""
        if not self.quiet:
            _print(sys.stderr, harmless(text) if isinstance(text, str) else text)

    def fact(self, label: str, text: str, style: str = "") -> None:
        """A remark with a word in front: `target      species, ...`."""
        from rich.text import Text

        for i, line in enumerate(_lines(plain(text), LABEL)):
            front = (label if i == 0 else "").ljust(LABEL)
            self.remark(Text.assemble((front, "dim"), (line, style)))

    def progress(self) -> Callable[[str, int, int], None]:
        """What tells how far something is, a plain line every few seconds: quick work is silent."""
        said = time.monotonic()

        def tell(what: str, done: int, total: int) -> None:
            nonlocal said
            if time.monotonic() - said >= _EVERY:
                said = time.monotonic()
                self.remark(f"{what}: {done:,} of {total:,}")

        return tell

    def error(self, text: str) -> None:
        """What went wrong; --quiet does not silence it."""
        from rich.text import Text

        for i, line in enumerate(_lines(plain(" ".join(text.split())), len("error: "))):
            front = "error: " if i == 0 else " " * len("error: ")
            _print(sys.stderr, Text.assemble((front, "bold red"), (line, "red")))


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """An OSError of stdout says that it is stdout's, and that there is another way."""
    try:
        yield
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        drop_results()
        said = f"The results could not be written to stdout: {error.strerror or error}."
        raise type(error)(error.errno, f"{said} Make room, or send them elsewhere.") from error


def drop_results() -> None:
    """What stdout has not taken yet goes nowhere, so that the end of the process meets no error."""
    with contextlib.suppress(OSError, ValueError):  # no file behind it: a test's
        number = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def harmless(text: str) -> str:
    """A text of several lines without what would command the terminal: names are the user's."""
    return "\n".join(map(plain, text.split("\n")))


def _lines(text: str, margin: int) -> list[str]:
    """A remark in lines that fit the terminal; elsewhere it stays one line."""
    if not sys.stderr.isatty():
        return [text]
    width = min(shutil.get_terminal_size().columns, _WIDEST) - margin
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False) or [""]


def _print(stream: Any, text: str | Text) -> None:
    """Without wrapping and without markup; colours where the stream is a terminal."""
    _rich(stream).print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _rich(stream: Any) -> RichConsole:
    from rich.console import Console as RichConsole

    return RichConsole(file=stream, soft_wrap=True)
