"""Texts cut into the pieces that people see: words, signs, emoji; in one form of Unicode.

Letters with accents are one character however they were typed (NFC, Unicode Standard Annex 15).
Marks that stand above or below letters belong to their word, as the vowels of Hindi do.
"""

from __future__ import annotations

import functools
import re
import unicodedata

LONGEST_PIECE = 64  # letters; what is longer is cut
_INSIDE = "\u200c\u200d"  # joiners, in the words of some scripts
_MODIFIERS = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff"  # of emoji: colour, skin
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_CONTROL = "\x00-\x1f\x7f-\x9f"


def normalised(text: str, *, lower: bool) -> str:
    """The text in NFC, in small letters where that is asked for.

    >>> normalised("Cafe\u0301", lower=True) == "caf\u00e9"
    True
    """
    found = text.lower() if lower else text
    return found if found.isascii() else unicodedata.normalize("NFC", found)


def words(text: str) -> list[str]:
    """Words, and each sign or emoji by itself; spaces and control characters part them.

    >>> words("it's good -- \U0001f44d\U0001f3fd!")
    ["it's", 'good', '-', '-', '\U0001f44d\U0001f3fd', '!']
    """
    return _patterns(_marks(text))[0].findall(text)


def chunks(text: str) -> list[str]:
    """The whole text in pieces: words and runs of signs with the space before them, and spaces.

    >>> chunks("so  good!")
    ['so', ' ', ' good', '!']
    """
    return _patterns(_marks(text))[1].findall(text)


def _marks(text: str) -> str:
    """The marks in a text that belong to the letter before them."""
    if text.isascii():
        return ""
    found = {c for c in set(text) if not c.isascii() and unicodedata.category(c)[0] == "M"}
    return "".join(sorted(found))


@functools.lru_cache(maxsize=1024)
def _patterns(marks: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How words are found, and how chunks are, where these marks occur."""
    more, most = re.escape(marks) + _INSIDE, LONGEST_PIECE
    word = rf"\w[\w{more}]{{0,{most - 1}}}"
    joined = rf"{word}(?:['\u2019]{word})?"
    sign = rf"[^\w\s{_CONTROL}]"
    emoji = rf"{_FLAG}|{sign}(?:[{_MODIFIERS}]|\u200d{sign}){{0,{most}}}"
    chunk = rf" ?{word}| ?[^\w\s]{{1,{most}}}|\s"
    return re.compile(f"{joined}|{emoji}"), re.compile(chunk)
