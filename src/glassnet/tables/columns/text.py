"""Columns of long text: how they are told from names and keys, and the codes of their words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.errors import shown
from glassnet.tables.columns.cells import words
from glassnet.text import BytePairTokenizer, CharacterTokenizer, WordTokenizer, from_json

if TYPE_CHECKING:
    import polars as pl

UNITS = 64  # numbers that are learnt for each code
LONGEST = 400  # codes of a text that are read
_MOST_WORDS, _MOST_PARTS = 20_000, 8192  # codes of words; of parts of words
_LOOKED_AT = 2000  # cells, by which it is told whether a column is text
_FEWEST_CELLS = 50  # from which words can be learnt
_FEWEST_WORDS = 5  # a cell: names, places and titles have fewer
_COME_AGAIN = 0.3  # of the words stand in another cell too: those of keys and codes do not
_UNSPACED = re.compile(  # letters of Thai, Lao, Burmese, Khmer, Japanese and Chinese
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
_FEWEST_LETTERS = 8  # a cell, of those
_SIGNS = ".,;:!?\"'()[]\u2026\u201c\u201d\u201e\u00ab\u00bb\u0964"  # around words
_NO_WORD = re.compile(r"[\d/\\@_=<>{}]")  # links, keys, addresses of mail


@dataclass(frozen=True)
class TextColumn:
    """A column of texts; a missing cell is an empty text.

    tokenizer  gives each text its codes; learnt from the training rows
    mean       how many codes the training texts have
    units      how many numbers are learnt for each code
    """

    name: str
    tokenizer: WordTokenizer | CharacterTokenizer | BytePairTokenizer
    mean: float
    units: int = UNITS

    def codes(self, cells: pl.Series) -> Any:
        """Codes (n, length) int64."""
        return self.tokenizer.encode(words(cells).to_list())

    def strange(self, cells: pl.Series, codes: Any) -> str:
        """What should be said of texts to predict from, with their codes."""
        said, texts = [], words(cells).to_list()
        full = np.flatnonzero(codes[:, -1] if codes.shape[1] else np.zeros(len(codes)))
        long = int((self.tokenizer.lengths(texts[i] for i in full) > self.tokenizer.length).sum())
        if long:
            said.append(_cut(long, self))
        unread = (codes > 0).any(axis=1) & ~(codes > 1).any(axis=1)
        if unread.any():
            example = texts[int(np.flatnonzero(unread)[0])]
            said.append(f"{_texts(int(unread.sum()))} of which training has met nothing, such as "
                        f"{shown(str(example))}")  # fmt: skip
        return "; ".join(said)

    def describe(self) -> str:
        """What was learnt, in a few words."""
        what = _what(self.tokenizer)
        return f"{self.tokenizer.vocabulary - 2:,} {what} learnt, {self.mean:,.0f} {what} a row"

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `text_column` makes the same column."""
        return {"name": self.name, "tokenizer": self.tokenizer.to_json(),
                "mean": self.mean, "units": self.units}  # fmt: skip


def text_column(text: Mapping[str, Any]) -> TextColumn:
    """A column from what `to_json` gave; ValueError or FileFormatError where it is none."""
    units = text["units"]
    if isinstance(units, bool) or not isinstance(units, int) or units < 1:
        raise ValueError(f"units {units!r}")
    found = from_json(text["tokenizer"])
    if not isinstance(found, WordTokenizer | CharacterTokenizer | BytePairTokenizer):
        raise TypeError("its tokenizer is of another kind")
    return TextColumn(text["name"], found, text["mean"], units)


class FoundText(NamedTuple):
    """A column of text, or why there is none; and what should be said of it."""

    column: TextColumn | None
    reason: str = ""
    remark: str = ""


def looks_like_text(cells: pl.Series) -> bool:
    """Whether most cells are sentences: several words, many of which come again elsewhere.

    Names, addresses and links have fewer words; keys and codes have words that come but once.
    """
    known = words(cells).drop_nulls()
    if len(known) < _FEWEST_CELLS:
        return False
    looked_at = known.gather_every(max(1, len(known) // _LOOKED_AT)).to_list()
    if is_unspaced(looked_at):
        return True
    per_cell = [_spaced(text) for text in looked_at]
    cells_with = Counter(word for found in per_cell for word in set(found))
    total = sum(map(len, per_cell))
    again = sum(cells_with[word] > 1 for found in per_cell for word in found)
    return total >= _FEWEST_WORDS * len(looked_at) and again >= _COME_AGAIN * total


def _spaced(text: str) -> list[str]:
    """The parts of a text between spaces that are words: no links, no keys with digits."""
    parts = (part.strip(_SIGNS) for part in text.lower().split())
    return [part for part in parts if part[1:] and not _NO_WORD.search(part)]


def is_unspaced(texts: Sequence[str]) -> bool:
    """Whether they are sentences in a script that writes no spaces between words."""
    letters = sum(len(_UNSPACED.findall(text)) for text in texts)
    return letters >= _FEWEST_LETTERS * len(texts) > 0


def find_text(cells: pl.Series) -> FoundText:
    """The column with a tokenizer that is learnt from these cells."""
    known = [text for text in words(cells).to_list() if text and not text.isspace()]
    if not known:
        return FoundText(None, "no values")
    if len(set(known)) == 1 and len(known) == len(cells):
        return FoundText(None, f"always {shown(known[0])}")
    unspaced = is_unspaced(known[:_LOOKED_AT])
    tokenizer = _parts(known) if unspaced else _words(known)
    if tokenizer.vocabulary <= 2:  # filling and the unknown
        return FoundText(None, "text without a word")
    lengths = tokenizer.lengths(known)
    column = TextColumn(cells.name, tokenizer, float(lengths.mean()))
    said = ["written without spaces, so parts of words are learnt"] if unspaced else []
    long, empty = int((lengths > tokenizer.length).sum()), len(cells) - len(known)
    said += [_cut(long, column)] if long else []
    said += [f"{_texts(empty)} empty"] if empty else []
    return FoundText(column, remark="; ".join(said))


def _words(texts: list[str]) -> WordTokenizer:
    found = WordTokenizer.learn(texts, size=_MOST_WORDS)
    return WordTokenizer(found.words, min(found.length, LONGEST))


def _parts(texts: list[str]) -> BytePairTokenizer:
    found = BytePairTokenizer.learn(texts, size=_MOST_PARTS, lower=True)
    return BytePairTokenizer(found.merges, min(found.length, LONGEST), lower=True)


def _cut(count: int, column: TextColumn) -> str:
    end = "ends" if column.tokenizer.keep == "start" else "beginnings"
    what = f"{column.tokenizer.length:,} {_what(column.tokenizer)}"
    return f"{_texts(count)} longer than {what}: the {end} are not read"


def _what(tokenizer: object) -> str:
    kinds: Iterable[tuple[type, str]] = (
        (WordTokenizer, "words"), (CharacterTokenizer, "characters"),
    )  # fmt: skip
    return next((what for kind, what in kinds if isinstance(tokenizer, kind)), "parts of words")


def _texts(count: int) -> str:
    return f"{count:,} text" + ("" if count == 1 else "s")
