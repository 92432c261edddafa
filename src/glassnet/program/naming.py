"""Names in a printed program: words of Python that mean one thing each."""

from __future__ import annotations

import functools
import keyword
import re
import unicodedata
from collections.abc import Sequence

from glassnet.graph import all_ops

_OURS = re.compile(
    r"(y|w|class_weight|loss|row_weight)\d*|t|seed|learning_rate|np|math|step|n_updates"
)
_OF_SCRIPTS = (
    "between",
    "glorot_uniform",
    "he_uniform",
    "lecun_uniform",
    "shuffled",
    "sys",
    "train",
)
_PYTHON = {"abs", "float", "len", "max", "min", "print", "range", "sys"}  # what formulas call

# Stands for what is named later, where the lengths of lines are measured: as long as such names.
NO_NAME_YET = "part10"


def fresh(name: str, taken: set[str], *, count_from: int = 2) -> str:
    """The name, or the name with a number behind it where it is taken; it is taken from then on."""
    base = _word(name)
    candidate = base if count_from > 1 else f"{base}{count_from}"
    count = count_from
    while candidate in taken or candidate in helper_names() or keyword.iskeyword(candidate):
        candidate = f"{base}_{count}" if count_from > 1 else f"{base}{count}"
        count += 1
    taken.add(candidate)
    return candidate


def _word(name: str) -> str:
    """A word of Python, in the form in which Python itself compares words."""
    plain = unicodedata.normalize("NFKC", name)
    word = "".join(c if f"_{c}".isidentifier() else "_" for c in plain)
    return word if word.isidentifier() else f"_{word}"


def own_name(name: str, taken: set[str]) -> str:
    """As `fresh`, for what a user names: not a name that every program gives to its own values."""
    free = not _OURS.fullmatch(name) and name not in _PYTHON
    return fresh(name if free else f"{name}_", taken)


def distinct(names: Sequence[str]) -> list[str]:
    """Names that differ: a repeated one gets a number behind it."""
    return [f"{n}_{names[:i].count(n)}" if n in names[:i] else n for i, n in enumerate(names)]


@functools.cache
def helper_names() -> frozenset[str]:
    """The functions that may be written out above a program."""
    text = "\n".join(op.helper_for() for op in all_ops().values())
    found = re.findall(r"^(?:def )?(\w+)(?: =|\()", text, flags=re.MULTILINE)
    return frozenset([*found, *_OF_SCRIPTS])
