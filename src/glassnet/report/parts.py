"""The pieces that sections are made of: cards, tables, remarks, facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.report.markup import Markup, shortened, tag

MOST_LETTERS = 48  # of a name in a table
_MOST_TITLE = 300
_LONG = 20  # letters, from which a name is wrapped


def section(key: str, title: str, *children: Any) -> Markup:
    """A part of the page with its own heading."""
    return tag("section", tag("h2", title), *children, id=key)


def cards(*children: Any, class_: str = "") -> Markup:
    """Cards beside each other where there is room."""
    return tag("div", *children, class_=f"cards {class_}".strip())


def card(title: str, *children: Any, note: str = "", class_: str = "") -> Markup:
    """A framed piece with a heading and, below it, what should be said."""
    said = tag("p", note, class_="note") if note else None
    return tag("div", tag("h3", title), *children, said, class_=f"card {class_}".strip())


def stack(*children: Any) -> Markup:
    """Cards below each other, in one column of `cards`."""
    return tag("div", *children, class_="stack")


def remark(text: str) -> Markup:
    """A quiet line."""
    return tag("p", text, class_="note")


def name(text: Any, most: int = MOST_LETTERS) -> Markup:
    """A name from the data, which may be long or strange."""
    short = shortened(text, most)
    title = shortened(text, _MOST_TITLE) if short != str(text) else None
    class_ = "name long" if len(short) > _LONG else "name"
    return tag("span", short or "(empty)", title=title, class_=class_)


def table(head: Sequence[Any], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> Markup:
    """A table that scrolls to the side where it does not fit; `right`: columns of numbers."""
    sides = ["r" if i in right else None for i in range(len(head))]
    first = tag("tr", [tag("th", h, class_=c) for h, c in zip(head, sides, strict=True)])
    body = [
        tag("tr", [tag("td", cell, class_=c) for cell, c in zip(row, sides, strict=True)])
        for row in rows
    ]
    return tag("div", tag("table", tag("thead", first), tag("tbody", body)),
               class_="scroll", tabindex=0)  # fmt: skip


def facts(pairs: Sequence[tuple[str, Any]]) -> Markup:
    """Names and values, a line each."""
    return tag("dl", [tag("div", tag("dt", k), tag("dd", v)) for k, v in pairs])
