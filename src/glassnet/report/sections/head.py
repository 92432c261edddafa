"""What was predicted from what, how well, and by whom, when and with what."""

from __future__ import annotations

import platform
from datetime import datetime

import numpy as np

import glassnet
from glassnet.metrics.registry import find as find_metric
from glassnet.report.case import Case
from glassnet.report.markup import Markup, escaped, join, shortened, tag
from glassnet.report.numerals import count, figure, number
from glassnet.report.parts import facts, name, table


def head(case: Case) -> Markup:
    """The top of the page."""
    title = join(name(case.title, 60), tag("small", f" {case.task}"))
    return tag(
        "header", tag("h1", title), tag("p", case.sentence, class_="lead"),
        tag("div", _main(case), _others(case), class_="tiles"), _facts(case), id="top",
    )  # fmt: skip


def _main(case: Case) -> Markup:
    """The first metric, large, beside a constant answer."""
    key, (ours, constant) = next(iter(case.scores.items()))
    return tag(
        "div", tag("div", case.metric.title, class_="label"),
        tag("div", figure(key, ours), class_="big"),
        tag("div", tag("b", figure(key, constant)), f" for {case.baseline(key)}",
            class_="label"),
        _verdict(case),
        class_="tile main",
    )  # fmt: skip


def _verdict(case: Case) -> Markup | None:
    """A warning where the network is no better than a constant."""
    key = next(iter(case.scores))
    if case.beats_constant(key) or not np.isfinite(case.scores[key]).all():
        return None
    said = f"By {case.metric.title} the network is no better than a constant answer."
    if case.is_classes and case.beats_constant("log_loss"):
        said += " Its probabilities are: by log loss it is. Rare classes are found more often with"
        said += " class_weight=balanced; look at the balanced accuracy there."
    return tag("p", said, class_="warn")


def _others(case: Case) -> Markup:
    rows = [
        (find_metric(key).title, figure(key, ours), figure(key, constant))
        for key, (ours, constant) in case.scores.items()
    ]
    return tag(
        "div", table((f"test {case.unit}s", "network", "baseline"), rows, (1, 2)), class_="tile"
    )


def _facts(case: Case) -> Markup:
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
