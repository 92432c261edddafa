"""How a regression does on the test rows: what it said against what was so, and what remains."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.report.charts import MOST_POINTS, axes, curve, histogram, legend, limits, scatter
from glassnet.report.markup import Markup
from glassnet.report.numerals import number, share
from glassnet.report.parts import card, cards, section, table
from glassnet.report.table_case import TableCase


def regression(case: TableCase) -> Markup:
    """The section on the answers."""
    y, p = case.y, case.p
    some = ""
    if len(y) > MOST_POINTS:
        some = f" {MOST_POINTS:,} of {len(y):,} rows are drawn, evenly."
    return section(
        "answers", "Answers on the test rows",
        cards(_answers(y, p, some), _residuals(y, p, some), _spread(y, p), _figures(y, p)),
    )  # fmt: skip


def _answers(y: Any, p: Any, some: str) -> Markup:
    low, high = limits(np.concatenate([y, p]))
    frame = axes((low, high), (low, high), ("predicted", "true"), height=330)
    ends = np.array([low, high])
    drawn = frame.chart("predicted against true", curve(frame, ends, ends, "dashed", dots=False),
                        scatter(frame, p, y))  # fmt: skip
    note = f"On the dashed line the answer is right.{some}"
    return card("Predicted and true", legend(("points", "a test row")), drawn, note=note)


def _residuals(y: Any, p: Any, some: str) -> Markup:
    frame = axes(limits(p), limits(y - p, zero=True), ("predicted", "true \u2212 predicted"),
                 height=330)  # fmt: skip
    ends = np.array([frame.x.low, frame.x.high])
    zero = curve(frame, ends, np.zeros(2), "dashed", dots=False)
    drawn = frame.chart("residuals against predicted", zero, scatter(frame, p, y - p))
    note = f"Above the line the answer was too low.{some}"
    return card("Residuals", legend(("points", "a test row")), drawn, note=note)


def _spread(y: Any, p: Any) -> Markup:
    left = y - p
    drawn = histogram(left, "distribution of the residuals", "true \u2212 predicted")
    return card("How far off", drawn)


def _figures(y: Any, p: Any) -> Markup:
    left = y - p
    half, most, all_ = np.quantile(np.abs(left), [0.5, 0.9, 1])
    near = float((np.abs(left) <= left.std()).mean())
    rows = [
        ("mean of true \u2212 predicted", number(left.mean(), 3)),
        ("standard deviation of it", number(left.std(), 3)),
        ("half of the rows are off by at most", number(half, 3)),
        ("nine in ten rows by at most", number(most, 3)),
        ("every row by at most", number(all_, 3)),
        ("within one standard deviation of 0", share(near)),
        ("standard deviation of the target", number(y.std(), 3)),
    ]
    return card("In figures", table(("of the test rows", ""), rows, (1,)))
