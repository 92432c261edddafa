"""What train says: what it found in a table, and how the network does."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import metrics
from glassnet.cli.console import LABEL, Console
from glassnet.cli.kinds import Fit
from glassnet.cli.run_folder import RunFolder, finite
from glassnet.metrics.registry import find as find_metric
from glassnet.tables.facts import in_words

if TYPE_CHECKING:
    from rich.text import Text

_WIDTHS = 26, 12, 12  # of a metric's name and its two figures


def say_what_was_found(console: Console, path: Path, fit: Fit) -> None:
    """The data, and what was found out of it."""
    for i, (label, text, style) in enumerate(fit.facts()):
        console.fact(label, f"{path.name}: {text}" if i == 0 else text, style)
    console.remark()


def say_results(console: Console, fit: Fit, folder: RunFolder, unit: str) -> None:
    """The figures of the rows held out, and where everything is."""
    from rich.text import Text

    if sys.stderr.isatty():
        console.remark()  # below the bar
    say_figures(console, f"{in_words(len(fit.rows['test']), unit)} held out", fit.scores())
    console.remark(Text(f"baseline: {fit.baseline}", "dim"))
    console.remark()
    console.fact("trained", _trained(fit))
    console.result(Text.assemble(("saved".ljust(LABEL), "dim"), (str(folder.path), "bold")))
    if fit.history.stop_reason in {"interrupted", "time limit"}:
        console.fact("go on", folder.resume_command)
    run = shlex.quote(str(folder.path))
    console.fact("next", f"glassnet predict {run} DATA")
    console.fact("", f"glassnet show {run}")
    if folder.report.is_file():
        console.fact("", f"a browser on {folder.report}")


def say_figures(console: Console, head: str, scores: Mapping[str, tuple[float, float]]) -> None:
    """A table of metrics: of the network, and of an answer that looks at no column."""
    from rich.text import Text

    name, ours, constant = _WIDTHS
    console.result(Text(f"{head:<{name}}{'network':>{ours}}{'baseline':>{constant}}", "bold"))
    for title, (figure, base) in scores.items():
        console.result(_figures(find_metric(title), figure, base))


def _figures(metric: metrics.Metric, ours: float, constant: float) -> Text:
    from rich.text import Text

    better = ours > constant if metric.higher_is_better else ours < constant
    name, first, second = _WIDTHS
    line = Text(f"{metric.title:<{name}}")
    line.append(f"{_number(ours):>{first}}", "bold green" if better else "bold red")
    return line.append(f"{_number(constant):>{second}}", "dim")


def _number(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:.2f}" if size >= 10 else f"{value:.4f}"


def _trained(fit: Fit) -> str:
    history = fit.history
    reason = "" if history.stop_reason in {"done", "early stopping"} else f", {history.stop_reason}"
    epochs = f"{history.epochs} epoch" + ("" if history.epochs == 1 else "s")
    return f"{epochs} in {history.seconds:.1f} s{reason}{_whose_weights(fit)}"


def _whose_weights(fit: Fit) -> str:
    if fit.history.stop_reason == "interrupted":
        return "; the weights are those of the last step"
    return f"; the weights are those of epoch {fit.best_epoch}, the best" if fit.best_epoch else ""


def as_json(fit: Fit, folder: Path) -> dict[str, Any]:
    """All of it, for machines."""
    history = fit.history
    return {
        "run": str(folder),
        **fit.as_json(),
        "epochs": history.epochs,
        "best_epoch": fit.best_epoch,
        "stop_reason": history.stop_reason,
        "seconds": round(history.seconds, 3),
        "weights_sha256": history.hash,
        **figures_as_json(fit.scores()),
    }


def figures_as_json(scores: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """The figures by metric; null where one has no value."""
    return {
        "metrics": {name: finite(ours) for name, (ours, _) in scores.items()},
        "baseline": {name: finite(base) for name, (_, base) in scores.items()},
    }
