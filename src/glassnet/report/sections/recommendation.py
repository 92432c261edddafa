"""What a recommendation has learnt: which items are alike, and along which lines they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.metrics.registry import find as find_metric
from glassnet.report.charts import axes, limits, scatter, words
from glassnet.report.markup import Markup, pixels, shortened, tag
from glassnet.report.numerals import figure, number
from glassnet.report.parts import card, cards, name, section, table
from glassnet.report.table_case import TableCase
from glassnet.tables.biases import bias_answers
from glassnet.tables.columns import IdentifierColumn
from glassnet.tables.recommendation import cosines
from glassnet.tables.score import score

_ITEMS = 20  # whose neighbours are listed: those that most rows have
_NEAREST = 5
_POINTS = 400  # in the picture
_NAMED = 28  # of them, where there is room
_HIGH, _LETTERS, _LINE = 420, 22, 15  # of the picture and its names


@dataclass(frozen=True)
class _Items:
    """The items that most training rows have, the most frequent first.

    codes, counts  of the items, (n,); factors  of all codes (V, K)
    """

    column: IdentifierColumn
    codes: Any
    counts: Any
    factors: Any

    @staticmethod
    def of(case: TableCase) -> _Items:
        column = case.fit.model.table.identifiers[1]
        factors = case.fit.model.net.parameters["item_factors.weight"]
        codes = np.asarray(case.fit.parts["train"][0]["item"])
        counts = np.bincount(codes, minlength=column.vocabulary)
        order = np.argsort(-counts[1:], kind="stable") + 1
        return _Items(column, order, counts[order], np.asarray(factors, np.float64))

    def name(self, code: int) -> Markup:
        """What an item is called."""
        return name(self.column.title(code), 32)


def recommendation(case: TableCase) -> Markup:
    """The section on what was learnt of the items."""
    items = _Items.of(case)
    return section(
        "neighbors", "What was learnt of the items",
        cards(_directions(items), _steps(case), class_="uneven"), _neighbors(items),
    )  # fmt: skip


def _neighbors(items: _Items) -> Markup:
    rows = []
    for code, count in zip(items.codes[:_ITEMS], items.counts, strict=False):
        near = cosines(items.factors, code)
        near[[0, code]] = -np.inf
        best = np.argsort(-near, kind="stable")[: min(_NEAREST, len(near) - 2)]
        found = [[items.name(i), f" {near[i]:.2f}", tag("br")] for i in best]
        rows.append((items.name(code), f"{count:,}", found))
    said = (
        "Nearest is whose learnt numbers point the same way: the cosine of the angle between them "
    )
    said += "is beside each name, and 1 is the same way. Items with few rows lie near by chance."
    shown = table((name(items.column.name), "rows", "nearest"), rows, (1,))
    return card(f"Nearest neighbours of the {len(rows)} most frequent", shown, note=said,
                class_="wide")  # fmt: skip


def _directions(items: _Items) -> Markup:
    """The items along the two lines on which their numbers differ most."""
    codes = items.codes[:_POINTS]
    places, shares = principal(items.factors[codes])
    if places.shape[1] < 2:
        return card("Where they lie", tag("p", "One number an item has no second direction."))
    x, y = places.T
    frame = axes(limits(x), limits(y), ("first direction", "second direction"), height=_HIGH)
    dots = [scatter(frame, x, y), tag("g", _names(frame, x, y, [*map(items.column.title, codes)]))]
    note = f"The {len(codes):,} most frequent items along the two directions in which their learnt "
    note += f"numbers differ most: {shares[0]:.0%} and {shares[1]:.0%} of what sets them apart "
    note += "(principal components). The signs of the directions mean nothing."
    return card("Where they lie", frame.chart("items along two directions", *dots), note=note)


def principal(factors: Any) -> tuple[Any, Any]:
    """Rows (n, K) along their first two principal directions (n, 2), and all shares of variance."""
    centred = factors - factors.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    directions *= np.sign(directions.sum(axis=1, keepdims=True))  # else the sign is the library's
    total = (sizes**2).sum()
    return centred @ directions[:2].T, sizes**2 / (total or 1.0)


def _names(frame: Any, x: Any, y: Any, titles: list[str]) -> list[Markup]:
    """Names beside points, the outermost first, where none overlaps another."""
    far = np.hypot(x / (x.std() or 1.0), y / (y.std() or 1.0))
    taken: list[tuple[float, float, float]] = []
    drawn = []
    for i in np.argsort(-far, kind="stable"):
        text = shortened(titles[i], _LETTERS)
        left, down, wide = float(frame.x(x[i])), float(frame.y(y[i])) - 5, 0.85 * pixels(text)
        left = max(frame.x.start, min(left - wide / 2, frame.x.end - wide))
        free = all(
            abs(down - other_down) > _LINE or left > other + other_wide or other > left + wide
            for other, other_down, other_wide in taken
        )
        if free and len(taken) < _NAMED and down > frame.y.end + _LINE / 2:
            taken.append((left, down, wide))
            drawn.append(words(left, down, text, "item"))
    return drawn


def _steps(case: TableCase) -> Markup:
    """What the biases alone say, and what the products add."""
    key = case.metric.name if not case.is_classes else "log_loss"
    ours, constant = case.scores[key]
    biases = score(key, case.y, bias_answers(case.fit))
    rows = [
        ("the mean alone", figure(key, constant)),
        ("and how far user and item are from it", figure(key, biases)),
        ("the network: and the product of their numbers", figure(key, ours)),
    ]
    factors = case.fit.model.net.parameters
    lengths = [np.linalg.norm(factors[f"{role}_factors.weight"][1:], axis=1).mean()
               for role in ("user", "item")]  # fmt: skip
    note = "Biases are fitted without a network, by ridge regression on the same rows. A user's "
    note += f"numbers have a length of {number(lengths[0], 3)} on average, an item's of "
    note += f"{number(lengths[1], 3)}."
    shown = table(("answers", find_metric(key).title), rows, (1,))
    return card("What the products add", shown, note=note)
