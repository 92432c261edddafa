"""What all tokenizers share: texts in, an array of codes out, and back; plain data for files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from glassnet.errors import DataError, FileFormatError, SettingError, UnknownNameError

PADDING, UNKNOWN, FIRST = 0, 1, 2  # codes; those of the vocabulary begin with FIRST
KEEPS = ("start", "end")
LONGEST, LARGEST = 100_000, 1_000_000  # codes of a text, and in a vocabulary
_T = TypeVar("_T")
_READERS: dict[str, Callable[[Mapping[str, Any]], Tokenizer]] = {}


class Tokenizer(Protocol):
    """What a network, a table and a report ask of a tokenizer."""

    @property
    def length(self) -> int:
        """Codes of a text: shorter ones are filled up with 0, longer ones are cut."""

    @property
    def vocabulary(self) -> int:
        """How many codes there are, those for filling and for the unknown among them."""

    def pieces(self, text: str) -> list[tuple[str, list[int]]]:
        """The pieces of a text as people see them, each with its codes."""

    def lengths(self, texts: Iterable[str | None]) -> Any:
        """How many codes each text has before it is cut or filled up (n,)."""

    def encode(self, texts: Iterable[str | None]) -> Any:
        """Codes (n, length) int64."""

    def decode(self, codes: Any) -> list[str]:
        """The texts of codes (n, length), as far as the codes tell them."""

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same tokenizer."""


def as_texts(texts: Iterable[str | None]) -> Iterator[str]:
    """Each text; None is an empty one. DataError where there are no texts."""
    if isinstance(texts, str | bytes):
        raise DataError(f"A list of texts is needed, got one alone: write [{texts[:20]!r}].")
    for row, text in enumerate(texts, 1):
        if text is None:
            yield ""
        elif isinstance(text, str):
            yield text
        else:
            raise DataError(
                f"Text {row:,} is no text but {type(text).__name__}, {str(text)[:40]!r}. Bytes are "
                "decoded by .decode('utf-8'), numbers written by str()."
            )


def padded(rows: Iterable[list[int]], length: int, keep: str) -> Any:
    """Codes (n, length): filled up with 0 behind, or cut, so that the start or the end stays."""
    kept = [row[:length] if keep == "start" else row[-length:] for row in rows]
    found = np.zeros((len(kept), length), np.int64)
    for row, codes in enumerate(kept):
        found[row, : len(codes)] = codes
    return found


def lengths(rows: Iterable[list[int]]) -> Any:
    """How many codes each text has (n,)."""
    return np.array([len(row) for row in rows], np.int64)


def fitting(longest: int, asked: int | None) -> int:
    """The length: what was asked for, or that of the longest text."""
    return max(1, min(longest, LONGEST)) if asked is None else asked


def rows_of(codes: Any) -> Iterator[list[int]]:
    """The codes of each text, without those that are filling. DataError for another shape."""
    array = np.asarray(codes)
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise DataError(
            f"Codes are whole numbers (n, length), got {array.dtype} of shape {array.shape}. "
            "Those of a single text stand in a list: decode([codes])."
        )
    for row in array.tolist():
        yield [code for code in row if code != PADDING]


def check(size: int, length: int | None, keep: str) -> None:
    """SettingError unless a tokenizer can have these settings."""
    for name, value, most in (("size", size, LARGEST), ("length", length, LONGEST)):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (whole and 1 <= value <= most):
            raise SettingError(f"{name} must be a whole number from 1 to {most:,}, got {value!r}.")
    if keep not in KEEPS:
        raise UnknownNameError("keep", keep, KEEPS)


def reader(
    kind: str,
) -> Callable[[Callable[[Mapping[str, Any]], Tokenizer]], Callable[[Mapping[str, Any]], Tokenizer]]:
    """Say how a tokenizer of this kind is made of its plain data."""

    def register(read: Callable[[Mapping[str, Any]], Tokenizer]) -> Any:
        _READERS[kind] = read
        return read

    return register


def from_json(text: Any) -> Tokenizer:
    """A tokenizer from what its `to_json` gave; FileFormatError where it is none."""
    try:
        read = _READERS[text["kind"]]
        _check_common(text)
        return read(text)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(
            f"The file does not describe a tokenizer: {error!r}. Take an earlier copy."
        ) from error


def _check_common(text: Mapping[str, Any]) -> None:
    check(LARGEST, text["length"], text["keep"])
    if text["length"] is None or not isinstance(text["lower"], bool):
        raise ValueError("its length or lower is none")


def of_kind(kind: type[_T], text: Any) -> _T:
    """A tokenizer of this kind; FileFormatError where the data are of another."""
    found = from_json(text)
    if not isinstance(found, kind):
        raise FileFormatError(
            f"The file describes a {type(found).__name__}, no {kind.__name__}. "
            "gn.text.from_json takes either."
        )
    return found


def known_strings(found: Any, longest: int) -> tuple[str, ...]:
    """Different texts of at least one letter from a file; ValueError where they are not."""
    if not isinstance(found, list | tuple) or len(found) > LARGEST:
        raise ValueError("its vocabulary is no list")
    if not all(isinstance(one, str) and 0 < len(one) <= longest for one in found):
        raise ValueError("its vocabulary holds what is no word")
    if len(set(found)) < len(found):
        raise ValueError("its vocabulary holds a word twice")
    return tuple(found)


def ordered(counts: Mapping[Any, int], size: int, least: int) -> list[Any]:
    """The most frequent, of equals the first in the order of Unicode."""
    often = [one for one, count in counts.items() if count >= least]
    return sorted(often, key=lambda one: (-counts[one], one))[:size]


def checked_code(code: int, known: Sequence[Any]) -> int:
    """The place of a code in the vocabulary; DataError where it has none."""
    if not FIRST <= code < FIRST + len(known):
        raise DataError(f"The code {code} is outside of the vocabulary of {FIRST + len(known):,}.")
    return code - FIRST
