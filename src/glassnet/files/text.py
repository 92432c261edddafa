"""JSON of strangers: read whole, or refused before it can take much memory or time.

A few letters of JSON make an object of some fifty bytes, so that the letters alone bound nothing:
a text may hold only so many lists and dicts, nested only so deep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, SettingError

_DEEPEST = 100  # lists in lists
_FREE = 100_000  # lists and dicts that any text may hold; a long one may hold more:
_LETTERS = 16  # one for so many letters


def to_text(value: Mapping[str, Any]) -> str:
    """Values as JSON in ASCII, so that a letter takes a byte."""
    try:
        _check(value)
    except ValueError as error:
        raise SettingError(f"What is to be saved cannot be read again: {error}.") from error
    text = json.dumps(value, default=_number)
    if _containers(text) > _most(text):
        raise SettingError(
            f"What is to be saved has {_containers(text):,} lists and dicts in it, a file of this "
            f"size at most {_most(text):,}. Keep large arrays as parameters of a layer."
        )
    return text


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise SettingError(
        f"A file holds numbers, text, lists and dicts, got {type(value).__name__}: {value!r}."
    )


def from_text(text: str | bytes) -> Any:
    """The values of a JSON text; ValueError or FileFormatError where there are none."""
    if _containers(text) > _most(text):
        raise FileFormatError(f"it holds {_containers(text):,} lists and dicts in {len(text):,} B")
    letters = text.decode() if isinstance(text, bytes) else text  # UTF-8, not what json would guess
    value = json.loads(letters, object_pairs_hook=_distinct)
    _check(value)
    return value


def _containers(text: str | bytes) -> int:
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{")
    return text.count("[") + text.count("{")


def _most(text: str | bytes) -> int:
    return _FREE + len(text) // _LETTERS


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict; of two entries of one name nobody could say which holds."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise FileFormatError(f"it has two entries {clipped(twice)!r}")
    return found


def _check(value: Any) -> None:
    """Raise for what is nested too deep, and for halves of a character."""
    layer, depth = [value], 0
    while layer:
        if depth > _DEEPEST:
            raise FileFormatError(f"it is nested deeper than {_DEEPEST} levels")
        below: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                below += one
                below += one.values()
            elif isinstance(one, list | tuple):
                below += one
            elif isinstance(one, str) and not one.isascii():
                one.encode()  # UnicodeEncodeError is a ValueError
        layer, depth = [v for v in below if isinstance(v, dict | list | tuple | str)], depth + 1


def clipped(text: str, most: int = 300) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else f"{text[:most]}..."
