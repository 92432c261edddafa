"""Characters as codes: those that occur in the training texts."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from glassnet.text import tokenizer as t
from glassnet.text.pieces import chunks, normalised


@dataclass(frozen=True)
class CharacterTokenizer:
    r"""Each character has a code; 0 is filling, 1 a character that is not known.

    For languages without spaces, for codes and formulas, and for networks that write. A letter with
    its accent is one character (NFC); an emoji of several parts is several.

    characters  the vocabulary in the order of the codes, which begin with 2: most frequent first
    length      codes of a text: shorter texts are filled up behind, longer ones are cut
    lower       whether large and small letters are the same
    keep        which end of a text that is cut stays: "start" or "end"

    >>> tokenizer = CharacterTokenizer.learn(["abba", "ab"])
    >>> tokenizer.characters, tokenizer.length
    ('ab', 4)
    >>> tokenizer.encode(["ba!"]).tolist()
    [[3, 2, 1, 0]]
    >>> tokenizer.decode([[3, 2, 1, 0]])
    ['ba\ufffd']
    """

    characters: str
    length: int
    lower: bool = False
    keep: str = "start"

    @staticmethod
    def learn(
        texts: Iterable[str | None], *, size: int = 10_000, least: int = 1, lower: bool = False,
        length: int | None = None, keep: str = "start",
    ) -> CharacterTokenizer:  # fmt: skip
        """A tokenizer for texts like these.

        size    at most so many codes, those for filling and for the unknown among them
        least   how often a character must occur to have a code
        length  None: that of the longest text
        """
        t.check(size, length, keep)
        counts: Counter[str] = Counter()
        longest = 0
        for text in t.as_texts(texts):
            found = normalised(text, lower=lower)
            counts.update(found)
            longest = max(longest, len(found))
        known = t.ordered(counts, max(0, size - t.FIRST), least)
        return CharacterTokenizer("".join(known), t.fitting(longest, length), lower, keep)

    @property
    def vocabulary(self) -> int:
        """How many codes there are."""
        return t.FIRST + len(self.characters)

    def pieces(self, text: str) -> list[tuple[str, list[int]]]:
        """Words and signs as people see them, each with the codes of its characters."""
        codes = self._codes
        return [(chunk.strip(), [codes.get(c, t.UNKNOWN) for c in chunk])
                for chunk in chunks(normalised(text, lower=self.lower))]  # fmt: skip

    def lengths(self, texts: Iterable[str | None]) -> Any:
        """How many characters each text has (n,)."""
        return t.lengths(self._rows(texts))

    def encode(self, texts: Iterable[str | None]) -> Any:
        """Codes (n, length) int64."""
        return t.padded(self._rows(texts), self.length, self.keep)

    def decode(self, codes: Any) -> list[str]:
        """The texts of codes (n, length), U+FFFD where a character is not known."""
        return ["".join(map(self._character, row)) for row in t.rows_of(codes)]

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same tokenizer."""
        return {"kind": "characters", "characters": self.characters, "length": self.length,
                "lower": self.lower, "keep": self.keep}  # fmt: skip

    @staticmethod
    def from_json(text: Any) -> CharacterTokenizer:
        """A tokenizer from what `to_json` gave; FileFormatError where it is none."""
        return t.of_kind(CharacterTokenizer, text)

    @functools.cached_property
    def _codes(self) -> dict[str, int]:
        return {character: code for code, character in enumerate(self.characters, t.FIRST)}

    def _rows(self, texts: Iterable[str | None]) -> Iterator[list[int]]:
        codes, lower = self._codes, self.lower
        for text in t.as_texts(texts):
            yield [codes.get(c, t.UNKNOWN) for c in normalised(text, lower=lower)]

    def _character(self, code: int) -> str:
        if code == t.UNKNOWN:
            return "\ufffd"
        return self.characters[t.checked_code(code, self.characters)]


@t.reader("characters")
def _read(text: Mapping[str, Any]) -> CharacterTokenizer:
    known = text["characters"]
    if not isinstance(known, str):
        raise TypeError("its characters are no text")
    t.known_strings(list(known), 1)
    return CharacterTokenizer(known, text["length"], text["lower"], text["keep"])
