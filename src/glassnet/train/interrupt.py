"""Ctrl-C during a fit: the step that runs is finished, then the fit ends."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any, Self


class Interrupt:
    """While open, the first Ctrl-C only sets `came`; a second one breaks off at once.

    Signals reach the main thread alone, so elsewhere this does nothing; nor where Ctrl-C is meant
    to do nothing (nohup, a job behind & in a script).
    """

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> Self:
        heard = signal.getsignal(signal.SIGINT) not in {signal.SIG_IGN, None}
        if heard and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True

    def say(self, step: int) -> None:
        """Tell what became of the weights."""
        print(
            f"Interrupted: the weights are those after step {step}, the last finished one.",
            file=sys.stderr,
        )
