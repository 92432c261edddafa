"""A fit with its run folder: trained, kept safe meanwhile, saved, and said how it went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from glassnet.cli.console import Console
from glassnet.cli.kinds import Fit, Kind
from glassnet.cli.run_folder import MetricsFile, RunFolder
from glassnet.cli.summary import as_json, say_results
from glassnet.train import Callback, Progress, TimeLimit

_INTERRUPTED = 130


@dataclass(frozen=True)
class Training:
    """A fit with its run folder."""

    console: Console
    folder: RunFolder
    kind: Kind
    data: Any
    fit: Fit
    time_limit: float | None
    checkpoint_every: float

    def go(self, *, json_wanted: bool) -> int:
        """Train, save, and say how it went; the exit code comes back."""
        try:
            self.fit.go(self._callbacks())
            self._save()
        except (KeyboardInterrupt, OSError):
            self.console.fact("go on", self.folder.resume_command)
            raise
        if json_wanted:
            self.console.result(json.dumps(as_json(self.fit, self.folder.path)))
        else:
            say_results(self.console, self.fit, self.folder, self.kind.unit)
        return _INTERRUPTED if self.fit.history.stop_reason == "interrupted" else 0

    def _callbacks(self) -> list[Callback]:
        limit = [] if self.time_limit is None else [TimeLimit(self.time_limit)]
        bar = [] if self.console.quiet else [Progress()]
        keep = self.folder.checkpoints(self.checkpoint_every)
        return [*limit, MetricsFile(self.folder.metrics), keep, *bar]

    def _save(self) -> None:
        self.fit.model.save(self.folder.model)
        if self.fit.history.stop_reason == "interrupted":  # who presses Ctrl-C will not wait
            return
        self.kind.write_report(self.folder.report, self.fit, self.data, self.console)
