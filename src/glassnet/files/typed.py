"""Dataclasses that came out of a file, held to the types that their fields are written with."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from glassnet.errors import FileFormatError
from glassnet.files.text import clipped

_FOUND: dict[Any, dict[str, Any]] = {}


def check_fields(value: Any) -> None:
    """FileFormatError where a field of a dataclass, at any depth, is not of its type.

    A whole number passes for a float, but no truth for a number.
    """
    hints = _hints(type(value))
    for field in fields(value):
        found = getattr(value, field.name)
        if not _fits(found, hints[field.name]):
            raise FileFormatError(
                f"The file does not describe a {type(value).__name__.lower()}: its {field.name} is "
                f"{clipped(repr(found), 100)}. Take an earlier copy."
            )


def _hints(cls: Any) -> dict[str, Any]:
    """The types of a class's fields, from the text of its source; found out once."""
    if cls not in _FOUND:
        _FOUND[cls] = typing.get_type_hints(cls)
    return _FOUND[cls]


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; of a type that is not known here, every value is."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return any(_fits(value, one) for one in inside)
    if origin is typing.Literal:
        return value in inside
    if origin is tuple and inside[1:] == (...,):
        return isinstance(value, tuple) and all(_fits(v, inside[0]) for v in value)
    if origin in {dict, Mapping}:
        return isinstance(value, Mapping) and all(
            _fits(k, inside[0]) and _fits(v, inside[1]) for k, v in value.items()
        )
    if hint in {int, float}:
        return isinstance(value, int if hint is int else int | float) and value is not True \
            and value is not False  # fmt: skip
    if hint in {str, bool, type(None)}:
        return isinstance(value, hint)
    if is_dataclass(hint):
        if not isinstance(value, hint):  # type: ignore[arg-type]
            return False
        check_fields(value)
    return True
