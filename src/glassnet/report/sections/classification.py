"""How a classifier does on the test rows: what it confuses, and what its probabilities are worth.

Of many classes the most frequent are drawn, and the others are taken together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.report.case import ClassCase
from glassnet.report.charts import axes, columns, curve, heat, legend
from glassnet.report.classes import Calibration, calibration, confusion, per_class, roc
from glassnet.report.markup import Markup, shortened, tag
from glassnet.report.numerals import NONE, count, number, share
from glassnet.report.parts import card, cards, name, section, stack, table

_MOST_DRAWN, _MOST_LISTED, _MOST_MIXED = 20, 30, 10
_FEW = 8  # classes, whose matrix fits into half of the page


def classification(case: ClassCase) -> Markup:
    """The section on the answers."""
    counts = confusion(case.y, case.p.argmax(axis=1), len(case.classes))
    matrix, worth, sure = _confusion(case, counts), _per_class(case, counts), _calibration(case)
    other = _roc(case) if len(case.classes) == 2 else _mixed(case, counts)
    if len(case.classes) <= _FEW:
        placed = [cards(stack(matrix, other), stack(worth, sure))]
    else:
        placed = [matrix, cards(worth, stack(sure, other))]
    return section("answers", f"Answers on the test {case.unit}s", *placed)


def _confusion(case: ClassCase, counts: Any) -> Markup:
    note = "Rows: the true class. Columns: the answer, the likeliest class. Each cell: "
    note += f"{case.unit}s, and their share of the true class."
    if len(case.classes) > _MOST_DRAWN:
        note += f" The {_MOST_DRAWN} most frequent of {len(case.classes):,} classes are drawn; "
        note += "the others are taken together."
    drawn, names = folded(counts, case.classes, _MOST_DRAWN)
    picture = heat("confusion matrix", drawn, names, ("true class", "answer"))
    class_ = "" if len(case.classes) <= _FEW else "wide"
    framed = tag("div", picture, class_="scroll", tabindex=0)
    return card("Confusion matrix", framed, note=note, class_=class_)


def folded(counts: Any, names: list[str], most: int) -> tuple[Any, list[str]]:
    """The matrix of the most frequent classes, all others as one more; and its names."""
    n = len(names)
    if n <= most:
        return counts, names
    kept = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:most])
    place = np.full(n, most)
    place[kept] = np.arange(most)
    found = np.zeros((most + 1, most + 1), np.int64)
    np.add.at(found, (place[:, None], place[None, :]), counts)
    return found, [*(names[i] for i in kept), count(n - most, "other")]


def _per_class(case: ClassCase, counts: Any) -> Markup:
    found = per_class(counts)
    order = np.argsort(-found.support, kind="stable")[:_MOST_LISTED].tolist()
    order = sorted(order)
    rows = [
        (name(case.classes[i], 24), *(_ratio(f[i]) for f in (found.precision, found.recall,
         found.f1)), f"{found.support[i]:,}")
        for i in order
    ]  # fmt: skip
    note = f"Precision: of the {case.unit}s given the class, the share that have it. Recall: of "
    note += f"the {case.unit}s that have it, the share given it. F1: their harmonic mean."
    if len(case.classes) > _MOST_LISTED:
        note = f"The {_MOST_LISTED} most frequent of {len(case.classes):,} classes. {note}"
    head = ("class", "precision", "recall", "F1", f"test {case.unit}s")
    return card("Class by class", table(head, rows, (1, 2, 3, 4)), note=note)


def _ratio(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else NONE


def _mixed(case: ClassCase, counts: Any) -> Markup:
    """The pairs that are most often confused."""
    off = counts * ~np.eye(len(counts), dtype=bool)
    pairs = np.argsort(-off, axis=None, kind="stable")[:_MOST_MIXED]
    rows = []
    for i, j in zip(*np.unravel_index(pairs, off.shape), strict=True):
        if off[i, j]:
            part = share(off[i, j] / counts[i].sum())
            rows.append(
                (name(case.classes[i], 24), name(case.classes[j], 24), f"{off[i, j]:,}", part)
            )
    if not rows:
        return card("Most often confused", note="No test row was taken for another class.")
    head = ("true class", "taken for", f"{case.unit}s", "of its class")
    return card("Most often confused", table(head, rows, (2, 3)))


def _calibration(case: ClassCase) -> Markup:
    """Of two classes the second one's probability; of several that of the answer."""
    if case.p.shape[1] == 2:
        found = calibration(case.y == 1, case.p[:, 1])
        what = f"probability of {shortened(case.classes[1], 40)}"
    else:
        answer = case.p.argmax(axis=1)
        found = calibration(case.y == answer, case.p.max(axis=1))
        what = "probability of the answer"
    note = f"Test {case.unit}s by the {what}, in ten bins: what the network said, against how "
    note += f"often it was so. Expected calibration error {number(found.error, 3)}: the mean "
    note += f"distance from the diagonal over all {case.unit}s. A large dot stands for many; they "
    note += "are counted below."
    keys = legend(("orange", "network"), ("dashed", "perfect"))
    return card("Calibration", keys, _reliability(found), _bin_counts(found), note=note)


def _reliability(found: Calibration) -> Markup:
    frame = axes((0.0, 1.0), (0.0, 1.0), ("probability said", "share that was so"))
    known = found.counts > 0
    ideal = curve(frame, np.array([0.0, 1.0]), np.array([0.0, 1.0]), "dashed", dots=False)
    said, seen, counts = found.said[known], found.seen[known], found.counts[known]
    ours = curve(frame, said, seen, "orange thin", dots=False)
    sizes = 2.5 + 5.5 * np.sqrt(counts / counts.max())
    spots = [
        tag("circle", tag("title", f"said {share(a)}, was so {share(b)}: {count(n, 'row')}"),
            cx=float(frame.x(a)), cy=float(frame.y(b)), r=r, class_="dot orange")
        for a, b, n, r in zip(said, seen, counts.tolist(), sizes.tolist(), strict=True)
    ]  # fmt: skip
    return frame.chart("calibration", ideal, ours, spots)


def _bin_counts(found: Calibration) -> Markup:
    highest = float(max(1, found.counts.max()))
    frame = axes((0.0, 1.0), (0.0, highest * 1.05), ("probability said", "rows"), height=140,
                 whole=(False, True))  # fmt: skip
    edges = np.linspace(0, 1, len(found.counts) + 1)
    return frame.chart("rows in each bin", columns(frame, found.counts, edges, "grey"))


def _roc(case: ClassCase) -> Markup:
    found = roc(case.y, case.p[:, 1])
    if found is None:
        return card(
            "ROC", note=f"The test {case.unit}s are all of one class, so there is no curve."
        )
    frame = axes((0.0, 1.0), (0.0, 1.0), ("false positive rate", "true positive rate"), height=300)
    chance = curve(frame, np.array([0.0, 1.0]), np.array([0.0, 1.0]), "dashed", dots=False)
    ours = curve(frame, found.false, found.true, "blue", dots=False)
    keys = legend(("blue", f"network, area {number(found.area)}"), ("dashed", "chance, area 0.5"))
    positive = int((case.y == 1).sum())
    note = f"Positive is {shortened(case.classes[1], 40)} ({count(positive, 'test row')})."
    return card("ROC", keys, frame.chart("ROC curve", chance, ours), note=note)
