"""How a function of the printed text is laid out, whatever the language."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from glassnet.program.program import Entry, Program, Statement

if TYPE_CHECKING:
    from glassnet.program.sources.statements import Written

WIDTH = 100
INDENT = "    "
SECTIONS = ("forward", "loss", "metrics", "backward", "update")  # in the order of a step
_MARGIN = 60  # shapes stand in one column behind the lines that are no longer than this


def sections(program: Program, entries: Sequence[Written], remark: str) -> list[str]:
    """The lines of the body, a heading before each section, and shapes in one column.

    remark  what begins a remark: "#"
    """
    rows: list[tuple[str, str]] = []
    for section in SECTIONS:
        own = [
            row for each in entries if each.entry.section == section
            for row in _rows(program, each, remark)
        ]  # fmt: skip
        title = program.titles.get(section)
        if own or (section == "metrics" and title):  # which may say what no step can compute
            rows += [(each, "") for each in heading(section, title, remark)]
        rows += own
    return aligned(rows, remark)


def _rows(program: Program, written: Written, remark: str) -> list[tuple[str, str]]:
    """Lines with their shapes, below what is remarked on them."""
    said = remark_on(program, written.entry)
    above = _wrapped(f"{remark} {said}", remark) if said else []
    return [*((each, "") for each in above), *written.rows]


def remark_on(program: Program, entry: Entry) -> str:
    """What is remarked on a line, or ""."""
    return program.remarks.get(entry.value, "") if isinstance(entry, Statement) else ""


def heading(section: str, title: str | None, remark: str) -> list[str]:
    """# loss: mean squared error."""
    first, *others = (f"{section}: {title}" if title else section).split("\n")
    lines = [f"{remark} {first}", *(f"{remark}   {other}" for other in others)]
    return [each for line in lines for each in _wrapped(line, remark)]


def _wrapped(text: str, remark: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - len(INDENT), subsequent_indent=f"{remark}   ")


def aligned(rows: Sequence[tuple[str, str]], remark: str) -> list[str]:
    """Indent, and lay the shapes in one column."""
    column = max([20, *(len(code) for code, shape in rows if shape and len(code) <= _MARGIN)]) + 6
    found = []
    for code, shape in rows:
        first, *others = _lines(code, len(f"  {remark} {shape}") if shape else 0)
        found.append(f"{first.ljust(column)}  {remark} {shape}".rstrip() if shape else first)
        found += others
    return found


def _lines(code: str, behind: int) -> list[str]:
    """A statement, indented; what a long call takes stands on lines of its own.

    behind  characters that follow the first line
    """
    left = f"{INDENT}{code}"
    before, bracket, rest = left.partition("(")
    if len(left) + behind <= WIDTH or not bracket or not behind:
        return [left]
    end = _closing(rest)
    inside = textwrap.wrap(
        rest[:end], WIDTH, initial_indent=2 * INDENT, subsequent_indent=2 * INDENT
    )
    return [before + bracket, *inside, INDENT + rest[end:]]


def _closing(text: str) -> int:
    """Where the bracket closes that was opened before the text."""
    depth = 1
    for i, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return i
    return len(text)


def bracketed(before: str, words: Sequence[str], after: str) -> str:
    """before + words + after on one line, or the words on lines of their own between the two."""
    inside = ", ".join(words)
    short = f"{before}{inside}{after}"
    if len(short) <= WIDTH:
        return short
    indent = before[: len(before) - len(before.lstrip())]
    own = f"{indent}{INDENT}"
    body = textwrap.fill(inside, WIDTH, initial_indent=own, subsequent_indent=own)
    return f"{before}\n{body}\n{indent}{after}"
