"""The table: its rows, its columns, what was left out, and how the target is spread."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.report.cells import amounts, common, is_amounts, missing
from glassnet.report.charts import Bar, bars, histogram, small, small_of_numbers
from glassnet.report.markup import Markup, join, tag
from glassnet.report.numerals import NONE, count, number, share
from glassnet.report.parts import card, cards, name, remark, section, table
from glassnet.report.table_case import TableCase
from glassnet.tables.columns.cells import words

if TYPE_CHECKING:
    import polars as pl

MOST_COLUMNS = 30
_MOST_CLASSES, _TOP, _SMALL_BARS = 12, 3, 12
_KINDS = {"flag": "yes/no"}


def overview(case: TableCase) -> Markup:
    """The section on the data."""
    return section(
        "data", "Data",
        cards(_rows(case), _target(case)),
        _columns(case),
        _left_out(case),
    )  # fmt: skip


def _rows(case: TableCase) -> Markup:
    said = {"train": "training", "validation": "validation", "test": "test"}
    total = max(1, case.n_rows)
    drawn = [
        Bar(said.get(part, part), len(rows), f"{len(rows):,} ({share(len(rows) / total)})")
        for part, rows in case.fit.rows.items()
    ]
    if case.fit.n_unknown:
        n = case.fit.n_unknown
        drawn.append(Bar("target missing", n, f"{n:,} ({share(n / total)})", class_="grey"))
    width = f"{count(case.n_rows, 'row')}, {count(len(case.table.columns), 'column')} in the table."
    width += " Validation rows told when to stop."
    return card("Rows", bars("rows by their use", drawn), note=width)


def _target(case: TableCase) -> Markup:
    title = "Target"
    if not case.is_classes:
        y = np.concatenate([np.asarray(y, np.float64).ravel() for _, y in case.fit.parts.values()])
        words = f"mean {number(y.mean())}, standard deviation {number(y.std())}, "
        words += f"from {number(y.min())} to {number(y.max())}; {case.target.reason}"
        return card(title, histogram(y, "distribution of the target", _axis(case)), note=words)
    counts = np.array(case.target.counts)
    order = np.argsort(-counts, kind="stable")
    total = max(1, counts.sum())
    drawn = [
        Bar(case.classes[i], counts[i], f"{counts[i]:,} ({share(counts[i] / total)})")
        for i in order[:_MOST_CLASSES]
    ]
    rest = order[_MOST_CLASSES:]
    if len(rest):
        n = int(counts[rest].sum())
        text = f"{n:,} ({share(n / total)})"
        drawn.append(Bar(f"{len(rest)} more classes", n, text, class_="grey"))
    note = f"{count(len(counts), 'class', 'classes')}: {case.target.task} {case.target.reason}."
    return card(title, bars("rows of each class", drawn), note=note)


def _axis(case: TableCase) -> str:
    return " ".join(case.target.name.split())[:40]


def _columns(case: TableCase) -> Markup:
    chosen = case.columns
    whole = case.described.height == case.n_rows
    of = "all rows of the table" if whole else f"{case.described.height:,} rows drawn at random"
    note = f"Figures of {of}; spread is the standard deviation."
    if len(chosen) > MOST_COLUMNS:
        chosen = case.by_importance[:MOST_COLUMNS]
        note = f"The {MOST_COLUMNS} most important of {len(case.columns):,} columns. {note}"
    texts = {c.name: c.describe() for c in case.fit.model.table.texts}
    kinds = {c.name: _kind(c) for c in case.fit.model.table.columns}
    remarks = case.fit.model.table.remarks
    rows = [
        _row_of_text(case.described[n], texts[n], remarks.get(n, "")) if n in texts
        else _row(case.described[n], kinds[n], remarks.get(n, ""))
        for n in chosen
    ]  # fmt: skip
    head = ("column", "kind", "missing", "values", "distribution")
    return card("Columns that go in", table(head, rows, (2,)), note=note, class_="wide")


def _kind(column: Any) -> str:
    """number, category, yes/no, ...: from what the column's class is called."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(column).__name__.removesuffix("Column"))
    return _KINDS.get(words.lower(), words.lower())


def _row(cells: pl.Series, kind: str, said: str) -> list[Any]:
    n = missing(cells)
    lacks = share(n / max(1, len(cells))) if n else NONE
    title = join(name(cells.name), tag("div", said, class_="note") if said else None)
    values = amounts(cells)
    if kind == "number" or (kind not in {"category", "yes/no"} and is_amounts(cells, values)):
        return [title, kind, lacks, _of_numbers(values), small_of_numbers(values)]
    return [title, kind, lacks, *_of_words(cells, kind)]


def _row_of_text(cells: pl.Series, learnt: str, said: str) -> list[Any]:
    """A column of texts: what was learnt of it, and how long its texts are."""
    n = missing(cells)
    title = join(name(cells.name), tag("div", said, class_="note") if said else None)
    spaces = words(cells).drop_nulls().str.count_matches(r"\S+").to_numpy().astype(np.float64)
    lacks = share(n / max(1, len(cells))) if n else NONE
    values = join(learnt, tag("div", "drawn: how many words a row has", class_="note"))
    return [title, "text", lacks, values, small_of_numbers(spaces)]


def _of_numbers(values: Any) -> Markup:
    known = values[np.isfinite(values)]
    if not len(known):
        return tag("span", NONE)
    with np.errstate(over="ignore"):
        mean, spread = number(known.mean()), number(known.std(), 3)
    ends = f"{number(known.min())} to {number(known.max())}"
    return join(f"{mean} \N{PLUS-MINUS SIGN} {spread}", tag("div", ends, class_="note"))


def _of_words(cells: pl.Series, kind: str) -> list[Markup]:
    found = common(cells, _SMALL_BARS)
    known = max(1, len(cells) - missing(cells))
    if kind == "date" and len(cells.drop_nulls()):
        values = join(name(cells.min(), 24), " to ", name(cells.max(), 24))
    else:
        listed = [join(name(v, 24), f" {share(n / known)}") for v, n in found.top[:_TOP]]
        values = join(*[[v, ", "] for v in listed[:-1]], listed[-1] if listed else NONE)
    more = found.distinct - _TOP
    note = tag("div", f"and {more:,} more", class_="note") if more > 0 and kind != "date" else None
    picture = small([n for _, n in found.top], [v for v, _ in found.top])
    return [join(values, note), picture]


def _left_out(case: TableCase) -> Markup | None:
    left_out = dict(case.fit.model.table.left_out)
    if not left_out:
        return remark("No column was left out.")
    rows = [(name(n), name(why, 120)) for n, why in list(left_out.items())[:MOST_COLUMNS]]
    note = f"{MOST_COLUMNS} of {len(left_out):,}." if len(left_out) > MOST_COLUMNS else ""
    return card("Columns left out", table(("column", "why"), rows), note=note, class_="wide")
