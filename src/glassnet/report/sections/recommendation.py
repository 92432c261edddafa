"""What a recommendation has learnt: which items are alike, and along which lines they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.metrics.registry import find as find_metric
from glassnet.report.charts import axes, limits, scatter, words
from glassnet.report.markup import Markup, join, pixels, shortened, tag
from glassnet.report.numerals import figure, number, share
from glassnet.report.parts import card, cards, name, section, table
from glassnet.report.table_case import TableCase
from glassnet.tables.biases import bias_answers
from glassnet.tables.columns import IdentifierColumn
from glassnet.tables.recommendation import nearest
from glassnet.tables.score import score

_ITEMS = 20  # whose neighbours are listed: those that most rows have
_NEAREST = 5
_LEAST = 10  # training rows of a neighbour
_POINTS = 400  # in the picture
_NAMED = 28  # of them, where there is room
_HIGH, _LETTERS, _LINE = 420, 22, 15  # of the picture and its names


def recommendation(case: TableCase) -> Markup:
    """The section on what was learnt of the items."""
    return section(
        "neighbors", "What was learnt of the items",
        cards(_directions(case), _steps(case), class_="uneven"), _neighbors(case),
    )  # fmt: skip


def _frequent(case: TableCase) -> Any:
    """The codes of the items, those that most training rows have first."""
    return np.argsort(-np.array(_items(case).counts), kind="stable") + 1


def _items(case: TableCase) -> IdentifierColumn:
    return case.fit.model.table.identifiers[1]


def _neighbors(case: TableCase) -> Markup:
    items, rows = _items(case), []
    for code in _frequent(case)[:_ITEMS].tolist():
        best = nearest(case.fit.model, "item", code, _NEAREST, _LEAST)
        found = [[tag("bdi", shortened(items.title(i), 32)), f" {at:.2f} \N{MIDDLE DOT} "]
                 for i, at in zip(*best, strict=True)]  # fmt: skip
        if found:
            found[-1][1] = found[-1][1].removesuffix(" \N{MIDDLE DOT} ")
        rows.append((name(items.title(code), 32), f"{items.counts[code - 1]:,}", join(*found)))
    said = "Nearest is whose learnt numbers point the same way: the cosine of the angle between "
    said += "them is behind each name, and 1 is the same way. Items of fewer than "
    said += f"{_LEAST} training rows are not listed: they lie near by chance."
    shown = table((name(items.name), "training rows", "nearest"), rows, (1,))
    title = f"Nearest neighbours of the {len(rows)} most frequent"
    return card(title, shown, note=said, class_="wide")


def _directions(case: TableCase) -> Markup:
    """The items along the two lines on which their numbers differ most."""
    codes, factors = _frequent(case)[:_POINTS], case.fit.model.net.parameters["item_factors.weight"]
    places, shares = principal(np.asarray(factors, np.float64)[codes])
    if places.shape[1] < 2:
        return card("Where they lie", tag("p", "One number an item has no second direction."))
    x, y = places.T
    frame = axes(limits(x), limits(y), ("first direction", "second direction"), height=_HIGH)
    dots = [scatter(frame, x, y), tag("g", _names(frame, x, y, [*map(_items(case).title, codes)]))]
    note = f"The {len(codes):,} most frequent items along the two directions in which their learnt "
    note += (
        f"numbers differ most: {share(shares[0])} and {share(shares[1])} of what sets them apart "
    )
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
