"""Progress: a bar on a terminal, elsewhere a plain line every few seconds. Both go to stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from glassnet.train.callbacks import Callback

if TYPE_CHECKING:
    from glassnet.train.run import Run

_EVERY = 5.0  # seconds between two plain lines
_SHOWN = 4  # figures beside the bar


class Progress(Callback):
    """How far training is; fit adds it by itself unless verbose=0.

    style   "auto" (a bar on a terminal, else lines), "bar", "lines"
    ending  whether a last line tells how the fit ended, with the hash of its weights
    """

    def __init__(self, style: str = "auto", *, ending: bool = False) -> None:
        self.style, self.ending = style, ending
        self._bar: Any = None
        self._task: Any = None
        self._said = 0.0

    def on_fit_begin(self, run: Run) -> None:
        """Draw the bar."""
        self._said = time.monotonic()
        if self.style == "bar" or (self.style == "auto" and sys.stderr.isatty()):
            self._bar = _bar()
            self._bar.start()
            total = run.epochs * run.steps_per_epoch
            self._task = self._bar.add_task("", total=total, completed=run.step, figures="")

    def on_tick(self, run: Run) -> None:
        """Move the bar, or say a line when the last is some seconds old."""
        if self._bar is not None:
            self._bar.update(self._task, completed=run.step, figures=figures(run))
        elif time.monotonic() - self._said >= _EVERY:
            self._said = time.monotonic()
            print(f"epoch {run.epoch}/{run.epochs}  {figures(run)}", file=sys.stderr)

    def on_fit_end(self, run: Run) -> None:
        """Leave the last state on the screen; a fit that ended early has no steps left to do."""
        if self._bar is not None:
            self._bar.update(self._task, completed=run.step, total=run.step, figures=figures(run))
            self._bar.stop()
            self._bar = None
        if self.ending:
            print(_ending(run), file=sys.stderr)


def figures(run: Run) -> str:
    """The newest figures in a few words."""
    history = run.history
    if not history.epochs:
        return f"loss {history.steps[-1]:.4f}" if history.steps else ""
    names = [n for n in history if n != "learning_rate"][: 2 * _SHOWN]
    chosen = sorted(names, key=lambda n: ("loss" not in n, n.startswith("val_")))[:_SHOWN]
    return "  ".join(f"{name} {history[name][-1]:.4f}" for name in chosen)


def _ending(run: Run) -> str:
    history = run.history
    reason = history.stop_reason or "done"
    return (f"{reason} after {history.epochs} epochs, {history.seconds:.1f} s  {figures(run)}\n"
            f"weights {run.hash()}")  # fmt: skip


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")  # what the others leave
    return RichProgress(
        TextColumn("training"), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeRemainingColumn(compact=True), TextColumn("{task.fields[figures]}", table_column=rest),
        console=Console(stderr=True), refresh_per_second=8, expand=True,
    )  # fmt: skip
