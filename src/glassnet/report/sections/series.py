"""A forecast: drawn beside the truth, and its errors by step ahead and by time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.metrics.registry import find as find_metric
from glassnet.report.charts import axes, curve, legend, limits
from glassnet.report.markup import Markup, shortened
from glassnet.report.numerals import count, number
from glassnet.report.parts import card, cards, facts, name, section, stack, table

if TYPE_CHECKING:
    from glassnet.series import SeriesFit

_DRAWN = 4  # windows, the last of the test part
_SEASONS_BEFORE = 2  # that are drawn before a forecast
_FEWEST_BEFORE, _MOST_BEFORE = 12, 200  # steps
_MOST_TITLE = 40
_MOST_GROUPS = 20
_COLOURS = {"network": "blue", "seasonal naive": "orange", "naive": "dashed"}


def series_overview(fit: SeriesFit) -> Markup:
    """The section on the data: what was found out, and the parts of the time."""
    said = [(label, text) for label, text, _ in fit.facts()]
    return section(
        "data", "Data",
        cards(card("What was found out", facts(said)), stack(_parts(fit), _whole(fit))),
    )  # fmt: skip


def _parts(fit: SeriesFit) -> Markup:
    d, cuts, ticks = fit.model.description, fit.cuts, fit.grid.ticks
    begins = {"train": int(ticks.min()), "validation": cuts.validation, "test": cuts.test}
    rows = [
        (part, d.clock.text(begins[part]), f"{len(fit.rows[part]):,}")
        for part in ("train", "validation", "test")
    ]
    note = "Parts follow each other in time. No window's target reaches into a later part; a "
    note += "window may look back into the part before. Validation told when to stop."
    return card("Parts", table(("part", "from", "windows"), rows, (2,)), note=note)


def _whole(fit: SeriesFit) -> Markup:
    """The first series from its beginning to its end."""
    d, grid = fit.model.description, fit.grid
    stop = int(grid.firsts[1])
    y = np.where(fit.windows.known[:stop], fit.windows.y[:stop], np.nan).astype(np.float64)
    x, label = _time_axis(fit, np.arange(stop))
    frame = axes(limits(x, margin=0), limits(y), (label, _title(fit)))
    drawn = frame.chart("the series as a whole", curve(frame, x, y, "blue thin", dots=False))
    of = f", group {shortened(grid.names[0], 40)}" if d.group else ""
    note = f"{count(stop, 'step')}{of}; at most 500 of them are drawn, evenly."
    return card("The series", drawn, note=note)


def forecasts(fit: SeriesFit) -> Markup:
    """The section on the answers: forecasts drawn, figures, errors."""
    picked = _picked(fit)
    return section(
        "answers", "Forecasts on the test part",
        cards(*(_forecast(fit, row) for row in picked)),
        cards(_figures(fit), _by_step(fit), _by_time(fit)),
        _groups(fit),
    )  # fmt: skip


def _picked(fit: SeriesFit) -> list[int]:
    """The last test windows that do not overlap; of several series the first ones' last."""
    rows, windows = fit.rows["test"], fit.windows
    groups = windows.group[rows]
    if len(np.unique(groups)) > 1:
        lasts = [int(rows[groups == g][-1]) for g in np.unique(groups)]
        return lasts[:_DRAWN]
    found: list[int] = []
    for row in rows[::-1].tolist():
        if not found or row <= found[-1] - windows.horizon:
            found.append(row)
        if len(found) == _DRAWN:
            break
    return found[::-1]


def _forecast(fit: SeriesFit, row: int) -> Markup:
    d, windows = fit.model.description, fit.windows
    before = min(d.window, int(np.clip(_SEASONS_BEFORE * d.season, _FEWEST_BEFORE, _MOST_BEFORE)))
    first = row + d.window
    steps = np.arange(-before, d.horizon)
    y = np.where(windows.known, windows.y, np.nan)[first - before : first + d.horizon]
    inputs = {key: view[row : row + 1] for key, view in windows.inputs().items()}
    ahead = np.arange(d.horizon)
    answers = {key: fit.answers(key)(inputs)[0] for key in ("network", "seasonal naive")}
    frame = axes((-before, max(d.horizon - 1, 1)), limits(np.concatenate([y, *answers.values()])),
                 ("steps from the first that is foretold", _title(fit)), whole=(True, False),
                 height=300)  # fmt: skip
    lines = [curve(frame, steps, y, "truth", dots=False)]
    lines += [curve(frame, ahead, p, _COLOURS[key], dots=d.horizon == 1)
              for key, p in reversed(answers.items())]  # fmt: skip
    keys = legend(("truth", "truth"), ("blue", "network"), ("orange", "seasonal naive"))
    begins = d.clock.text(int(windows.ticks[first]))
    of = f"{shortened(fit.grid.names[windows.group[row]], 30)}, " if d.group else ""
    return card(f"{of}from {begins}", keys, frame.chart(f"forecast from {begins}", *lines))


def _figures(fit: SeriesFit) -> Markup:
    found = fit.compared()
    metrics = list(found["network"])
    rows = [(find_metric(m).title, *(number(found[key][m]) for key in _COLOURS)) for m in metrics]
    note = "Of every step of every test window. The scaled error is in units of the seasonal naive "
    note += "forecast's mean absolute error in the training part: below 1 is better than that."
    return card("In figures", table(("", *_COLOURS), rows, (1, 2, 3)), note=note)


def _by_step(fit: SeriesFit) -> Markup:
    ahead = np.arange(1, fit.model.description.horizon + 1)
    errors = {key: fit.errors(key).by_step for key in ("network", "seasonal naive")}
    frame = axes((1, max(len(ahead), 2)), limits(np.concatenate([*errors.values()]), zero=True),
                 ("steps ahead", "mean absolute error"), whole=(True, False))  # fmt: skip
    drawn = [curve(frame, ahead, values, _COLOURS[key]) for key, values in errors.items()]
    keys = legend(("blue", "network"), ("orange", "seasonal naive"))
    return card("Error by step ahead", keys, frame.chart("error by step ahead", *drawn))


def _by_time(fit: SeriesFit) -> Markup:
    """Mean absolute errors of windows, by when they begin; of several series the mean."""
    rows = fit.rows["test"]
    ticks, place = np.unique(fit.windows.first_ticks(rows), return_inverse=True)
    x, label = _time_axis(fit, None, ticks)
    errors = {
        key: np.bincount(place, fit.errors(key).by_window) / np.bincount(place)
        for key in ("network", "seasonal naive")
    }
    frame = axes(limits(x, margin=0), limits(np.concatenate([*errors.values()]), zero=True),
                 (label, "mean absolute error"))  # fmt: skip
    drawn = [curve(frame, x, errors[key], f"{_COLOURS[key]}", dots=False) for key in errors]
    keys = legend(("blue", "network"), ("orange", "seasonal naive"))
    note = "Of each forecast, by when it begins."
    return card("Error by time", keys, frame.chart("error by time", *drawn), note=note)


def _groups(fit: SeriesFit) -> Markup | None:
    """The series on which the network is furthest off, in units of what is usual for each."""
    d = fit.model.description
    if not d.group:
        return None
    at = fit.windows.group[fit.rows["test"]]
    counts = np.bincount(at, minlength=len(fit.grid.names))
    means = {
        key: np.bincount(at, fit.errors(key).by_window, len(counts)) / np.maximum(counts, 1)
        for key in ("network", "seasonal naive")
    }
    scale = np.array([d.scales.get(n, np.nan) for n in fit.grid.names])
    order = [g for g in np.argsort(-means["network"] / scale) if counts[g]][:_MOST_GROUPS]
    rows = [
        (name(fit.grid.names[g]), f"{counts[g]:,}", number(means["network"][g]),
         number(means["seasonal naive"][g]), number(means["network"][g] / scale[g]))
        for g in order
    ]  # fmt: skip
    head = (name(d.group), "windows", "network", "seasonal naive", "scaled")
    note = f"{len(order)} of {count(len(counts), 'series', 'series')}, those with the largest "
    note += "scaled error first. Network and seasonal naive: mean absolute errors."
    return card("Series by series", table(head, rows, (1, 2, 3, 4)), note=note, class_="wide")


def _title(fit: SeriesFit) -> str:
    return shortened(fit.model.description.target.name, _MOST_TITLE)


def _time_axis(fit: SeriesFit, steps: Any, ticks: Any = None) -> tuple[Any, str]:
    """Times as numbers that an axis can show: days from the first, or ticks; and what they are."""
    clock = fit.model.description.clock
    ticks = fit.grid.ticks[steps] if ticks is None else ticks
    if not clock.is_dated:
        return clock.moments(ticks), fit.model.description.time or "row"
    moments = np.asarray(clock.moments(ticks), np.float64) / 86_400e6
    return moments - moments[0], f"days from {clock.text(int(ticks[0]))}"
