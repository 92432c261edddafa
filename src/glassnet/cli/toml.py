"""TOML files: read with errors that name the place, written with every name quoted as needed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassnet.errors import SettingError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingError(f"There is no file {path}.") from None
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is no TOML file: {error}.") from None


def as_toml(values: Mapping[str, Any]) -> str:
    """Values as text: plain ones first, then a section for each that holds values by name.

    None has no place in TOML; it is left out.

    >>> print(as_toml({"columns": {"my age": "number"}, "seed": 0, "task": None}), end="")
    seed = 0
    <BLANKLINE>
    [columns]
    "my age" = "number"
    """
    plain = {k: v for k, v in values.items() if not isinstance(v, Mapping)}
    sections = {k: v for k, v in values.items() if isinstance(v, Mapping) and v}
    return _lines(plain) + "".join(f"\n[{_key(k)}]\n{_lines(v)}" for k, v in sections.items())


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{_key(k)} = {_value(v)}\n" for k, v in values.items() if v is not None)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}"
    return repr(value)
