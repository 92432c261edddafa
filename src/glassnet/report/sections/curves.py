"""How training went: the loss and each metric, epoch by epoch."""

from __future__ import annotations

import numpy as np

from glassnet.report.case import Case
from glassnet.report.charts import axes, curve, legend, limits, line, wants_log
from glassnet.report.charts.axes import Axes
from glassnet.report.markup import Markup, shortened
from glassnet.report.numerals import NONE, figure
from glassnet.report.parts import card, cards, facts, remark, section
from glassnet.train.history import History

_PAIRS = (("{}", "training", "blue"), ("val_{}", "validation", "orange"))


def curves(case: Case) -> Markup:
    """The section on training."""
    history = case.fit.history
    names = [n for n in history if not n.startswith("val_") and _is_drawn(history, n)]
    if not history.epochs:
        return section("training", "Training", remark("No epoch was finished."))
    drawn = [_curve(history, n, case.fit.best_epoch) for n in names]
    if len(drawn) % 2:  # beside the last curve
        return section("training", "Training", cards(drawn, _settings(case)))
    return section("training", "Training", cards(drawn), _settings(case, "wide"))


def _is_drawn(history: History, name: str) -> bool:
    """The learning rate is drawn where it changes."""
    return name != "learning_rate" or len(set(history[name])) > 1


def _curve(history: History, name: str, best: int) -> Markup:
    columns = [(c.format(name), label, class_) for c, label, class_ in _PAIRS]
    columns = [column for column in columns if column[0] in history]
    values = np.concatenate([np.asarray(history[c], np.float64) for c, _, _ in columns])
    epochs = np.arange(1, history.epochs + 1)
    is_log = wants_log(values)
    low, high = limits(values, zero="loss" in name and not is_log)
    if is_log:
        low, high = float(np.nanmin(values)) / 1.15, float(np.nanmax(values)) * 1.15
    title = name.replace("_", " ")
    axis = f"{title}, logarithmic" if is_log else title
    frame = axes(limits(epochs, margin=0.02), (low, high), ("epoch", axis),
                 log_y=is_log, whole=(True, False))  # fmt: skip
    drawn = [curve(frame, epochs, history[c], class_) for c, _, class_ in columns]
    picture = frame.chart(f"{title} by epoch", _mark(frame, best), drawn)
    keys = [(class_, label) for _, label, class_ in columns]
    keys += [("best", f"best epoch, {best:,}")] if best else []
    return card(title.capitalize(), legend(*keys), picture, note=_end(history, name, columns, best))


def _mark(frame: Axes, best: int) -> Markup | None:
    """An upright line at the best epoch."""
    if not best:
        return None
    x = float(frame.x(best))
    return line(x, frame.y.start, x, frame.y.end, "best")


def _end(history: History, name: str, columns: list[tuple[str, str, str]], best: int) -> str:
    at, when = (best, "At the best epoch") if best else (history.epochs, "At the end")
    said = [f"{label} {figure(name, history[c][at - 1])}" for c, label, _ in columns]
    return f"{when}: {', '.join(said)}."


def _settings(case: Case, class_: str = "") -> Markup:
    """How it was trained."""
    given = case.fit.model.settings.to_json().items()
    pairs = [(k.replace("_", " "), _plain(v)) for k, v in given]
    return card("Settings", facts(pairs), class_=f"settings {class_}".strip())


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if value is None:
        return NONE
    return f"{value:g}" if isinstance(value, float) else shortened(value, 60)
