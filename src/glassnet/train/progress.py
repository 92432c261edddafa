"""Progress: a bar on a terminal, elsewhere plain lines. Both go to stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from glassnet.train.callbacks import Callback

if TYPE_CHECKING:
    from glassnet.train.run import Run

_EVERY = 5.0  # seconds between two plain lines
_WORTH = 1.0  # seconds from which a fit is worth a line at its end
_SHOWN = 8  # figures
_DONE = "green"  # of the bar: what stays apart from its grey rest with 8 colours too


class Progress(Callback):
    """How far training is; fit adds it by itself unless verbose=0.

    style   "auto" (a bar on a terminal, else lines), "bar", "lines"
    every   a line after so many epochs, whatever the terminal; None is one every few seconds, and
            one at the end of a fit that took a second
    ending  whether a last line tells how the fit ended, with the hash of its weights
    """

    def __init__(
        self, style: str = "auto", *, every: int | None = None, ending: bool = False
    ) -> None:
        self.style, self.every, self.ending = style, every, ending
        self._bar: Any = None
        self._said = 0.0  # when the last line was said
        self._seen = 0  # epochs that were looked at for lines

    def on_fit_begin(self, run: Run) -> None:
        """Draw the bar."""
        self._said, self._seen = time.monotonic(), run.history.epochs
        wanted = self.style == "bar" or (self.style == "auto" and sys.stderr.isatty())
        if wanted and self.every is None:
            self._bar = _bar(run.epochs * run.steps_per_epoch)
            self._bar.start()
            self._move(run)

    def on_tick(self, run: Run) -> None:
        """Move the bar, or say the lines that are due."""
        if self._bar is not None:
            self._move(run)
        elif self.every is not None:
            for epoch in range(self._seen + 1, run.history.epochs + 1):
                if epoch % self.every == 0:
                    self._say(run, epoch)
            self._seen = run.history.epochs
        elif time.monotonic() - self._said >= _EVERY:
            self._said = time.monotonic()
            self._say(run, run.epoch)

    def on_fit_end(self, run: Run) -> None:
        """Leave the last state on the screen, and say how it ended."""
        reason = run.history.stop_reason or "done"
        if self._bar is not None:
            self._move(run, is_over=True)
            self._bar.stop()
            self._bar = None
        elif not self.ending and (self.every is not None or run.history.seconds >= _WORTH):
            self._say(run, run.epoch, f"  {reason} after {run.history.seconds:.1f} s")
        if self.ending:
            print(_ending(run, reason), file=sys.stderr)

    def _move(self, run: Run, *, is_over: bool = False) -> None:
        """A fit that ended early has no steps left to do."""
        total = {"total": run.step} if is_over else {}
        epoch = f"epoch {run.epoch}/{run.epochs}"
        self._bar.update(
            self._bar.task_ids[0], completed=run.step, epoch=epoch, figures=figures(run), **total
        )

    def _say(self, run: Run, epoch: int, ending: str = "") -> None:
        print(f"epoch {epoch}/{run.epochs}  {figures(run, epoch)}{ending}", file=sys.stderr)


def figures(run: Run, epoch: int | None = None) -> str:
    """The figures after an epoch, or the newest, in a few words: losses first."""
    history = run.history
    if not history.epochs:
        return f"loss {history.steps[-1]:.4g}" if history.steps else ""
    names = [n for n in history if n != "learning_rate"]
    chosen = sorted(names, key=lambda n: ("loss" not in n, n.removeprefix("val_")))[:_SHOWN]
    at = -1 if epoch is None else epoch - 1
    return "  ".join(f"{name} {history[name][at]:.4g}" for name in chosen)


def _ending(run: Run, reason: str) -> str:
    history = run.history
    return (f"{reason} after {history.epochs} epochs, {history.seconds:.1f} s  {figures(run)}\n"
            f"weights {run.hash()}")  # fmt: skip


def _bar(total: int) -> Any:
    """Two lines: epoch, bar and time; below them the figures, on as many lines as they need."""
    from rich.columns import Columns
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class TwoLines(RichProgress):
        def get_renderables(self) -> Any:
            yield self.make_tasks_table(self.tasks)
            for task in self.tasks:
                pairs = task.fields["figures"].split("  ")
                yield Columns([Text(pair) for pair in pairs], padding=(0, 2))

    bar = TwoLines(
        TextColumn("{task.fields[epoch]}"),
        BarColumn(bar_width=None, complete_style=_DONE, finished_style=_DONE),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(stderr=True), refresh_per_second=8, expand=True,
    )  # fmt: skip
    bar.add_task("", total=total, epoch="", figures="")
    return bar
