"""TOML files, read with errors that name the place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from glassnet.errors import SettingError


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
