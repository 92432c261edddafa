"""The test rows on which the network is furthest off, with their raw cells."""

from __future__ import annotations

from typing import Any

from glassnet.report.cells import texts
from glassnet.report.markup import Markup, tag
from glassnet.report.numerals import number, share
from glassnet.report.parts import card, name, section, table
from glassnet.report.table_case import TableCase

_MOST_COLUMNS = 12


def worst(case: TableCase) -> Markup:
    """The section on the largest errors."""
    shown = case.by_importance[:_MOST_COLUMNS]
    cells = case.of_test(case.worst)
    raw = [texts(cells[column]) for column in shown]
    rows = [
        [f"{case.fit.rows['test'][place] + 1:,}", *_answer(case, place),
         *(_cell(column[k]) for column in raw)]
        for k, place in enumerate(case.worst.tolist())
    ]  # fmt: skip
    said = ("probability", "loss") if case.is_classes else ("true \u2212 predicted", "squared")
    head = ["row", "true", "predicted", *said, *(name(column, 24) for column in shown)]
    right = (0, 3, 4) if case.is_classes else (0, 1, 2, 3, 4)
    shown_rows = table(head, rows, right)
    return section("worst", "Largest errors", card(_title(rows), shown_rows, note=_note(case),
                                                   class_="wide"))  # fmt: skip


def _title(rows: list[Any]) -> str:
    return f"The {len(rows)} test rows with the highest loss"


def _answer(case: TableCase, place: int) -> list[Any]:
    y, p, loss = case.y[place], case.p[place], float(case.losses[place])
    if not case.is_classes:
        return [number(y), number(p), number(y - p), number(loss)]
    answer = int(p.argmax())
    said = name(case.classes[answer], 24)
    marked = said if answer == y else tag("span", said, class_="wrong")
    return [name(case.classes[y], 24), marked, share(p[y]), number(loss)]


def _cell(text: str | None) -> Markup:
    return tag("span", "missing", class_="none") if text is None else name(text, 32)


def _note(case: TableCase) -> str:
    said = "Row 1 is the first below the names of the columns. "
    if case.is_classes:
        said += "Probability: what the network gave the true class; loss: minus its logarithm."
    else:
        said += "Squared: the difference times itself."
    if len(case.columns) > _MOST_COLUMNS:
        said += f" The {_MOST_COLUMNS} most important of {len(case.columns):,} columns are shown."
    return said
