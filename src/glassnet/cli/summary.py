"""What train says: what it found in a table, and how the network does."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import metrics
from glassnet.cli.console import LABEL, Console
from glassnet.cli.run_folder import RunFolder, finite
from glassnet.errors import brief
from glassnet.metrics.registry import find as find_metric
from glassnet.tables import TableFit
from glassnet.tables.columns import Table

if TYPE_CHECKING:
    from rich.text import Text

_WIDTHS = 26, 12, 12  # of a metric's name and its two figures
_LEARNT = ("dense", "embedding")
_MOST_NAMES = 12  # columns of one kind in a list


def say_what_was_found(console: Console, path: Path, fit: TableFit) -> None:
    """The table, the task, the columns, the rows and the network."""
    table = fit.model.table
    n_rows = fit.n_unknown + sum(map(len, fit.rows.values()))
    n_columns = len(table.columns) + len(table.left_out) + 1
    console.fact("table", f"{path.name}: {rows_in_words(n_rows)}, {n_columns} columns", "bold")
    console.fact("target", f"{brief(table.target.name)}: {table.target.describe()}")
    console.fact("", table.target.reason, "dim")
    if fit.n_unknown:
        lack = "lacks it and is" if fit.n_unknown == 1 else "lack it and are"
        console.fact("", f"{rows_in_words(fit.n_unknown)} {lack} left out", "yellow")
    _say_columns(console, table)
    train, held, test = (len(fit.rows[part]) for part in ("train", "validation", "test"))
    console.fact("rows", f"{train:,} to train, {held:,} to know when to stop, {test:,} to test")
    console.fact("network", _network(fit))
    console.remark()


def _say_columns(console: Console, table: Table) -> None:
    counts = [f"{brief(column.name)} ({len(column.values)})" for column in table.categories]
    reasons = [f"{brief(name)} ({reason})" for name, reason in table.left_out.items()]
    remarks = [f"{brief(name)} ({remark})" for name, remark in table.remarks.items()]
    for label, text, style in (
        ("numbers", _shortened([brief(column.name) for column in table.numbers]), ""),
        ("categories", _shortened(counts), ""),
        ("yes or no", _shortened([brief(column.name) for column in table.flags]), ""),
        ("texts", _shortened([f"{brief(c.name)} ({c.describe()})" for c in table.texts]), ""),
        ("dates", _shortened([brief(column.name) for column in table.dates]), ""),
        ("left out", _shortened(reasons), "yellow"),
        ("note", _shortened(remarks), "yellow"),
    ):
        if text:
            console.fact(label, text, style)


def _shortened(listed: list[str]) -> str:
    """The first of a long list, and how many there are."""
    if len(listed) <= _MOST_NAMES:
        return ", ".join(listed)
    return f"{', '.join(listed[:_MOST_NAMES])}, ... ({len(listed):,} in all)"


def rows_in_words(count: int) -> str:
    """1 row, 2,000 rows."""
    return f"{count:,} row" + ("" if count == 1 else "s")


def _network(fit: TableFit) -> str:
    """14 > 64 > 64 > 3 units, and how many weights."""
    arrays = {k: v for k, v in fit.model.net.parameters.items() if k.startswith(_LEARNT)}
    weights = [v for k, v in arrays.items() if k.startswith("dense") and k.endswith(".weight")]
    widths = [weights[0].shape[0], *(w.shape[1] for w in weights)]
    count = sum(array.size for array in arrays.values())
    return f"{' > '.join(map(str, widths))} units, {count:,} weights"


def say_results(console: Console, fit: TableFit, folder: RunFolder) -> None:
    """The figures of the rows held out, and where everything is."""
    from rich.text import Text

    if sys.stderr.isatty():
        console.remark()  # below the bar
    say_figures(console, f"{rows_in_words(len(fit.rows['test']))} held out", fit.scores())
    console.remark(Text(_baseline(fit), "dim"))
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


def _baseline(fit: TableFit) -> str:
    same = "the shares of the classes" if fit.model.table.target.is_classes else "the mean"
    return f"baseline: for every row {same} in the rows to train"


def _trained(fit: TableFit) -> str:
    history = fit.history
    reason = "" if history.stop_reason in {"done", "early stopping"} else f", {history.stop_reason}"
    epochs = f"{history.epochs} epoch" + ("" if history.epochs == 1 else "s")
    return f"{epochs} in {history.seconds:.1f} s{reason}{_whose_weights(fit)}"


def _whose_weights(fit: TableFit) -> str:
    if fit.history.stop_reason == "interrupted":
        return "; the weights are those of the last step"
    return f"; the weights are those of epoch {fit.best_epoch}, the best" if fit.best_epoch else ""


def as_json(fit: TableFit, folder: Path) -> dict[str, Any]:
    """All of it, for machines."""
    table, history = fit.model.table, fit.history
    return {
        "run": str(folder),
        "target": table.target.name,
        "task": table.target.task,
        "classes": list(table.target.classes),
        "rows": {part: len(rows) for part, rows in fit.rows.items()},
        "rows_without_target": fit.n_unknown,
        "left_out": dict(table.left_out),
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
