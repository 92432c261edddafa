"""Every error that Glassnet raises on purpose, in one tree.

    GlassnetError
    |-- ShapeError          (ValueError)   shapes or kinds of number that do not fit
    |-- SettingError        (ValueError)   a setting outside of what it may be
    |-- UnknownNameError    (KeyError)     a name that is not known; the nearest is named
    |-- UnknownAttributeError (AttributeError)  what is meant stands elsewhere, or is called so
    |-- CallError           (TypeError)    a call with settings that do not exist, or lacking some
    |-- DataError           (ValueError)   data that cannot be trained on or predicted from
    |-- FileFormatError     (ValueError)   a file that is damaged, or not what it should be
    |-- DivergenceError     (ArithmeticError)  training met NaN or infinity
    |-- InUseError          (RuntimeError) a folder that another process trains into
    |-- OutOfMemoryError    (MemoryError)  a step needs more memory than there is
    |-- UnsupportedError    (RuntimeError) an engine or a writer cannot do what was asked
    `-- MissingExtraError   (ImportError)  an optional package is not installed

A message names the thing, what was expected, what came, and the next step.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeVar

from glassnet.spelling import SHORT, elsewhere, nearest

_T = TypeVar("_T")
_LONGEST_NAME = 200  # letters: a name from a damaged file may have millions
_LONGEST_CELL = 60  # letters of it that a message shows
_MOST_NAMES = 100  # in a message
_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class GlassnetError(Exception):
    """The root: `except GlassnetError` catches whatever the library raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Message and attributes go to another process, whatever the constructor takes."""
        parts: Any = super().__reduce__()
        kind, args, *state = parts
        return _restored, (kind, args), *state


def _restored(kind: type[GlassnetError], args: tuple[Any, ...]) -> GlassnetError:
    built_in: Any = kind  # Python's own class, by which the object is laid out
    while issubclass(built_in, GlassnetError):
        built_in = built_in.__base__
    error: GlassnetError = built_in.__new__(kind, *args)
    super(GlassnetError, error).__init__(*args)
    return error


class ShapeError(GlassnetError, ValueError):
    """Shapes, or kinds of number, that do not fit together."""


class SettingError(GlassnetError, ValueError):
    """A setting outside of what it may be."""


class UnknownNameError(GlassnetError, KeyError):
    """A name that is not known. `name in mapping` and `mapping.get(name)` answer without it."""

    __str__ = GlassnetError.__str__  # KeyError's would put the message in quotes

    def __init__(self, kind: str, name: object, known: Iterable[str], hint: str = "") -> None:
        names, text = sorted(known), str(name)
        short = len(text) <= _LONGEST_NAME
        near = nearest(text, names) if short and not hint else None
        hint = f" Did you mean {near!r}?" if near else f" {hint}" if hint else ""
        given = repr(name) if short else f"{repr(name)[:_LONGEST_NAME]}..."
        super().__init__(f"There is no {kind} {given}.{hint} Known: {_listed(names)}.")


def _listed(names: list[str]) -> str:
    """All names, or the first of very many."""
    more = len(names) - _MOST_NAMES
    rest = f" and {more:,} more" if more > 0 else ""
    return ", ".join(map(brief, names[:_MOST_NAMES])) + rest if names else "none"


def plain(text: str) -> str:
    r"""A text that commands no terminal: escape codes, line breaks and the like as Python has them.

    >>> print(plain("a\x1b[31m\nb"))
    a\x1b[31m\nb
    """
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def brief(text: str, most: int = _LONGEST_CELL) -> str:
    """A cell or a name as `plain` has it, its beginning where it is long."""
    return plain(text if len(text) <= most else f"{text[: most - 3]}...")


def quoted(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Names in quotes, the first of very many."""
    more = len(names) - most
    return ", ".join(map(shown, names[:most])) + (f" and {more:,} more" if more > 0 else "")


def shown(text: str, most: int = _LONGEST_CELL) -> str:
    """A cell or a name in quotes, its beginning where it is long."""
    return repr(str(text) if len(text) <= most else f"{text[: most - 3]}...")


def look_up(kind: str, name: str, known: Mapping[str, _T], *others: str) -> _T:
    """What is known under this name, in letters of any case, or under that for which it is short.

    others  names that are known too, for the message
    """
    found = known.get(SHORT[kind].get(name, name))
    if found is None:  # MSE, Adam
        word = name.casefold().replace(" ", "_")
        found = known.get(SHORT[kind].get(word, word))
    if found is None:
        raise UnknownNameError(kind, name, [*others, *known])
    return found


class UnknownAttributeError(GlassnetError, AttributeError):
    """An attribute that is not there.

    What to write instead is looked for when somebody reads it: Python asks for every submodule as
    an attribute first, and `hasattr` throws the answer away.
    """

    def __init__(self, owner: str, name: str, known: Iterable[str] = (), of: str = "") -> None:
        """owner  as the message calls it; known  its attributes; of  the owner in `elsewhere`."""
        super().__init__(owner, name, tuple(known), of)

    def __str__(self) -> str:
        owner, name, known, of = self.args
        hint = elsewhere(of or owner, name, known)
        return (
            f"{owner} has no attribute {name!r}."
            + (f" {hint}" if hint else "")
            + ("" if not hint or hint.endswith("?") else ".")
        )


class CallError(GlassnetError, TypeError):
    """A call with a setting that does not exist, or without one that it needs."""


class DataError(GlassnetError, ValueError):
    """Data that cannot be trained on or predicted from."""


class FileFormatError(GlassnetError, ValueError):
    """A file that is damaged, or not what it should be."""


class DivergenceError(GlassnetError, ArithmeticError):
    """Training met NaN or infinity; the weights are those of the last good step.

    Attributes: `step` (counted from 1), `value` (the name in the printed program), `layer`.
    """

    def __init__(self, message: str, *, step: int, value: str = "", layer: str = "") -> None:
        super().__init__(message)
        self.step, self.value, self.layer = step, value, layer


class InUseError(GlassnetError, RuntimeError):
    """A folder that another process trains into."""


class OutOfMemoryError(GlassnetError, MemoryError):
    """A step needs more memory than there is; nothing has been trained yet."""


class UnsupportedError(GlassnetError, RuntimeError):
    """An engine or a writer cannot do what was asked."""


class MissingExtraError(GlassnetError, ImportError):
    """An optional package is not installed."""


def need(module: str, extra: str) -> ModuleType:
    """Import an optional module, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise MissingExtraError(
            f"This needs {package}, which is not installed. Run: pip install 'glassnet[{extra}]'"
        ) from error
