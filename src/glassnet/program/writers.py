"""The table of languages: each writer of `program.sources` enters itself, a program looks it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from glassnet.errors import UnknownNameError

if TYPE_CHECKING:
    from glassnet.program.program import Program


class Writer(Protocol):
    """A program as text in one language."""

    def __call__(self, program: Program) -> str:
        """The text."""
        ...


_WRITERS: dict[str, Writer] = {}


def register(language: str, writer: Writer) -> None:
    """Enter the writer of a language."""
    _WRITERS[language] = writer


def find(language: str) -> Writer:
    """The writer of a language."""
    if language not in _WRITERS:
        raise UnknownNameError("language", language, _WRITERS)
    return _WRITERS[language]
