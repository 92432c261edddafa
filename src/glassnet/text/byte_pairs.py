"""Byte pairs as codes: frequent words whole, rare ones in parts, and nothing unknown.

Sennrich, Haddow and Birch (2016), algorithm 1, on the bytes of UTF-8 as GPT-2 has it. The pair that
stands side by side most often becomes one symbol, again and again.
"""

from __future__ import annotations

import functools
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from glassnet.errors import SettingError
from glassnet.text import tokenizer as t
from glassnet.text.pieces import chunks, normalised

_BYTES = 256
_FIRST_MERGE = t.FIRST + _BYTES
_LEAST = 2  # times that a pair must occur
_LONGEST_SYMBOL = 1024  # bytes
Pair = tuple[int, int]


@dataclass(frozen=True)
class BytePairTokenizer:
    """Parts of words as codes, learnt so that few codes tell much; 0 is filling.

    The codes from 2 on are the bytes of UTF-8, and behind them are the merged pairs: so every text
    has codes, in any language, and comes back from them. Nothing gets the code 1. Pairs are merged
    inside of words (with the space before them) and of runs of signs.

    merges  pairs of codes that become one, 258 the first, 259 the second ...
    length  codes of a text: shorter texts are filled up behind, longer ones are cut, perhaps
            inside of a character
    lower   whether large and small letters are the same
    keep    which end of a text that is cut stays: "start" or "end"

    >>> tokenizer = BytePairTokenizer.learn(["low lower lowest"] * 3, size=262, length=20)
    >>> tokenizer.pieces("slow")
    [('slow', [117, 259])]
    >>> tokenizer.decode(tokenizer.encode(["slow \U0001f600"]))
    ['slow \U0001f600']
    """

    merges: tuple[Pair, ...]
    length: int
    lower: bool = False
    keep: str = "start"

    @staticmethod
    def learn(
        texts: Iterable[str | None], *, size: int = 8192, lower: bool = False,
        length: int | None = None, keep: str = "start",
    ) -> BytePairTokenizer:  # fmt: skip
        """A tokenizer for texts like these.

        size    at most so many codes, 258 of them for filling, the unknown and single bytes
        length  None: that of the longest text
        """
        t.check(size, length, keep)
        if size < _FIRST_MERGE:
            raise SettingError(
                f"size must be at least {_FIRST_MERGE}, room for every byte, got {size}."
            )
        kept = list(t.as_texts(texts))
        counts = Counter(c for text in kept for c in chunks(normalised(text, lower=lower)))
        merges = _merges({_bytes(c): n for c, n in counts.items()}, size - _FIRST_MERGE)
        found = BytePairTokenizer(tuple(merges), length or 1, lower, keep)
        if length is not None:
            return found
        longest = max(map(len, found._rows(kept)), default=1)
        return BytePairTokenizer(found.merges, t.fitting(longest, None), lower, keep)

    @property
    def vocabulary(self) -> int:
        """How many codes there are."""
        return _FIRST_MERGE + len(self.merges)

    def pieces(self, text: str) -> list[tuple[str, list[int]]]:
        """Words and signs as people see them, each with the codes of its parts."""
        return [(chunk.strip(), self._parts(chunk, {}))
                for chunk in chunks(normalised(text, lower=self.lower))]  # fmt: skip

    def lengths(self, texts: Iterable[str | None]) -> Any:
        """How many codes each text has (n,)."""
        return t.lengths(self._rows(texts))

    def encode(self, texts: Iterable[str | None]) -> Any:
        """Codes (n, length) int64."""
        return t.padded(self._rows(texts), self.length, self.keep)

    def decode(self, codes: Any) -> list[str]:
        """The texts of codes (n, length); bytes that are no UTF-8 become U+FFFD."""
        return [b"".join(map(self._symbol, row)).decode(errors="replace")
                for row in t.rows_of(codes)]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same tokenizer."""
        return {"kind": "byte pairs", "merges": [list(pair) for pair in self.merges],
                "length": self.length, "lower": self.lower, "keep": self.keep}  # fmt: skip

    @staticmethod
    def from_json(text: Any) -> BytePairTokenizer:
        """A tokenizer from what `to_json` gave; FileFormatError where it is none."""
        return t.of_kind(BytePairTokenizer, text)

    @functools.cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: code for code, pair in enumerate(self.merges, _FIRST_MERGE)}

    @functools.cached_property
    def _symbols(self) -> list[bytes]:
        return _symbols(self.merges)

    def _symbol(self, code: int) -> bytes:
        return b"" if code == t.UNKNOWN else self._symbols[t.checked_code(code, self._symbols)]

    def _rows(self, texts: Iterable[str | None]) -> Iterator[list[int]]:
        known: dict[str, list[int]] = {}
        for text in t.as_texts(texts):
            found = chunks(normalised(text, lower=self.lower))
            yield [code for chunk in found for code in self._parts(chunk, known)]

    def _parts(self, chunk: str, known: dict[str, list[int]]) -> list[int]:
        """The codes of a chunk: of its pairs the one that was learnt first is merged first."""
        if chunk in known:
            return known[chunk]
        codes, ranks = list(_bytes(chunk)), self._ranks
        while len(codes) > 1:
            first = min(pairwise(codes), key=lambda p: ranks.get(p, t.LARGEST))
            if first not in ranks:
                break
            codes = _merged(codes, first, ranks[first])
        known[chunk] = codes
        return codes


def _bytes(chunk: str) -> tuple[int, ...]:
    return tuple(t.FIRST + byte for byte in chunk.encode(errors="replace"))


def _merged(codes: list[int], pair: Pair, code: int) -> list[int]:
    """The codes with each such pair as one."""
    found, i = [], 0
    while i < len(codes):
        if i + 1 < len(codes) and (codes[i], codes[i + 1]) == pair:
            found.append(code)
            i += 2
        else:
            found.append(codes[i])
            i += 1
    return found


def _merges(counts: Mapping[tuple[int, ...], int], most: int) -> list[Pair]:
    """The pairs that are merged, in their order; of equally frequent ones the smaller codes first.

    counts  how often each word (its codes) occurs
    """
    corpus, merges = _Corpus(counts), list[Pair]()
    while len(merges) < most:
        pair = corpus.most_frequent()
        if pair is None:
            break
        corpus.merge(pair, _FIRST_MERGE + len(merges))
        merges.append(pair)
    return merges


class _Corpus:
    """Words as codes, with the number of each pair in them and the words that it stands in.

    A merge looks at the words of its pair alone. The heap may hold old numbers of a pair, which are
    passed over.
    """

    def __init__(self, counts: Mapping[tuple[int, ...], int]) -> None:
        self.words, self.often = [list(word) for word in counts], list(counts.values())
        self.total: Counter[Pair] = Counter()
        self.places: defaultdict[Pair, set[int]] = defaultdict(set)
        for at, word in enumerate(self.words):
            for pair in pairwise(word):
                self.total[pair] += self.often[at]
                self.places[pair].add(at)
        self.heap = [(-count, pair) for pair, count in self.total.items()]
        heapq.heapify(self.heap)

    def most_frequent(self) -> Pair | None:
        """The pair to merge next; None where none comes again."""
        while self.heap:
            count, pair = heapq.heappop(self.heap)
            if -count == self.total[pair]:
                return pair if -count >= _LEAST else None
        return None

    def merge(self, pair: Pair, code: int) -> None:
        """Let the code stand for the pair in every word."""
        changes: defaultdict[Pair, int] = defaultdict(int)
        for at in self.places.pop(pair):
            old, new = self.words[at], _merged(self.words[at], pair, code)
            self.words[at] = new
            for one in pairwise(old):
                changes[one] -= self.often[at]
            for one in pairwise(new):
                changes[one] += self.often[at]
                if code in one:
                    self.places[one].add(at)
        for one, change in changes.items():
            self.total[one] += change
            if change and one != pair:
                heapq.heappush(self.heap, (-self.total[one], one))


def _symbols(merges: Iterable[Pair]) -> list[bytes]:
    """The bytes of each code from 2 on; ValueError where a pair is not of codes before it."""
    found = [bytes([byte]) for byte in range(_BYTES)]
    for left, right in merges:
        if not all(t.FIRST <= code < t.FIRST + len(found) for code in (left, right)):
            raise ValueError(f"a pair {left}, {right} of codes that are not there yet")
        found.append(found[left - t.FIRST] + found[right - t.FIRST])
        if len(found[-1]) > _LONGEST_SYMBOL:
            raise ValueError("a pair of too many bytes")
    return found


@t.reader("byte pairs")
def _read(text: Mapping[str, Any]) -> BytePairTokenizer:
    merges = tuple((left, right) for left, right in text["merges"])
    if len(merges) > t.LARGEST or len(set(merges)) < len(merges):
        raise ValueError("its pairs are too many, or one is there twice")
    if not all(type(code) is int for pair in merges for code in pair):
        raise TypeError("its pairs are no whole numbers")
    _symbols(merges)
    return BytePairTokenizer(merges, text["length"], text["lower"], text["keep"])
