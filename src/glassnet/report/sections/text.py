"""Words that weighed: the mean effect of words over test rows, and some texts word by word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from glassnet import philox
from glassnet.report.charts import Bar, bars, legend
from glassnet.report.markup import Markup, join, tag
from glassnet.report.numerals import count, number, share
from glassnet.report.occlusion import ReadText, mean_effects, occluded
from glassnet.report.parts import card, cards, name, section
from glassnet.report.table_case import TableCase
from glassnet.tables.columns import TextColumn
from glassnet.tables.reading import Stream

_ROWS = 500  # of the test, whose texts are read
_MOST_BARS, _MOST_CLASSES = 12, 4
_MOST_TEXTS, _MOST_WORDS = 6, 120  # shown word by word
_FAINTEST = 0.08  # of a colour


class _Toward(NamedTuple):
    """What an effect is upon: a class or the amount, and its place among the answers."""

    title: str
    place: int
    sign: int


def words(case: TableCase) -> Markup | None:
    """The section on texts; None where no column holds any."""
    found = [part for key, column in case.fit.model.table.coded.items()
             for part in _column(case, key, column)]  # fmt: skip
    return section("words", "Words that weighed", *found) if found else None


def _column(case: TableCase, key: str, column: TextColumn) -> list[Markup]:
    mixed = philox.permutation(len(case.y), case.fit.model.settings.seed, philox.IMPORTANCE)
    places = np.sort(mixed[:_ROWS])
    cells = _cells(case, places)[column.name]
    arrays = {k: np.asarray(a[places]) for k, a in case.fit.parts["test"][0].items()}
    texts = [None if cell is None else str(cell) for cell in cells.to_list()]
    found = occluded(case.fit.model, arrays, key, texts, case.progress)
    read = [replace(one, place=int(places[one.place])) for one in found]
    means = mean_effects(read)
    charts = [_chart(case, toward, means) for toward in _towards(case)]
    how = card("How to read it", tag("p", _note(len(read), column)))
    return [cards(*charts, how), _texts(case, read)]


def _cells(case: TableCase, places: Any) -> Any:
    rows = case.fit.rows["test"][places]
    return case.table.rows(rows) if isinstance(case.table, Stream) else case.table[rows]


def _towards(case: TableCase) -> list[_Toward]:
    if not case.is_classes:
        return [_Toward("higher", 0, 1), _Toward("lower", 0, -1)]
    if len(case.classes) == 2:
        return [_Toward(case.classes[1], 1, 1), _Toward(case.classes[0], 1, -1)]
    often = np.argsort(-np.array(case.target.counts), kind="stable")[:_MOST_CLASSES]
    return [_Toward(case.classes[i], int(i), 1) for i in often]


def _chart(case: TableCase, toward: _Toward, means: dict[str, tuple[Any, int]]) -> Markup:
    """The words that raise this answer most."""
    found = [(toward.sign * float(mean[toward.place]), word) for word, (mean, _) in means.items()]
    chosen = sorted((one for one in found if one[0] > 0), key=lambda one: (-one[0], one[1]))
    drawn = [Bar(word, size, _size(case, size)) for size, word in chosen[:_MOST_BARS]]
    title: Any = f"Words for {toward.title} answers"
    if case.is_classes:
        title = join("Words toward ", name(toward.title, 24))
    picture = bars("mean effect of words", drawn) if drawn else tag("p", "None.")
    return card(title, picture)


def _size(case: TableCase, size: float) -> str:
    return f"{100 * size:.1f} points" if case.is_classes else number(size, 3)


def _note(n_texts: int, column: TextColumn) -> str:
    return (
        f"Of {count(n_texts, 'test row')} every word of {column.name} is taken out in turn, and "
        "the row goes through the whole network again: the effect of a word is the answer with it "
        "less the answer without, in points of a hundred where the answer is a probability. The "
        "bars are means over all texts with the word, at least three. Words in grey have "
        f"next to no effect. {column.describe()}."
    )


def _texts(case: TableCase, read: list[ReadText]) -> Markup:
    """Texts in which words weigh most, with the words in colours."""
    sized = [one for one in read if one.words]
    chosen = sorted(sized, key=lambda one: (-float(np.abs(one.effect).max()), one.place))
    shown = [_text(case, one) for one in _spread(chosen)]
    keys = legend(("blue", "for the answer"), ("orange", "against it"))
    return card("Texts word by word", keys, *shown, class_="wide")


def _spread(texts: list[ReadText]) -> list[ReadText]:
    """Some of them, from those with the largest effects to those with middling ones."""
    half = texts[: max(_MOST_TEXTS, len(texts) // 2)]
    step = max(1, len(half) // _MOST_TEXTS)
    return half[::step][:_MOST_TEXTS]


def _text(case: TableCase, text: ReadText) -> Markup:
    """A text with each word in the colour of its effect upon the answer that was given."""
    place = int(text.answer.argmax()) if case.is_classes else 0
    effect = text.effect[:, place]
    largest = float(np.abs(effect).max()) or 1.0
    marked: list[Any] = []
    for word, size in zip(text.words[:_MOST_WORDS], effect[:_MOST_WORDS], strict=True):
        marked += [_word(word, float(size) / largest, _size(case, float(size))), " "]
    if len(text.words) > _MOST_WORDS:
        marked.append("\N{HORIZONTAL ELLIPSIS}")
    row = f"Row {case.fit.rows['test'][text.place] + 1:,}: "
    return tag("div", tag("p", marked, class_="words"),
               tag("p", row, *_said(case, text, place), class_="note"))  # fmt: skip


def _word(word: str, weight: float, size: str) -> Markup:
    colour = "--blue" if weight > 0 else "--orange"
    if abs(weight) < _FAINTEST:
        return tag("span", word, class_="none", title=size)
    part = f"{100 * abs(weight) * 0.5:.0f}%"
    style = f"background: color-mix(in srgb, var({colour}) {part}, transparent)"
    return tag("span", word, style=style, title=size)


def _said(case: TableCase, text: ReadText, place: int) -> list[Any]:
    y = case.y[text.place]
    if not case.is_classes:
        return [f"answer {number(text.answer[0])}, true {number(y)}"]
    said = ["answer ", name(case.classes[place], 24), f" ({share(text.answer[place])})"]
    true = ", which is right" if place == y else join(", but it is ", name(case.classes[y], 24))
    return [*said, true]
