"""The network as a program: its prediction and its training step, coloured."""

from __future__ import annotations

import re

from glassnet.report.case import Case
from glassnet.report.markup import Markup, escaped, join, tag
from glassnet.report.parts import card, section

_MOST_LINES, _MOST_LETTERS = 400, 160
_TOKENS = re.compile(
    r'(?P<comment>#.*)|(?P<string>"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
    r"|(?P<keyword>\b(?:def|return|import|as|if|else|with|for|in|from|not|and|or|None|True|False)\b)"
    r"|(?P<number>\b\d[\d_.]*(?:e[-+]?\d+)?\b)|(?P<call>\b[A-Za-z_]\w*(?=\())"
)


def program(case: Case) -> Markup:
    """The section on the program."""
    model = case.fit.model
    return section(
        "program", "Program",
        _listing("Prediction", model.net.prediction_program().source("numpy"),
                 "What runs for each batch of B rows, to the letter."),
        _listing("One step of training", model.training_program().source("numpy"),
                 "The derivatives were derived from the formulas, and nothing is left out."),
    )  # fmt: skip


def _listing(title: str, source: str, note: str) -> Markup:
    lines = [_cut(line) for line in source.rstrip("\n").split("\n")]
    if len(lines) > _MOST_LINES:
        half, left_out = _MOST_LINES // 2, len(lines) - _MOST_LINES
        note += f" {left_out:,} of {len(lines):,} lines in the middle are not shown here; "
        note += "glassnet show prints them all."
        lines = [*lines[:half], f"# ... {left_out:,} lines", *lines[-half:]]
    text = tag("pre", tag("code", coloured("\n".join(lines))), class_="scroll", tabindex=0)
    return card(title, text, note=note, class_="wide")


def _cut(line: str) -> str:
    return line if len(line) <= _MOST_LETTERS else line[: _MOST_LETTERS - 3] + "..."


def coloured(source: str) -> Markup:
    """Python with its comments, strings, words and numbers in colours."""
    found, end = [], 0
    for match in _TOKENS.finditer(source):
        found += [escaped(source[end : match.start()]),
                  tag("span", match[0], class_=f"py-{match.lastgroup}")]  # fmt: skip
        end = match.end()
    return join(*found, source[end:])
