"""Values from a command line or a TOML file, as the types of the settings have them."""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from glassnet.errors import SettingError, UnknownNameError

_PLAIN: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    bool: ("true or false", lambda v: isinstance(v, bool)),
    int: ("a whole number", lambda v: isinstance(v, int) and not isinstance(v, bool)),
    float: ("a number", lambda v: isinstance(v, int | float) and not isinstance(v, bool)),
    str: ("text", lambda v: isinstance(v, str)),
    types.NoneType: ("none", lambda v: v is None or v == "none"),
}


def parse(text: str, hint: Any = Any) -> Any:
    """What stands behind the = of --set: a value as TOML writes it, or else plain text.

    Where a setting takes text and not what TOML makes of it, it stays text: a column called 1.

    A list may go without its brackets.

    >>> parse("[8, 8]"), parse("species"), parse("1", str), parse("1", float)
    ([8, 8], 'species', '1', 1)
    >>> parse("8, 8", tuple[int, ...]), parse("8", tuple[int, ...])
    ([8, 8], [8])
    """
    kinds = _alternatives(hint)
    listed = any((typing.get_origin(kind) or kind) is tuple for kind in kinds)
    bare = listed and not text.strip().startswith("[") and bool(text.strip())
    try:
        value = tomllib.loads(f"value = [{text}]" if bare else f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text
    return text if str in kinds and not any(_fits(value, kind) for kind in kinds) else value


def fitting(name: str, value: Any, hint: Any) -> Any:
    """A value in the type that a setting has; SettingError where it has another.

    >>> fitting("hidden", [8, 8], tuple[int, ...])
    (8, 8)
    """
    for one in _alternatives(hint):
        if _fits(value, one):
            return _made(name, value, one)
    if typing.get_origin(hint) is typing.Literal:
        raise UnknownNameError(name, value, map(str, typing.get_args(hint)))
    raise SettingError(f"{name} must be {in_words(hint)}, got {value!r}.")


def _alternatives(hint: Any) -> list[Any]:
    """The parts of `A | B | None`, none first."""
    if typing.get_origin(hint) not in {typing.Union, types.UnionType}:
        return [hint]
    return sorted(typing.get_args(hint), key=lambda one: one is not types.NoneType)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, its parts aside."""
    if hint in _PLAIN:
        return _PLAIN[hint][1](value)
    origin = typing.get_origin(hint) or hint
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    if origin in {tuple, list}:
        return isinstance(value, list | tuple)
    return not _is_table(hint) or isinstance(value, Mapping)


def _made(name: str, value: Any, hint: Any) -> Any:
    """The value itself, its parts made to fit."""
    parts = typing.get_args(hint)
    if hint is types.NoneType:
        return None
    if hint is float:
        return float(value)
    if (typing.get_origin(hint) or hint) is tuple:
        kind = parts[0] if parts else Any
        return tuple(fitting(f"each of {name}", part, kind) for part in value)
    if _is_table(hint):
        kind = parts[1] if parts else Any
        return {str(k): fitting(f"{name}.{k}", part, kind) for k, part in value.items()}
    return value


def is_table(hint: Any) -> bool:
    """Whether a setting holds values by name, so that `--set columns.age=number` makes sense."""
    return any(map(_is_table, _alternatives(hint)))


def _is_table(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, Mapping)


def in_words(hint: Any) -> str:
    """A type in words: `a whole number or none`."""
    return " or ".join(map(_word, sorted(_alternatives(hint), key=lambda h: h is types.NoneType)))


def _word(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint][0]
    if (typing.get_origin(hint) or hint) is tuple:
        return "a list, such as [64, 64]"
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(map(repr, typing.get_args(hint)))
    return "a table of names and values"
