"""Which columns the answers hang on: permutation importance."""

from __future__ import annotations

from glassnet.report.charts import Bar, bars
from glassnet.report.importance import REPETITIONS
from glassnet.report.markup import Markup, tag
from glassnet.report.numerals import change, count, figure
from glassnet.report.parts import card, cards, section
from glassnet.report.table_case import TableCase

_MOST = 30


def influence(case: TableCase) -> Markup:
    """The section on importance."""
    found, key = case.importance, case.weighed.name
    drawn = []
    for i in found.order[:_MOST]:
        mean, spread = float(found.mean[i]), float(found.spread[i])
        drawn.append(Bar(case.columns[i], mean, change(key, mean), spread))
    picture = bars("importance of the columns", drawn)
    return section(
        "columns", "Columns that matter",
        cards(
            card(f"How much worse {case.weighed.title} gets when a column is shuffled", picture),
            card("How to read it", tag("p", _note(case))),
            class_="uneven",
        ),
    )  # fmt: skip


def _note(case: TableCase) -> str:
    found, key = case.importance, case.weighed.name
    said = f"Each column of the table is shuffled in turn, {REPETITIONS} times, and the rows go "
    said += f"through the whole model again; without shuffling it is {figure(key, found.base)}. "
    said += f"Measured on {count(found.n_rows, 'test row')}"
    said += f" drawn from {len(case.y):,}" if found.n_rows < len(case.y) else ""
    said += ", seeded. The line on a bar is the standard deviation over the repetitions. Columns "
    said += "that tell the same share their importance."
    if len(case.columns) > _MOST:
        said = f"The {_MOST} most important of {len(case.columns):,} columns. {said}"
    return said
