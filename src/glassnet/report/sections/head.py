"""What was predicted from what, how well, and by whom, when and with what."""

from __future__ import annotations

import platform
from datetime import datetime

import numpy as np

import glassnet
from glassnet.metrics.registry import find as find_metric
from glassnet.report.markup import Markup, escaped, join, shortened, tag
from glassnet.report.numerals import count, figure, number
from glassnet.report.parts import facts, name, table
from glassnet.report.report_data import ReportData

_MOST_NAMED = 6  # columns in the sentence


def head(case: ReportData) -> Markup:
    """The top of the page."""
    title = join(name(case.target.name, 60), tag("small", f" {case.target.task}"))
    return tag(
        "header", tag("h1", title), tag("p", _sentence(case), class_="lead"),
        tag("div", _main(case), _others(case), class_="tiles"), _facts(case), id="top",
    )  # fmt: skip


def _sentence(case: ReportData) -> Markup:
    named = [tag("b", name(n, 24)) for n in case.columns[:_MOST_NAMED]]
    listed = join(*[[n, ", "] for n in named[:-1]], named[-1] if named else "")
    if len(case.columns) > _MOST_NAMED:
        listed = join(listed, f" and {count(len(case.columns) - _MOST_NAMED, 'more column')}")
    kind = f" ({len(case.classes):,} classes)" if case.is_classes else " (an amount)"
    rows = sum(len(rows) for rows in case.fit.rows.values())
    return join(
        "A network predicts ", tag("b", name(case.target.name)), kind, " from ", listed,
        f". Of {count(rows, 'row')}, {len(case.y):,} were held out for the test: figures of "
        "answers on this page are of those, which training did not see.",
    )  # fmt: skip


def _main(case: ReportData) -> Markup:
    """The first metric, large, beside a constant answer."""
    key, (ours, constant) = next(iter(case.scores.items()))
    same = "the most frequent class" if key == "accuracy" else _constant(case)
    return tag(
        "div", tag("div", case.metric.title, class_="label"),
        tag("div", figure(key, ours), class_="big"),
        tag("div", tag("b", figure(key, constant)), f" for a constant answer ({same})",
            class_="label"),
        _verdict(case),
        class_="tile main",
    )  # fmt: skip


def _constant(case: ReportData) -> str:
    return "the shares of the classes" if case.is_classes else "the mean of the training rows"


def _verdict(case: ReportData) -> Markup | None:
    """A warning where the network is no better than a constant."""
    key = next(iter(case.scores))
    if case.beats_constant(key) or not np.isfinite(case.scores[key]).all():
        return None
    said = f"By {case.metric.title} the network is no better than a constant answer."
    if case.is_classes and case.beats_constant("log_loss"):
        said += " Its probabilities are: by log loss it is. Rare classes are found more often with"
        said += " class_weight=balanced; look at the balanced accuracy there."
    return tag("p", said, class_="warn")


def _others(case: ReportData) -> Markup:
    rows = [
        (find_metric(key).title, figure(key, ours), figure(key, constant))
        for key, (ours, constant) in case.scores.items()
    ]
    return tag("div", table(("test rows", "network", "constant"), rows, (1, 2)), class_="tile")


def _facts(case: ReportData) -> Markup:
    fit, settings = case.fit, case.fit.model.settings
    history = fit.history
    epochs = f"{count(history.epochs, 'epoch')} in {number(history.seconds, 3)} s"
    if fit.best_epoch:
        epochs += f"; the weights are those of epoch {fit.best_epoch:,}"
    pairs = [
        ("trained", epochs),
        ("ended", history.stop_reason or escaped("not trained")),
        ("seed", str(settings.seed)),
        ("written", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")),
        ("versions", _versions()),
        ("weights", shortened(history.hash, 17) if history.hash else "\N{EN DASH}"),
    ]
    return facts(pairs)


def _versions() -> str:
    import polars as pl

    return (
        f"Glassnet {glassnet.__version__}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, polars {pl.__version__}, "
        f"{platform.system()} {platform.machine()}"
    )
