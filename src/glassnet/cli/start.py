"""The way in: light, so that Ctrl-C is answered in words from the first moment on.

The commands need NumPy, polars and more, which take half a second to load. Whoever presses Ctrl-C
meanwhile gets the same line and the same exit code as later.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NoReturn

INTERRUPTED = 130
_SAID = b"error: Interrupted.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code comes back."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with _ctrl_c(_leave):
            from glassnet.cli.commands import run
        return run(given)
    except KeyboardInterrupt:
        with _ctrl_c(signal.SIG_IGN):  # a second one, while the first is answered
            from glassnet.cli.console import Console

            Console().error("Interrupted.")
        return INTERRUPTED


def _leave(*_: object) -> NoReturn:
    """End the process at once: nothing has begun, and an exception might not get through."""
    os.write(2, _SAID)
    os._exit(INTERRUPTED)


@contextlib.contextmanager
def _ctrl_c(handler: signal.Handlers | object) -> Iterator[None]:
    """Answer Ctrl-C so for a while, unless the process has an answer of its own (nohup: none)."""
    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
