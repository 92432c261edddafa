"""Words as codes: the most frequent words of the training texts, the others unknown."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from glassnet.text import tokenizer as t
from glassnet.text.pieces import LONGEST_PIECE, normalised, words

_LONGEST_WORD = 2 * LONGEST_PIECE + 1  # with an apostrophe inside


@dataclass(frozen=True)
class WordTokenizer:
    """Each word has a code, and each sign or emoji; 0 is filling, 1 a word that is not known.

    Of languages that write no spaces (Chinese, Japanese, Thai) a sentence would be one word: take
    BytePairTokenizer or CharacterTokenizer there.

    words   the vocabulary in the order of the codes, which begin with 2: the most frequent first
    length  codes of a text: shorter texts are filled up behind, longer ones are cut
    lower   whether large and small letters are the same
    keep    which end of a text that is cut stays: "start" or "end"

    >>> texts = ["A good film", "a bad film, a bad day"]
    >>> tokenizer = WordTokenizer.learn(texts)
    >>> tokenizer.words
    ('a', 'bad', 'film', ',', 'day', 'good')
    >>> tokenizer.encode(["a good day", "What?"]).tolist()
    [[2, 7, 6, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]]
    >>> tokenizer.decode([[2, 7, 1, 0]])
    ['a good ?']
    """

    words: tuple[str, ...]
    length: int
    lower: bool = True
    keep: str = "start"

    @staticmethod
    def learn(
        texts: Iterable[str | None], *, size: int = 20_000, least: int = 1, lower: bool = True,
        length: int | None = None, keep: str = "start",
    ) -> WordTokenizer:  # fmt: skip
        """A tokenizer for texts like these.

        size    at most so many codes, those for filling and for the unknown among them
        least   how often a word must occur to have a code
        length  None: that of the longest text
        """
        t.check(size, length, keep)
        counts: Counter[str] = Counter()
        longest = 0
        for text in t.as_texts(texts):
            found = words(normalised(text, lower=lower))
            counts.update(found)
            longest = max(longest, len(found))
        known = t.ordered(counts, max(0, size - t.FIRST), least)
        return WordTokenizer(tuple(known), t.fitting(longest, length), lower, keep)

    @property
    def vocabulary(self) -> int:
        """How many codes there are."""
        return t.FIRST + len(self.words)

    def pieces(self, text: str) -> list[tuple[str, list[int]]]:
        """The words of a text, each with its code."""
        codes = self._codes
        return [(word, [codes.get(word, t.UNKNOWN)])
                for word in words(normalised(text, lower=self.lower))]  # fmt: skip

    def lengths(self, texts: Iterable[str | None]) -> Any:
        """How many words each text has (n,)."""
        return t.lengths(self._rows(texts))

    def encode(self, texts: Iterable[str | None]) -> Any:
        """Codes (n, length) int64."""
        return t.padded(self._rows(texts), self.length, self.keep)

    def decode(self, codes: Any) -> list[str]:
        """The words of codes (n, length) with spaces between them, ? where one is not known."""
        return [" ".join(map(self._word, row)) for row in t.rows_of(codes)]

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same tokenizer."""
        return {"kind": "words", "words": list(self.words), "length": self.length,
                "lower": self.lower, "keep": self.keep}  # fmt: skip

    @staticmethod
    def from_json(text: Any) -> WordTokenizer:
        """A tokenizer from what `to_json` gave; FileFormatError where it is none."""
        return t.of_kind(WordTokenizer, text)

    @functools.cached_property
    def _codes(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.words, t.FIRST)}

    def _rows(self, texts: Iterable[str | None]) -> Iterator[list[int]]:
        codes, lower = self._codes, self.lower
        for text in t.as_texts(texts):
            yield [codes.get(w, t.UNKNOWN) for w in words(normalised(text, lower=lower))]

    def _word(self, code: int) -> str:
        return "?" if code == t.UNKNOWN else self.words[t.checked_code(code, self.words)]


@t.reader("words")
def _read(text: Mapping[str, Any]) -> WordTokenizer:
    known = t.known_strings(text["words"], _LONGEST_WORD)
    return WordTokenizer(known, text["length"], text["lower"], text["keep"])
